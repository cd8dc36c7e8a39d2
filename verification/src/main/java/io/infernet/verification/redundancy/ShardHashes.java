package io.infernet.verification.redundancy;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ItemResult.Classified;
import io.infernet.verification.batch.ItemResult.Embedded;
import io.infernet.verification.batch.ItemResult.Failed;
import io.infernet.verification.batch.ItemResult.Generated;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.commitment.FieldHasher;
import io.infernet.verification.commitment.Hash;
import java.util.List;

/**
 * The hashes that bind a provider to a shard: of what it was asked, of what came of it, and the
 * commitment by which it fixes its results before it may see anybody else's. All are SHA-256 over
 * fields as {@link FieldHasher} encodes them. Stateless and safe from any thread.
 *
 * <p>The commitment is {@code H(results ‖ salt ‖ worker ‖ job ‖ shard ‖ attempt)}. With the worker
 * in it, one who sends another's commitment can never open it, because what opens it names the
 * other; with job, shard and attempt in it, none can serve a second time. The salt keeps others
 * from finding results by trying: labels, for example, are few.
 */
public final class ShardHashes {

  private static final String COMMITMENT_TAG = "infernet-shard-commitment-1";
  private static final String RESULTS_TAG = "infernet-shard-results-1";
  private static final String WORK_TAG = "infernet-shard-work-1";

  private ShardHashes() {}

  /**
   * The commitment of a replica.
   *
   * @param results {@link #ofResults}
   * @param salt 32 random bytes, new for each commitment
   */
  public static Hash commitment(ReplicaId replica, Hash results, Hash salt) {
    FieldHasher hasher = new FieldHasher(COMMITMENT_TAG);
    hasher.bytes(results.toBytes());
    hasher.bytes(salt.toBytes());
    hasher.bytes(replica.worker().toBytes());
    hasher.bytes(replica.shard().job().toBytes());
    hasher.number((long) replica.shard().number());
    hasher.number((long) replica.attempt());
    return hasher.hash();
  }

  /** Whether {@code commitment} is the replica's to results of this hash. */
  public static boolean opens(Hash commitment, ReplicaId replica, Hash results, Hash salt) {
    return commitment(replica, results, salt).equals(commitment);
  }

  /** The hash of a shard's results, in the order of its items. */
  public static Hash ofResults(List<ItemResult> results) {
    FieldHasher hasher = new FieldHasher(RESULTS_TAG);
    hasher.number((long) results.size());
    for (ItemResult result : results) {
      if (result instanceof Generated generated) {
        hasher.text("generated");
        hasher.tokens(generated.ids());
        hasher.text(generated.end().toString());
      } else if (result instanceof Embedded embedded) {
        hasher.text("embedded");
        hasher.floats(embedded.vector());
      } else if (result instanceof Classified classified) {
        hasher.text("classified");
        hasher.number((long) classified.label());
        hasher.floats(classified.scores());
      } else if (result instanceof Failed failed) {
        hasher.text("failed");
        hasher.text(failed.reason());
      }
    }
    return hasher.hash();
  }

  /**
   * The hash of all that a shard's results follow from: the input that assignments, commitments and
   * reveals name. Whoever signs it together with the hash of results has said which model was to do
   * what with which items in which order.
   */
  public static Hash ofWork(ShardWork work) {
    FieldHasher hasher = new FieldHasher(WORK_TAG);
    hasher.bytes(work.model().toBytes());
    hasher.text(work.task().toString());
    add(hasher, work.sampling());
    hasher.number((long) work.maxTokens());
    hasher.tokens(TokenIds.of(work.stopIds()));
    hasher.number((long) work.items().size());
    for (ShardItem item : work.items()) {
      hasher.tokens(item.ids());
      hasher.number(item.seed());
    }
    return hasher.hash();
  }

  /** All but the seed, which each item has for itself. */
  private static void add(FieldHasher hasher, SamplingParams sampling) {
    hasher.number(sampling.temperature());
    hasher.number((long) sampling.topK());
    hasher.number(sampling.topP());
    hasher.number(sampling.minP());
    hasher.number(sampling.penalties().repetition());
    hasher.number(sampling.penalties().presence());
    hasher.number(sampling.penalties().frequency());
    hasher.number((long) sampling.logitBias().size());
    sampling
        .logitBias()
        .forEach(
            (id, bias) -> {
              hasher.number((long) id);
              hasher.number((double) bias);
            });
    hasher.text(sampling.format().name());
  }
}

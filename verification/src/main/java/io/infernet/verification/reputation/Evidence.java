package io.infernet.verification.reputation;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.commitment.FieldHasher;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.redundancy.ShardWork;
import java.time.Instant;
import java.util.List;

/**
 * A shard that a worker signed its results of, with all that is needed to do it again. It says
 * nothing for or against the worker: doing it again does.
 *
 * @param reveal the worker's own signature below the hashes of work and results
 * @param work what it was asked
 * @param results what it found
 */
public record Evidence(Signed<Reveal> reveal, ShardWork work, List<ItemResult> results) {

  public Evidence {
    requireNonNull(reveal, "reveal is null");
    requireNonNull(work, "work is null");
    results = List.copyOf(results);
  }

  public PeerId worker() {
    return reveal.statement().worker();
  }

  public Cid model() {
    return work.model();
  }

  /** When the work was done, by the worker's clock. */
  public Instant when() {
    return reveal.statement().finishedAt();
  }

  /** The name of this evidence, {@link #nameOf} what the worker signed. */
  public Hash id() {
    return nameOf(reveal.statement());
  }

  /**
   * The name of evidence about that work. It does not depend on results, salt, signature or times,
   * so that a worker can be held to one piece of work once, whoever reports it.
   */
  public static Hash nameOf(Reveal reveal) {
    FieldHasher hasher = new FieldHasher("infernet-evidence-1");
    hasher.bytes(reveal.worker().toBytes());
    hasher.bytes(reveal.shard().job().toBytes());
    hasher.number((long) reveal.shard().number());
    hasher.number((long) reveal.attempt());
    hasher.bytes(reveal.input().toBytes());
    return hasher.hash();
  }
}

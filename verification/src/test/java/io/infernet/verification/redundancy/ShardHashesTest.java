package io.infernet.verification.redundancy;

import static io.infernet.verification.redundancy.Shards.label;
import static io.infernet.verification.redundancy.Shards.replica;
import static io.infernet.verification.redundancy.Shards.salt;
import static io.infernet.verification.redundancy.Shards.text;
import static io.infernet.verification.redundancy.Shards.vector;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.AnswerEnd;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShardHashesTest {

  private static final List<ItemResult> RESULTS = List.of(text(1, 2), text(3), text());

  private final Hash results = ShardHashes.ofResults(RESULTS);
  private final Hash commitment = ShardHashes.commitment(replica(0), results, salt(0));

  @Test
  void opensWithWhatWasCommittedTo() {
    assertTrue(ShardHashes.opens(commitment, replica(0), results, salt(0)));
  }

  @Test
  void anothersCommitmentNeverOpens() {
    assertFalse(ShardHashes.opens(commitment, replica(1), results, salt(0)));
    assertFalse(
        ShardHashes.opens(
            commitment, new ReplicaId(Shards.SHARD, 0, Shards.worker(1)), results, salt(0)));
  }

  @Test
  void aCommitmentServesOneJobOneShardAndOneAttempt() {
    ShardId otherShard = new ShardId(Shards.SHARD.job(), 4);
    ShardId otherJob = new ShardId(JobId.parse("ff".repeat(16)), 3);
    for (ReplicaId replay :
        List.of(
            new ReplicaId(otherShard, 0, Shards.worker(0)),
            new ReplicaId(otherJob, 0, Shards.worker(0)),
            new ReplicaId(Shards.SHARD, 1, Shards.worker(0)))) {
      assertFalse(ShardHashes.opens(commitment, replay, results, salt(0)), replay.toString());
    }
  }

  @Test
  void anotherSaltAndOtherResultsDoNotOpen() {
    assertFalse(ShardHashes.opens(commitment, replica(0), results, salt(1)));
    Hash others = ShardHashes.ofResults(List.of(text(1, 2), text(3), text(4)));
    assertFalse(ShardHashes.opens(commitment, replica(0), others, salt(0)));
  }

  @Test
  void resultsDifferByOrderKindAndContent() {
    assertAllDiffer(
        Stream.of(
                List.of(text(1), text(2)),
                List.of(text(2), text(1)),
                List.of(text(1, 2), text()),
                List.of(text(), text(1, 2)),
                List.of(text(1, 2)),
                List.<ItemResult>of(new ItemResult.Generated(TokenIds.of(1, 2), AnswerEnd.LENGTH)),
                List.of(vector(1, 2)),
                List.of(vector(2, 1)),
                List.of(vector(1, 2.0000002f)),
                List.of(label(1, 1, 2)),
                List.of(label(0, 1, 2)),
                List.<ItemResult>of(new ItemResult.Failed("too long")),
                List.<ItemResult>of(new ItemResult.Failed("too wide")))
            .map(ShardHashes::ofResults)
            .toList());
  }

  @Test
  void workDiffersByAllThatResultsFollowFrom() {
    ShardWork work = Shards.work();
    SamplingParams sampling = work.sampling();
    List<ShardItem> items = work.items();
    assertAllDiffer(
        Stream.of(
                work,
                with(Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1})), work),
                new ShardWork(
                    work.model(),
                    TaskType.EMBED,
                    sampling,
                    work.maxTokens(),
                    work.stopIds(),
                    items),
                sampled(new SamplingParams(0.5, 0, 1, 0)),
                sampled(new SamplingParams(0, 3, 1, 0)),
                sampled(new SamplingParams(0, 0, 0.5, 0)),
                sampled(sampling.withMinP(0.1)),
                sampled(sampling.withLogitBias(Map.of(1, 2.0))),
                new ShardWork(work.model(), work.task(), sampling, 8, List.of(), items),
                new ShardWork(work.model(), work.task(), sampling, 9, work.stopIds(), items),
                items(items.get(1), items.get(0), items.get(2)),
                items(items.get(0), items.get(1)),
                items(items.get(0), items.get(1), new ShardItem(TokenIds.of(9), 13)),
                items(items.get(0), items.get(1), new ShardItem(TokenIds.of(4, 5, 6), 14)))
            .map(ShardHashes::ofWork)
            .toList());
    assertEquals(
        ShardHashes.ofWork(work), ShardHashes.ofWork(sampled(new SamplingParams(0, 0, 1, 77))));
  }

  @Test
  void refusesWorkThatIsNone() {
    assertThrows(IllegalArgumentException.class, () -> items());
    assertThrows(
        IllegalArgumentException.class, () -> new ReplicaId(Shards.SHARD, -1, Shards.worker(0)));
  }

  private static ShardWork with(Cid model, ShardWork work) {
    return new ShardWork(
        model, work.task(), work.sampling(), work.maxTokens(), work.stopIds(), work.items());
  }

  private static ShardWork sampled(SamplingParams sampling) {
    ShardWork work = Shards.work();
    return new ShardWork(
        work.model(), work.task(), sampling, work.maxTokens(), work.stopIds(), work.items());
  }

  private static ShardWork items(ShardItem... items) {
    ShardWork work = Shards.work();
    return new ShardWork(
        work.model(),
        work.task(),
        work.sampling(),
        work.maxTokens(),
        work.stopIds(),
        List.of(items));
  }

  private static void assertAllDiffer(List<Hash> hashes) {
    Set<Hash> different = hashes.stream().collect(Collectors.toSet());
    assertEquals(hashes.size(), different.size());
  }
}

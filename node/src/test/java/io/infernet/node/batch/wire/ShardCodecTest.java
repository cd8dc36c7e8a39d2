package io.infernet.node.batch.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.Property;
import io.infernet.node.batch.store.BatchDriver;
import io.infernet.node.job.wire.Refusal;
import io.infernet.verification.batch.BatchState;
import io.infernet.verification.batch.Bid;
import io.infernet.verification.batch.Cancel;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardReceipt;
import io.infernet.verification.batch.ShardRecord;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.batch.Verdict;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.wire.BatchLimits;
import io.infernet.verification.wire.EvidenceLimits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShardCodecTest {

  static final ShardCodec CODEC = new ShardCodec(BatchLimits.defaults());

  /** One of each kind. */
  static List<ShardMessage> messages() {
    ShardId shard = new ShardId(BatchDriver.job(1), 7);
    ShardItem item = new ShardItem(TokenIds.of(1, 2, 50_000), -3);
    TestItem test = new TestItem(1, item, BatchDriver.answer(item));
    Hash input = Hash.parse("11".repeat(32));
    ShardRecord record = ShardRecord.open(shard, 3, 2, List.of(test), input, 9);
    Signed<Reveal> reveal = BatchDriver.reveal(record, 0);
    PeerId worker = reveal.statement().worker();
    Signed<Verdict> verdict =
        BatchDriver.CODEC.sign(
            new Verdict(
                shard,
                0,
                worker,
                worker,
                ReplicaVerdict.AGREED,
                input,
                Optional.of(reveal.statement().result())),
            BatchDriver.worker(0));
    return List.of(
        new ShardMessage.Open(BatchDriver.terms(1, 2), 1L << 40, 12),
        new ShardMessage.Accepted(1_000_000),
        new ShardMessage.Refused(Refusal.of(Refusal.Reason.BUSY, "four batches already")),
        new ShardMessage.Items(1L << 40, List.of(item, new ShardItem(TokenIds.of(0), 0))),
        new ShardMessage.ItemsEnd(1_000_000),
        new ShardMessage.Progress(BatchState.RUNNING, 10, 5, 4, 3, 1, 1L << 40, 8),
        new ShardMessage.Outcome(
            shard, 3, 2, 1, List.of(reveal), List.of(verdict), OptionalInt.of(0), ""),
        new ShardMessage.Outcome(
            shard, 3, 2, 1, List.of(), List.of(), OptionalInt.empty(), "nobody does it"),
        new ShardMessage.Tests(shard, 0, List.of(test)),
        new ShardMessage.Results(
            shard,
            1,
            2,
            List.of(
                new ItemResult.Generated(TokenIds.of(4), AnswerEnd.CLIENT_STOP),
                new ItemResult.Embedded(new float[] {0.25f}),
                new ItemResult.Classified(1, new float[] {0, 1}),
                new ItemResult.Failed("too long"))),
        new ShardMessage.Finished(BatchState.PARTIAL, "deadline"),
        new ShardMessage.Receipted(
            BatchDriver.CODEC.sign(
                ShardReceipt.of(reveal.statement(), worker, BatchDriver.NOW),
                BatchDriver.worker(0))),
        new ShardMessage.Cancelled(
            BatchDriver.CODEC.sign(
                new Cancel(BatchDriver.job(1), worker, "no longer needed"), BatchDriver.worker(0))),
        new ShardMessage.BidMade(
            BatchDriver.CODEC.sign(
                new Bid(
                    BatchDriver.job(1),
                    worker,
                    worker,
                    BatchDriver.terms(1, 0).statement().model(),
                    1,
                    2,
                    BatchDriver.NOW,
                    12.5,
                    4096,
                    2,
                    "somebody",
                    "avx2",
                    BatchDriver.NOW),
                BatchDriver.worker(0))),
        new ShardMessage.Assigned(BatchDriver.assignment(record, 0)),
        new ShardMessage.Committed(BatchDriver.commitment(record, 0)),
        new ShardMessage.RevealRequest(
            shard, List.of(BatchDriver.commitment(record, 0), BatchDriver.commitment(record, 1))),
        new ShardMessage.Revealed(reveal),
        new ShardMessage.Judged(verdict));
  }

  @Test
  void readsWhatItWrites() throws ProtocolViolationException {
    for (ShardMessage message : messages()) {
      assertEquals(message, CODEC.decode(CODEC.encode(message)));
    }
  }

  @Test
  void readsDamagedMessagesOrSaysNo() {
    List<ShardMessage> messages = messages();
    Property.forAll(
        500,
        random -> {
          byte[] bytes =
              Property.mutate(random, CODEC.encode(Property.pick(random, messages)).array());
          try {
            ShardMessage read = CODEC.decode(ByteBuffer.wrap(bytes));
            assertEquals(read, CODEC.decode(CODEC.encode(read)));
          } catch (ProtocolViolationException e) {
            // The one way to say no.
          }
        });
  }

  @Test
  void cutsListsIntoPiecesThatFit() throws ProtocolViolationException {
    BatchLimits limits = new BatchLimits(new EvidenceLimits(1000, 500, 4), 4096, 9999, 4, 600, 64);
    ShardCodec codec = new ShardCodec(limits);
    List<ShardItem> items = new ArrayList<>();
    List<ItemResult> results = new ArrayList<>();
    List<TestItem> tests = new ArrayList<>();
    int[] largest = new int[1000];
    Arrays.fill(largest, Integer.MAX_VALUE);
    for (int i = 0; i < 200; i++) {
      int length = i % 3 == 0 ? 1000 : 1;
      items.add(new ShardItem(TokenIds.of(Arrays.copyOf(largest, length)), -1));
      results.add(
          new ItemResult.Generated(
              TokenIds.of(Arrays.copyOf(largest, length / 2)), AnswerEnd.LENGTH));
      tests.add(new TestItem(i, items.get(i), results.get(i)));
    }
    ShardId shard = new ShardId(BatchDriver.job(1), Integer.MAX_VALUE);
    Pieces<ShardItem> gathered = new Pieces<>(200, 200_000, item -> item.ids().size());
    for (int from = 0; from < 200; ) {
      int count = codec.fittingItems(items, from);
      assertFits(codec, new ShardMessage.Items(from, items.subList(from, from + count)));
      gathered.add(from, items.subList(from, from + count));
      from += count;
    }
    assertTrue(gathered.isWhole());
    assertEquals(items, gathered.entries());
    for (int from = 0; from < 200; from += codec.fittingResults(results, from)) {
      int to = from + codec.fittingResults(results, from);
      assertFits(codec, new ShardMessage.Results(shard, 3, from, results.subList(from, to)));
    }
    for (int from = 0; from < 200; from += codec.fittingTests(tests, from)) {
      int to = from + codec.fittingTests(tests, from);
      assertFits(codec, new ShardMessage.Tests(shard, from, tests.subList(from, to)));
    }
  }

  private static void assertFits(ShardCodec codec, ShardMessage message)
      throws ProtocolViolationException {
    ByteBuffer bytes = codec.encode(message);
    assertTrue(bytes.remaining() <= codec.maxMessageSize(), bytes.remaining() + " bytes");
    assertEquals(message, codec.decode(bytes));
  }

  @Test
  void fitsTheLargestOutcome() throws ProtocolViolationException {
    ShardMessage.Outcome outcome =
        (ShardMessage.Outcome)
            messages().stream()
                .filter(ShardMessage.Outcome.class::isInstance)
                .findFirst()
                .orElseThrow();
    int most = BatchLimits.defaults().maxReplicas();
    assertFits(CODEC, with(outcome, most));
    ByteBuffer tooMany = CODEC.encode(with(outcome, most + 1));
    assertThrows(ProtocolViolationException.class, () -> CODEC.decode(tooMany));
  }

  private static ShardMessage.Outcome with(ShardMessage.Outcome outcome, int replicas) {
    return new ShardMessage.Outcome(
        outcome.shard(),
        outcome.firstItem(),
        outcome.items(),
        outcome.tests(),
        Collections.nCopies(replicas, outcome.reveals().get(0)),
        Collections.nCopies(replicas, outcome.verdicts().get(0)),
        outcome.winner(),
        "\u20ac".repeat(500));
  }

  @Test
  void takesNoMoreThanWasAnnounced() throws ProtocolViolationException {
    List<Integer> piece = IntStream.range(0, 3).boxed().toList();
    Pieces<Integer> pieces = new Pieces<>(5, 10, i -> i);
    pieces.add(0, piece);
    assertFalse(pieces.isWhole());

    assertThrows(ProtocolViolationException.class, () -> pieces.add(0, piece), "again");
    assertThrows(ProtocolViolationException.class, () -> pieces.add(4, List.of(1)), "a gap");
    assertThrows(ProtocolViolationException.class, () -> pieces.add(3, piece), "too many");
    assertThrows(ProtocolViolationException.class, () -> pieces.add(3, List.of(8)), "too large");
    assertEquals(3, pieces.size());
  }
}

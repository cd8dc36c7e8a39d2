package io.infernet.node.batch.store;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.verification.batch.Assignment;
import io.infernet.verification.batch.BatchTerms;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ReplicaRecord;
import io.infernet.verification.batch.ReplicaState;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.ShardCommitment;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.ShardRecord;
import io.infernet.verification.batch.ShardState;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.wire.BatchLimits;
import io.infernet.verification.wire.StatementCodec;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Drives a batch from its terms to its end. What it does next follows from what the ledger says and
 * from a seed, so it goes on where it was when the ledger is opened again.
 */
public final class BatchDriver {

  public static final StatementCodec CODEC = new StatementCodec(BatchLimits.defaults());
  public static final Instant NOW = Instant.ofEpochMilli(1_767_225_600_000L);
  static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
  static final Cid MODEL = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1}));
  static final int MAX_OPEN = 3;

  private static final PrivateKey CLIENT = TestIdentities.privateKey(0);

  private final BatchStore store;
  private final long seed;
  private final int items;
  private final int pieceSize;
  private final int shardSize;
  private final Consumer<List<ItemResult>> output;

  /**
   * @param output gets the results of each shard before it is merged
   */
  BatchDriver(
      BatchStore store,
      long seed,
      int items,
      int pieceSize,
      int shardSize,
      Consumer<List<ItemResult>> output) {
    this.store = store;
    this.seed = seed;
    this.items = items;
    this.pieceSize = pieceSize;
    this.shardSize = shardSize;
    this.output = output;
  }

  public static JobId job(long seed) {
    return JobId.random(new SplittableRandom(seed));
  }

  public static Signed<BatchTerms> terms(long seed, int attempt) {
    PeerId client = PeerId.of(CLIENT.publicKey());
    return CODEC.sign(
        new BatchTerms(
            job(seed),
            attempt,
            client,
            client,
            MODEL,
            TaskType.GENERATE,
            SamplingParams.greedy(),
            16,
            List.of(),
            2,
            100,
            OptionalDouble.empty(),
            NOW.plusSeconds(3600),
            1_000_000,
            0,
            seed),
        CLIENT);
  }

  private SplittableRandom random(long... about) {
    long mixed = seed;
    for (long number : about) {
      mixed = mixed * 0x9e3779b97f4a7c15L + number + 1;
    }
    return new SplittableRandom(mixed);
  }

  private static Hash hash(long... about) {
    ByteBuffer bytes = ByteBuffer.allocate(Hash.LENGTH);
    for (long number : about) {
      bytes.putLong(number);
    }
    return Hash.fromBytes(bytes.array());
  }

  public static ShardItem item(long index) {
    return new ShardItem(TokenIds.of((int) (index % 50_000), 7), 0);
  }

  /** What an honest worker makes of an item. */
  public static ItemResult answer(ShardItem item) {
    return new ItemResult.Generated(TokenIds.of(item.ids().get(0) + 1), AnswerEnd.STOP_TOKEN);
  }

  BatchLedger open() {
    return BatchLedger.open(store, CLOCK, MAX_OPEN, job(seed))
        .orElseGet(() -> BatchLedger.accept(store, CLOCK, MAX_OPEN, terms(seed, 0), 0, 0));
  }

  /** Goes on to the end. */
  void run() {
    BatchLedger ledger = open();
    while (!ledger.batch().state().isFinal()) {
      step(ledger);
    }
  }

  private void step(BatchLedger ledger) {
    long received = ledger.batch().itemsReceived();
    if (ledger.batch().itemsTotal().isEmpty() && received - ledger.batch().itemsCut() < shardSize) {
      if (received == items) {
        ledger.end(items);
        return;
      }
      List<ShardItem> piece = new ArrayList<>();
      for (long i = received; i < Math.min(items, received + pieceSize); i++) {
        piece.add(item(i));
      }
      ledger.receive(received, piece);
      return;
    }
    if (ledger.room() > 0 && received > ledger.batch().itemsCut()) {
      cut(ledger);
      return;
    }
    for (ShardRecord shard : List.copyOf(ledger.shards())) {
      if (shard.id().number() == ledger.batch().shardsMerged() && shard.state().isFinal()) {
        output.accept(shard.state() == ShardState.SETTLED ? ledger.ownResults(shard) : List.of());
        ledger.merge(shard.id());
        return;
      }
      if (!shard.state().isFinal()) {
        advance(ledger, shard);
        return;
      }
    }
    ledger.complete();
  }

  private void cut(BatchLedger ledger) {
    int number = ledger.batch().shardsCut();
    List<ShardItem> own = ledger.uncut(1 + random(1, number).nextInt(shardSize));
    List<TestItem> tests = new ArrayList<>();
    int at = random(2, number).nextInt(own.size() + 1);
    if (random(3, number).nextBoolean()) {
      tests.add(new TestItem(at, item(90), answer(item(90))));
    }
    ledger.cut(own.size(), tests, hash(number), 2 * (own.size() + tests.size()));
  }

  private void advance(BatchLedger ledger, ShardRecord shard) {
    int number = shard.id().number();
    switch (shard.state()) {
      case OPEN, ESCALATED -> assign(ledger, shard);
      case ASSIGNED -> {
        if (shard.replicas().size() < 2) {
          assign(ledger, shard);
          return;
        }
        for (ReplicaRecord replica : shard.replicas()) {
          if (replica.state() == ReplicaState.ASSIGNED) {
            if (random(4, number, replica.attempt()).nextInt(5) == 0) {
              ledger.lose(shard.id(), replica.attempt(), Optional.of(ReplicaVerdict.SILENT));
            } else {
              ledger.commit(commitment(shard, replica.attempt()));
            }
            return;
          }
        }
        if (shard.count(ReplicaState.COMMITTED) > 0) {
          ledger.closeCommitments(shard.id());
        } else if (shard.replicas().size() == 5) {
          ledger.fail(shard.id(), "nobody does it", Map.of());
        } else {
          assign(ledger, shard);
        }
      }
      case COMMITTED -> {
        for (ReplicaRecord replica : shard.replicas()) {
          if (replica.state() == ReplicaState.COMMITTED
              && random(5, number, replica.attempt()).nextInt(8) != 0) {
            List<ItemResult> results =
                ledger.contents(shard).stream().map(BatchDriver::answer).toList();
            ledger.reveal(reveal(shard, replica.attempt()), results);
            return;
          }
        }
        ledger.closeReveals(shard.id());
      }
      case REVEALED -> {
        if (shard.count(ReplicaState.REVEALED) >= 2) {
          settle(ledger, shard);
        } else if (shard.replicas().size() == 5) {
          ledger.fail(shard.id(), "too few agree", Map.of());
        } else {
          ledger.escalate(shard.id());
        }
      }
      case SETTLED, FAILED -> throw new IllegalStateException();
    }
  }

  private void settle(BatchLedger ledger, ShardRecord shard) {
    Map<Integer, ReplicaVerdict> verdicts = new HashMap<>();
    int winner = -1;
    for (ReplicaRecord replica : shard.replicas()) {
      boolean agreed = replica.state() == ReplicaState.REVEALED;
      verdicts.put(replica.attempt(), agreed ? ReplicaVerdict.AGREED : ReplicaVerdict.SILENT);
      winner = agreed && winner < 0 ? replica.attempt() : winner;
    }
    ledger.settle(shard.id(), winner, verdicts);
  }

  private void assign(BatchLedger ledger, ShardRecord shard) {
    ledger.assign(assignment(shard, shard.replicas().size()));
  }

  public static PrivateKey worker(int attempt) {
    return TestIdentities.privateKey(1 + attempt);
  }

  public static Signed<Assignment> assignment(ShardRecord shard, int attempt) {
    return CODEC.sign(
        new Assignment(
            shard.id(),
            attempt,
            2,
            PeerId.of(CLIENT.publicKey()),
            PeerId.of(worker(attempt).publicKey()),
            hash(1),
            MODEL,
            TaskType.GENERATE,
            SamplingParams.greedy(),
            16,
            List.of(),
            shard.size(),
            shard.inputTokens(),
            shard.input(),
            1000,
            NOW.plusSeconds(60),
            NOW.plusSeconds(90),
            7),
        CLIENT);
  }

  public static Signed<ShardCommitment> commitment(ShardRecord shard, int attempt) {
    return commitment(shard.id(), attempt, shard.input(), 0);
  }

  public static Signed<ShardCommitment> commitment(
      ShardId id, int attempt, Hash input, long variant) {
    return CODEC.sign(
        new ShardCommitment(
            id,
            attempt,
            PeerId.of(worker(attempt).publicKey()),
            hash(2, attempt),
            input,
            hash(id.number(), attempt, variant)),
        worker(attempt));
  }

  public static Signed<Reveal> reveal(ShardRecord shard, int attempt) {
    return reveal(shard.id(), attempt, shard.input(), shard.size());
  }

  public static Signed<Reveal> reveal(ShardId id, int attempt, Hash input, int size) {
    return CODEC.sign(
        new Reveal(
            id,
            attempt,
            PeerId.of(worker(attempt).publicKey()),
            hash(2, attempt),
            hash(1),
            input,
            hash(3),
            hash(4, attempt),
            size,
            2L * size,
            size,
            5,
            NOW,
            NOW.plusSeconds(1)),
        worker(attempt));
  }
}

package io.infernet.verification.batch;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.testing.Property;
import io.infernet.verification.Samples;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.AnswerEnd;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** Parts of batches for tests. */
public final class BatchSamples {

  private BatchSamples() {}

  public static Hash hash(RandomGenerator random) {
    return Hash.fromBytes(Property.bytesOfLength(random, Hash.LENGTH));
  }

  public static ShardId shard(RandomGenerator random) {
    return new ShardId(JobId.random(random), random.nextInt(1000));
  }

  private static Instant time(RandomGenerator random) {
    return Instant.ofEpochMilli(random.nextLong(1L << 45));
  }

  public static BatchTerms terms(RandomGenerator random) {
    TaskType task = Property.pick(random, List.of(TaskType.values()));
    return new BatchTerms(
        JobId.random(random),
        random.nextInt(3),
        Samples.client(),
        Samples.provider(),
        Samples.MODEL,
        task,
        new SamplingParams(random.nextDouble(), 40, 0.9, random.nextLong()),
        task == TaskType.GENERATE ? 1 + random.nextInt(1000) : 0,
        List.of(random.nextInt(100), random.nextInt(100)),
        1 + random.nextInt(BatchTerms.MAX_REDUNDANCY),
        random.nextInt(1000),
        random.nextBoolean() ? OptionalDouble.empty() : OptionalDouble.of(random.nextDouble()),
        time(random),
        random.nextLong(Long.MAX_VALUE),
        random.nextInt(BatchTerms.MAX_FEE + 1),
        random.nextLong());
  }

  public static Bid bid(RandomGenerator random) {
    return new Bid(
        JobId.random(random),
        Samples.client(),
        Samples.provider(),
        Samples.MODEL,
        random.nextLong(Bid.MAX_PRICE + 1),
        random.nextLong(Bid.MAX_PRICE + 1),
        time(random),
        Double.MIN_NORMAL + random.nextDouble() * 1000,
        1 + random.nextInt(100_000),
        1 + random.nextInt(8),
        random.nextBoolean() ? "" : "operator " + random.nextInt(100),
        random.nextBoolean() ? "" : "avx2",
        time(random));
  }

  public static Assignment assignment(RandomGenerator random) {
    TaskType task = Property.pick(random, List.of(TaskType.values()));
    Instant commitBy = time(random);
    return new Assignment(
        shard(random),
        random.nextInt(5),
        1 + random.nextInt(5),
        Samples.client(),
        Samples.provider(),
        hash(random),
        Samples.MODEL,
        task,
        new SamplingParams(random.nextDouble(), 40, 0.9, 0),
        task == TaskType.GENERATE ? 1 + random.nextInt(1000) : 0,
        List.of(random.nextInt(100)),
        1 + random.nextInt(100),
        100 + random.nextInt(10_000),
        hash(random),
        random.nextLong(Long.MAX_VALUE),
        commitBy,
        commitBy.plusMillis(random.nextInt(100_000)),
        random.nextLong());
  }

  public static ShardCommitment commitment(RandomGenerator random) {
    return new ShardCommitment(
        shard(random),
        random.nextInt(5),
        Samples.provider(),
        hash(random),
        hash(random),
        hash(random));
  }

  public static Reveal reveal(RandomGenerator random) {
    return new Reveal(
        shard(random),
        random.nextInt(5),
        Samples.provider(),
        hash(random),
        hash(random),
        hash(random),
        hash(random),
        hash(random),
        1 + random.nextInt(100),
        1 + random.nextInt(10_000),
        random.nextInt(10_000),
        random.nextLong(Long.MAX_VALUE),
        time(random),
        time(random));
  }

  public static Verdict verdict(RandomGenerator random) {
    return new Verdict(
        shard(random),
        random.nextInt(5),
        Samples.provider(),
        Samples.client(),
        Property.pick(random, List.of(ReplicaVerdict.values())),
        hash(random),
        random.nextBoolean() ? Optional.empty() : Optional.of(hash(random)));
  }

  public static ShardReceipt receipt(RandomGenerator random) {
    return ShardReceipt.of(reveal(random), Samples.client(), time(random));
  }

  public static Cancel cancel(RandomGenerator random) {
    return new Cancel(
        JobId.random(random), Samples.client(), random.nextBoolean() ? "" : "no longer needed");
  }

  /** One of each kind. */
  public static List<Statement> statements(RandomGenerator random) {
    return List.of(
        terms(random),
        bid(random),
        assignment(random),
        commitment(random),
        reveal(random),
        verdict(random),
        receipt(random),
        cancel(random));
  }

  public static ShardItem item(RandomGenerator random) {
    return new ShardItem(
        TokenIds.of(
            IntStream.range(0, 1 + random.nextInt(20)).map(i -> random.nextInt(50_000)).toArray()),
        random.nextLong());
  }

  public static ItemResult result(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 ->
          new ItemResult.Generated(
              TokenIds.of(random.ints(random.nextInt(20), 0, 50_000).toArray()),
              Property.pick(random, List.of(AnswerEnd.values())));
      case 1 -> new ItemResult.Embedded(floats(random));
      case 2 -> {
        float[] scores = floats(random);
        yield new ItemResult.Classified(random.nextInt(scores.length), scores);
      }
      default -> new ItemResult.Failed("too long for the context of the model");
    };
  }

  private static float[] floats(RandomGenerator random) {
    float[] numbers = new float[1 + random.nextInt(10)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextFloat() - 0.5f;
    }
    return numbers;
  }
}

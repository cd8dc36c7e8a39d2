package io.infernet.verification.redundancy;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.verification.Samples;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.AnswerEnd;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** Shards and results for tests. */
public final class Shards {

  public static final ShardId SHARD =
      new ShardId(JobId.parse("000102030405060708090a0b0c0d0e0f"), 3);

  private static final List<PeerId> PEERS =
      IntStream.range(0, QuorumConfig.LIMIT).mapToObj(TestIdentities::peerId).toList();

  private Shards() {}

  /** The worker number {@code n}, below 16. */
  public static PeerId worker(int n) {
    return PEERS.get(n);
  }

  /** The replica of the worker number {@code n}, in attempt n. */
  public static ReplicaId replica(int n) {
    return new ReplicaId(SHARD, n, worker(n));
  }

  public static Hash salt(int n) {
    return Hash.parse(String.format("%064x", n + 1));
  }

  public static ItemResult text(int... ids) {
    return new ItemResult.Generated(TokenIds.of(ids), AnswerEnd.STOP_TOKEN);
  }

  public static ItemResult vector(float... numbers) {
    return new ItemResult.Embedded(numbers);
  }

  public static ItemResult label(int label, float... scores) {
    return new ItemResult.Classified(label, scores);
  }

  /** A shard of three texts. */
  public static ShardWork work() {
    return new ShardWork(
        Samples.MODEL,
        TaskType.GENERATE,
        new SamplingParams(0, 0, 1, 0),
        8,
        List.of(2),
        List.of(
            new ShardItem(TokenIds.of(1, 2), 11),
            new ShardItem(TokenIds.of(3), 12),
            new ShardItem(TokenIds.of(4, 5, 6), 13)));
  }

  /** A vector of length 1 and random direction. */
  static float[] direction(RandomGenerator random, int dimensions) {
    double[] numbers =
        IntStream.range(0, dimensions).mapToDouble(i -> random.nextGaussian()).toArray();
    double length = Math.sqrt(Arrays.stream(numbers).map(x -> x * x).sum());
    float[] vector = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) (numbers[i] / length);
    }
    return vector;
  }

  /** The vector as a machine finds it whose error is that share of its length. */
  static ItemResult disturbed(RandomGenerator random, float[] vector, double error) {
    float[] noise = direction(random, vector.length);
    double length = 0;
    for (float x : vector) {
      length += x * x;
    }
    float[] found = vector.clone();
    for (int i = 0; i < found.length; i++) {
      found[i] += (float) (error * Math.sqrt(length) * noise[i]);
    }
    return new ItemResult.Embedded(found);
  }

  static List<ItemResult> texts(RandomGenerator random, int items) {
    return IntStream.range(0, items)
        .mapToObj(i -> text(IntStream.range(0, 4).map(k -> random.nextInt(1000)).toArray()))
        .toList();
  }

  static Hash hash(RandomGenerator random) {
    return Hash.fromBytes(Property.bytesOfLength(random, Hash.LENGTH));
  }
}

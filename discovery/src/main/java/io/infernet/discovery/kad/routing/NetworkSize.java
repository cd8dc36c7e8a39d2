package io.infernet.discovery.kad.routing;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How many servers the network has, judged by how close the closest peers to random keys are: of n
 * peers the k-th closest is at k/(n+1) of the key space on average. The median of the last few
 * look-ups, so that peers crowded around a few keys by somebody count for little. Not safe from
 * several threads.
 *
 * @see <a href="https://arxiv.org/abs/2208.05877">Trautwein et al., "Design and Evaluation of
 *     IPFS", and the estimator of go-libp2p-kad-dht</a>
 */
public final class NetworkSize {

  private final double[] samples;
  private int count;
  private int next;

  /**
   * @param samples look-ups that count
   */
  public NetworkSize(int samples) {
    this.samples = new double[samples];
  }

  /**
   * Takes in the answer to a look-up of a key that nobody could foresee.
   *
   * @param closest keys of the closest peers, nearest first; fewer than two say nothing
   */
  public void add(KadKey target, List<KadKey> closest) {
    OptionalDouble sample = estimate(target, closest);
    if (sample.isPresent()) {
      samples[next] = sample.getAsDouble();
      next = (next + 1) % samples.length;
      count = Math.min(count + 1, samples.length);
    }
  }

  /** The size that one answer speaks for. */
  public static OptionalDouble estimate(KadKey target, List<KadKey> closest) {
    int k = closest.size();
    if (k < 2) {
      return OptionalDouble.empty();
    }
    double farthest = target.distance(closest.get(k - 1));
    // (k-1)/d is the estimate without bias for the k-th of uniformly distributed points.
    return farthest <= 0 ? OptionalDouble.empty() : OptionalDouble.of((k - 1) / farthest);
  }

  /** The estimate; empty before the first look-up. */
  public OptionalDouble get() {
    if (count == 0) {
      return OptionalDouble.empty();
    }
    double[] sorted = Arrays.copyOf(samples, count);
    Arrays.sort(sorted);
    int middle = count / 2;
    return OptionalDouble.of(
        count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
  }
}

package io.infernet.discovery.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What look-ups of random keys found and cost.
 *
 * @param count look-ups
 * @param exact share that found just the k servers that are closest
 * @param recall share of the closest servers that was found, over all look-ups
 * @param roundsMedian requests that had to wait for one another
 * @param requestsMean requests of a look-up
 * @param durationMedian in the network's time
 */
public record LookupFigures(
    int count,
    double exact,
    double recall,
    int roundsMedian,
    int roundsP99,
    int roundsMax,
    double requestsMean,
    Duration durationMedian,
    Duration durationP99) {

  /** One look-up. */
  record Sample(int found, int wanted, int rounds, int requests, Duration duration) {}

  static LookupFigures of(List<Sample> samples) {
    int count = samples.size();
    return new LookupFigures(
        count,
        share(samples.stream().filter(s -> s.found() == s.wanted()).count(), count),
        share(
            samples.stream().mapToLong(Sample::found).sum(),
            samples.stream().mapToLong(Sample::wanted).sum()),
        (int) percentile(samples, Sample::rounds, 0.5),
        (int) percentile(samples, Sample::rounds, 0.99),
        (int) percentile(samples, Sample::rounds, 1),
        samples.stream().mapToInt(Sample::requests).average().orElse(0),
        Duration.ofNanos(percentile(samples, s -> s.duration().toNanos(), 0.5)),
        Duration.ofNanos(percentile(samples, s -> s.duration().toNanos(), 0.99)));
  }

  static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  /** The smallest value that this share of all does not exceed; 0 when there are none. */
  private static long percentile(List<Sample> samples, ToLongFunction<Sample> value, double share) {
    List<Long> sorted = new ArrayList<>();
    samples.forEach(sample -> sorted.add(value.applyAsLong(sample)));
    sorted.sort(null);
    return sorted.isEmpty()
        ? 0
        : sorted.get(Math.max(0, (int) Math.ceil(share * sorted.size()) - 1));
  }
}

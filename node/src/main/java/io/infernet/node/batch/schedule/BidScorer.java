package io.infernet.node.batch.schedule;

import io.infernet.discovery.directory.PriceList;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** Compares bids: price, start, speed, reputation and latency, and says why. */
public final class BidScorer {

  /** Equal scores differ by up to this, so that equal providers share the work. */
  private static final double JITTER = 0.05;

  private static final double UNKNOWN_LATENCY = 0.5;

  private final BidScorerConfig config;
  private final RandomGenerator random;

  /**
   * What is asked for.
   *
   * @param tokens of the work that one provider would get, prompts and answers
   * @param ceiling the most to pay, base and rate
   * @param minReputation from 0 to 1
   * @param deadline when it must be done, in nanoseconds of the ticker
   */
  public record Needs(
      long tokens, PriceList ceiling, double minReputation, OptionalLong deadline) {}

  public BidScorer(BidScorerConfig config, RandomGenerator random) {
    this.config = config;
    this.random = random;
  }

  /** All {@code candidates}: those that can be taken first, the best of them first. */
  public List<ScoredBid> score(List<Candidate> candidates, Needs needs, long now) {
    double median = medianThroughput(candidates);
    List<ScoredBid> scored = new ArrayList<>(candidates.size());
    for (Candidate candidate : candidates) {
      scored.add(score(candidate, needs, median, now));
    }
    scored.sort(
        Comparator.comparing((ScoredBid bid) -> !bid.isAcceptable())
            .thenComparing(Comparator.comparingDouble(ScoredBid::score).reversed())
            .thenComparing(bid -> bid.candidate().peer()));
    return scored;
  }

  private ScoredBid score(Candidate candidate, Needs needs, double median, long now) {
    long price = candidate.prices().price(needs.tokens());
    long most = needs.ceiling().price(needs.tokens());
    Optional<String> excluded = excluded(candidate, needs, price, most, now);
    if (excluded.isPresent()) {
      return new ScoredBid(candidate, 0, price, excluded);
    }
    double wait = (double) Math.max(0, candidate.startsAt() - now);
    double speed = candidate.tokensPerSecond();
    double score =
        config.priceWeight() * (most == 0 ? 1 : 1 - (double) price / most)
            + config.startWeight() * half(wait, config.halfStart())
            + config.throughputWeight() * speed / (speed + median)
            + config.reputationWeight() * candidate.reputation()
            + config.latencyWeight()
                * candidate
                    .latency()
                    .map(latency -> half((double) latency.toNanos(), config.halfLatency()))
                    .orElse(UNKNOWN_LATENCY)
            + JITTER * random.nextDouble();
    return new ScoredBid(candidate, score, price, Optional.empty());
  }

  private static Optional<String> excluded(
      Candidate candidate, Needs needs, long price, long most, long now) {
    if (price > most) {
      return Optional.of("costs up to " + price + ", the ceiling is " + most);
    }
    if (needs.tokens() > candidate.capacity().maxTokens()) {
      return Optional.of(
          "takes "
              + candidate.capacity().maxTokens()
              + " tokens at a time, "
              + needs.tokens()
              + " are needed");
    }
    if (candidate.reputation() < needs.minReputation()) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "reputation %.2f, at least %.2f is asked for",
              candidate.reputation(),
              needs.minReputation()));
    }
    if (needs.deadline().isPresent()) {
      double start = (double) Math.max(now, candidate.startsAt());
      double late =
          start + needs.tokens() / candidate.tokensPerSecond() * 1e9 - needs.deadline().getAsLong();
      if (late > 0) {
        return Optional.of(
            String.format(Locale.ROOT, "would be done %.1f s after the deadline", late / 1e9));
      }
    }
    return Optional.empty();
  }

  private static double half(double nanos, Duration half) {
    return 1 / (1 + nanos / half.toNanos());
  }

  /** The median, so that one who boasts makes nobody else look slow. */
  private static double medianThroughput(List<Candidate> candidates) {
    double[] speeds = candidates.stream().mapToDouble(Candidate::tokensPerSecond).toArray();
    Arrays.sort(speeds);
    return speeds.length == 0 ? 1 : speeds[speeds.length / 2];
  }
}

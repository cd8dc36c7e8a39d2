package io.infernet.node.job;

import io.infernet.discovery.directory.Capabilities;
import io.infernet.discovery.directory.CapabilityRecord;
import io.infernet.discovery.directory.ModelOffer;
import io.infernet.inference.model.ModelManifest;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Chooses who is asked: scores what providers say of themselves and what this node has seen of
 * them. Keeps what it has seen of a bounded number of peers. Safe from any thread.
 */
public final class ProviderSelector {

  /** Weight of the newest measurement in the average latency. */
  private static final double LATENCY_GAIN = 0.3;

  /** Weight of the newest outcome in the average reliability. */
  private static final double OUTCOME_GAIN = 0.2;

  /** Equal scores differ by up to this, so that equal providers share the work. */
  private static final double JITTER = 0.05;

  private final SelectorConfig config;
  private final Clock clock;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final Map<PeerId, Experience> experiences = new LinkedHashMap<>(16, 0.75f, true);

  /** What was seen of a provider. */
  private static final class Experience {
    Optional<Double> latencyMillis = Optional.empty();
    double reliability = 1;
    int failuresInRow;
    long leftAloneUntil;

    Experience(long now) {
      leftAloneUntil = now;
    }
  }

  /**
   * What a job needs.
   *
   * @param model the manifest's CID
   * @param promptTokens tokens of the prompt
   * @param maxTokens tokens of the whole answer
   * @param maxPrice the most to pay
   */
  public record Needs(Cid model, int promptTokens, int maxTokens, long maxPrice) {}

  public ProviderSelector(
      SelectorConfig config, Clock clock, Ticker ticker, RandomGenerator random) {
    this.config = config;
    this.clock = clock;
    this.ticker = ticker;
    this.random = random;
  }

  /**
   * Scores all {@code providers}.
   *
   * @param tried those that must not be asked again for this job, each with why
   */
  public synchronized Decision choose(
      List<CapabilityRecord> providers, Needs needs, Map<PeerId, String> tried) {
    long now = ticker.nanoTime();
    List<Decision.Candidate> candidates = new ArrayList<>();
    for (CapabilityRecord provider : providers) {
      provider
          .offer(needs.model())
          .ifPresent(offer -> candidates.add(candidate(provider, offer, needs, tried, now)));
    }
    candidates.sort(
        Comparator.comparing(Decision.Candidate::standing)
            .thenComparing(Comparator.comparingDouble(Decision.Candidate::score).reversed()));
    return new Decision(clock.instant(), candidates);
  }

  private Decision.Candidate candidate(
      CapabilityRecord provider,
      ModelOffer offer,
      Needs needs,
      Map<PeerId, String> tried,
      long now) {
    PeerId peer = provider.peer();
    Experience seen = experiences.getOrDefault(peer, new Experience(now));
    String failure = tried.get(peer);
    if (failure != null) {
      return excluded(peer, failure);
    }
    int total = needs.promptTokens() + needs.maxTokens();
    // How many tokens a prompt has for a backend only that knows.
    if (offer.contextLength() < total && !ModelManifest.isBackend(needs.model())) {
      return excluded(peer, "takes " + offer.contextLength() + " tokens, " + total + " are needed");
    }
    long price = offer.prices().price(total);
    if (price > needs.maxPrice()) {
      return excluded(peer, "costs up to " + price + ", the ceiling is " + needs.maxPrice());
    }
    Capabilities.Load load = provider.capabilities().load();
    double warm = offer.warm() ? 1 : 0;
    double cheap = needs.maxPrice() == 0 ? 1 : 1 - (double) price / needs.maxPrice();
    double fast =
        seen.latencyMillis
            .map(millis -> 1 / (1 + millis / Math.max(1, config.halfLatency().toMillis())))
            .orElse(0.5);
    double free = load.slots() == 0 ? 0 : Math.max(0, 1 - (double) load.running() / load.slots());
    double score =
        config.warmWeight() * warm
            + config.priceWeight() * cheap
            + config.latencyWeight() * fast
            + config.loadWeight() * free
            + config.reliabilityWeight() * seen.reliability
            + JITTER * random.nextDouble();
    long pause = Math.max(0, seen.leftAloneUntil - now);
    return new Decision.Candidate(
        peer,
        pause > 0 ? Decision.Standing.LEFT_ALONE : Decision.Standing.READY,
        score,
        String.format(
            Locale.ROOT,
            "%s, price up to %d, latency %s, %d of %d slots busy, reliability %.2f%s",
            offer.warm() ? "warm" : "cold",
            price,
            seen.latencyMillis
                .map(ms -> String.format(Locale.ROOT, "%.1f ms", ms))
                .orElse("unknown"),
            load.running(),
            load.slots(),
            seen.reliability,
            pause > 0
                ? ", left alone for %d s because it failed"
                    .formatted(Duration.ofNanos(pause).toSeconds() + 1)
                : ""));
  }

  private static Decision.Candidate excluded(PeerId peer, String why) {
    return new Decision.Candidate(peer, Decision.Standing.EXCLUDED, 0, why);
  }

  /** A provider answered a request, with a quote or a refusal, after that time. */
  public synchronized void answered(PeerId peer, Duration latency) {
    Experience seen = of(peer);
    double millis = latency.toNanos() / 1e6;
    seen.latencyMillis =
        Optional.of(
            seen.latencyMillis
                .map(average -> average + LATENCY_GAIN * (millis - average))
                .orElse(millis));
  }

  /** A provider completed a job. */
  public synchronized void succeeded(PeerId peer) {
    Experience seen = of(peer);
    seen.reliability += OUTCOME_GAIN * (1 - seen.reliability);
    seen.failuresInRow = 0;
    seen.leftAloneUntil = ticker.nanoTime();
  }

  /** A provider failed, stalled or misbehaved; it is left alone for a while. */
  public synchronized void failed(PeerId peer) {
    Experience seen = of(peer);
    seen.reliability -= OUTCOME_GAIN * seen.reliability;
    double pause = (double) config.firstBackoff().toNanos() * Math.pow(2, seen.failuresInRow);
    seen.failuresInRow++;
    seen.leftAloneUntil =
        ticker.nanoTime() + (long) Math.min(pause, (double) config.maxBackoff().toNanos());
  }

  private Experience of(PeerId peer) {
    long now = ticker.nanoTime();
    Experience seen = experiences.computeIfAbsent(peer, p -> new Experience(now));
    if (experiences.size() > config.maxPeers()) {
      experiences.remove(experiences.keySet().iterator().next());
    }
    return seen;
  }
}

package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.Limits;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** How the links of a {@link VirtualNetwork} behave; deterministic for its seed. */
@FunctionalInterface
public interface LinkModel {

  /**
   * How long the next message takes from one peer to the other. A message never overtakes an
   * earlier one of the same connection.
   */
  Duration latency(PeerId from, PeerId to);

  /**
   * Whether the dial or stream that {@code from} is about to open gets no answer at all. What was
   * opened loses nothing: connections are reliable.
   */
  default boolean isLost(PeerId from, PeerId to) {
    return false;
  }

  /** The same latency everywhere, always. */
  static LinkModel fixed(Duration latency) {
    return (from, to) -> latency;
  }

  /** Latencies spread evenly from {@code min} to below {@code max}, each message its own. */
  static LinkModel uniform(Duration min, Duration max, RandomGenerator random) {
    return (from, to) -> Duration.ofNanos(random.nextLong(min.toNanos(), max.toNanos()));
  }

  /**
   * A latency for each pair of peers, the same both ways, spread evenly from {@code min} to {@code
   * max}; each message takes up to {@code jitter} of it longer.
   *
   * @param jitter a share, such as 0.1
   */
  static LinkModel pairwise(Duration min, Duration max, double jitter, RandomGenerator random) {
    Limits.requireAtLeast(max, min, "max", "min");
    long salt = random.nextLong();
    long least = min.toNanos();
    long spread = max.toNanos() - least;
    return (from, to) -> {
      long pair = Hash.mix(salt, (long) from.hashCode() + to.hashCode());
      double base = least + (pair >>> 11) * 0x1p-53 * spread;
      return Duration.ofNanos((long) (base * (1 + jitter * random.nextDouble())));
    };
  }

  /** These links, on which this share of all dials and new streams gets no answer. */
  default LinkModel losing(double share, RandomGenerator random) {
    LinkModel links = this;
    return new LinkModel() {
      @Override
      public Duration latency(PeerId from, PeerId to) {
        return links.latency(from, to);
      }

      @Override
      public boolean isLost(PeerId from, PeerId to) {
        return random.nextDouble() < share || links.isLost(from, to);
      }
    };
  }
}

package io.infernet.libp2p.simulation;

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

  /** The same latency everywhere, always. */
  static LinkModel fixed(Duration latency) {
    return (from, to) -> latency;
  }

  /** Latencies spread evenly from {@code min} to below {@code max}. */
  static LinkModel uniform(Duration min, Duration max, RandomGenerator random) {
    return (from, to) -> Duration.ofNanos(random.nextLong(min.toNanos(), max.toNanos()));
  }
}

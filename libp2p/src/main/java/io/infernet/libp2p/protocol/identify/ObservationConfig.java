package io.infernet.libp2p.protocol.identify;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * When to believe what others say of where this node is.
 *
 * @param minObservers networks whose peers must say the same, go-libp2p's ActivationThresh
 * @param lifetime how long an observation counts after its connection has ended
 * @param maxAddresses addresses whose observers are counted
 * @param maxObservers networks counted for an address
 * @param maxBelieved addresses believed at once
 */
public record ObservationConfig(
    int minObservers, Duration lifetime, int maxAddresses, int maxObservers, int maxBelieved) {

  public ObservationConfig {
    Limits.requirePositive(minObservers, "minObservers");
    Limits.requirePositive(lifetime, "lifetime");
    Limits.requirePositive(maxAddresses, "maxAddresses");
    Limits.requireAtLeast(maxObservers, minObservers, "maxObservers", "minObservers");
    Limits.requirePositive(maxBelieved, "maxBelieved");
  }

  public static ObservationConfig defaults() {
    return new ObservationConfig(4, Duration.ofMinutes(30), 64, 64, 4);
  }
}

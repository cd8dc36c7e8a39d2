package io.infernet.node.batch.schedule;

import io.infernet.discovery.directory.PriceList;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Providers for tests. */
final class Operators {

  private Operators() {}

  static PeerId peer(long n) {
    return new SimulatedIdentities(new SplittableRandom(n)).nextPeer();
  }

  /** One with nothing in common with others. */
  static Operator operator(long n) {
    return at(n);
  }

  static Operator at(long n, String... addresses) {
    return Operator.of(
        peer(n), Optional.empty(), Arrays.stream(addresses).map(Multiaddr::parse).toList());
  }

  static Operator named(long n, String name) {
    return Operator.of(peer(n), Optional.of(name), List.of());
  }

  static Candidate candidate(long n, double tokensPerSecond) {
    return candidate(operator(n), tokensPerSecond);
  }

  static Candidate candidate(Operator operator, double tokensPerSecond) {
    return new Candidate(
        operator,
        PriceList.free(),
        0,
        tokensPerSecond,
        0.5,
        Optional.of(Duration.ofMillis(20)),
        Capacity.plain());
  }
}

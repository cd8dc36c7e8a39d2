package io.infernet.libp2p.protocol.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ObservedAddressesTest {

  private static final ObservationConfig CONFIG = ObservationConfig.defaults();
  private static final Multiaddr OWN = Multiaddr.parse("/ip4/8.8.8.8/tcp/4001");
  private static final Set<Integer> PORTS = Set.of(4001);

  private final ObservedAddresses observed = new ObservedAddresses(CONFIG);
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void believesAnAddressOnWhichFourNetworksAgree() {
    observe("1.1.0.1", OWN);
    observe("1.2.0.1", OWN.withPeer(TestIdentities.peerId(1)));
    observe("1.3.0.1", OWN);
    assertEquals(List.of(), observed.believed(now));

    observe("1.4.0.1", OWN);
    assertEquals(List.of(OWN), observed.believed(now));
  }

  @Test
  void countsANetworkOnce() {
    for (int i = 0; i < 100; i++) {
      observe("1.1.0." + i, OWN);
    }
    for (int i = 1; i < 100; i++) {
      observed.onObserved(Multiaddr.parse("/ip6/2600:1:" + i + "::1/tcp/1"), OWN, PORTS, now);
    }
    assertEquals(List.of(), observed.believed(now));
  }

  @Test
  void takesOnlyPublicAddressesWithAPortOnWhichThisNodeListens() {
    for (String address :
        List.of(
            "/ip4/192.168.1.1/tcp/4001",
            "/ip4/127.0.0.1/tcp/4001",
            "/ip4/8.8.8.8/tcp/50000",
            "/ip4/8.8.8.8/udp/4001",
            "/ip4/8.8.8.8/tcp/4001/ws",
            "/dns4/a.example/tcp/4001")) {
      agree(Multiaddr.parse(address), 10);
    }
    assertEquals(List.of(), observed.believed(now));
  }

  @Test
  void doesNotCountPeersOfTheLocalNetwork() {
    for (int i = 0; i < 10; i++) {
      observe("10." + i + ".0.1", OWN);
      observe("127.0.0." + i, OWN);
    }
    assertEquals(List.of(), observed.believed(now));
  }

  @Test
  void forgetsWhatNobodySaysAnyMore() {
    agree(OWN, 4);
    now = now.plus(CONFIG.lifetime());
    assertEquals(List.of(OWN), observed.believed(now));
    observe("1.1.0.1", OWN);

    now = now.plus(Duration.ofSeconds(1));

    assertEquals(List.of(), observed.believed(now));
  }

  @Test
  void keepsTheAddressesOnWhichMostAgreeWhenThereAreTooMany() {
    agree(OWN, 5);
    for (int i = 1; i < 255; i++) {
      Multiaddr madeUp = Multiaddr.parse("/ip4/9.9.9." + i + "/tcp/4001");
      agree(madeUp, 4);
    }

    List<Multiaddr> believed = observed.believed(now);
    assertEquals(OWN, believed.get(0));
    assertTrue(believed.size() <= CONFIG.maxBelieved(), believed::toString);
  }

  private void agree(Multiaddr address, int networks) {
    for (int i = 1; i <= networks; i++) {
      observe("1." + i + ".0.1", address);
    }
  }

  private void observe(String ip, Multiaddr address) {
    observed.onObserved(Multiaddr.parse("/ip4/" + ip + "/tcp/50123"), address, PORTS, now);
  }
}

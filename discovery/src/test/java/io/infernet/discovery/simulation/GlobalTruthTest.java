package io.infernet.discovery.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GlobalTruthTest {

  private final SimulatedIdentities identities = new SimulatedIdentities(new SplittableRandom(3));
  private final GlobalTruth truth = new GlobalTruth();

  @Test
  void namesTheClosestAsSortingAllWould() {
    List<PeerId> peers = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      PeerId peer = identities.nextPeer();
      truth.add(peer);
      peers.add(peer);
    }
    for (int i = 0; i < 200; i++) {
      KadKey target = KadKey.of(new byte[] {(byte) i, 1});
      PeerId except = peers.get(i);
      List<PeerId> sorted = new ArrayList<>(peers);
      sorted.remove(except);
      sorted.sort((one, other) -> target.compareDistances(KadKey.of(one), KadKey.of(other)));

      assertEquals(sorted.subList(0, 20), truth.closest(target, 20, except), "target " + i);
    }
  }

  @Test
  void knowsWhoIsThere() {
    PeerId one = identities.nextPeer();
    PeerId other = identities.nextPeer();
    truth.add(one);
    truth.add(other);
    truth.remove(other);

    assertTrue(truth.contains(one));
    assertFalse(truth.contains(other));
    assertEquals(List.of(one), truth.closest(KadKey.of(other), 20, other));
    assertEquals(List.of(), truth.closest(KadKey.of(other), 20, one));
  }
}

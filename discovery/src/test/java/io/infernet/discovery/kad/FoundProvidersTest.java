package io.infernet.discovery.kad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FoundProvidersTest {

  private final SimulatedIdentities identities = new SimulatedIdentities(new SplittableRandom(1));
  private final PeerInfo honest = provider();

  @Test
  void thoseThatMostServersNameComeFirst() {
    FoundProviders found = new FoundProviders(10);
    PeerInfo other = provider();
    answer(found, List.of(other, honest));
    answer(found, List.of(honest));

    assertEquals(List.of(honest, other), found.best(10));
    assertEquals(List.of(honest), found.best(1));
    assertEquals(List.of(honest, other), found.best(10), "asked again");
  }

  @Test
  void manyServersThatNameTheSameFalseOnesLeaveRoomForWhatOneNames() {
    FoundProviders found = new FoundProviders(1000);
    List<PeerInfo> lies = providers(100);
    for (int i = 0; i < 20; i++) {
      answer(found, lies);
    }
    answer(found, List.of(honest));

    assertTrue(found.best(30).contains(honest));
  }

  @Test
  void aFullTableMakesRoomForAnAnswerThatNamesFewer() {
    FoundProviders found = new FoundProviders(50);
    for (int i = 0; i < 5; i++) {
      answer(found, providers(100));
    }

    found.nextAnswer();
    assertTrue(found.add(honest));
    assertTrue(found.best(1000).contains(honest));
    assertEquals(50, found.best(1000).size());
  }

  @Test
  void anAnswerThatHasItsShareGetsNoMore() {
    FoundProviders found = new FoundProviders(2);
    answer(found, List.of(provider()));
    answer(found, List.of(provider()));

    found.nextAnswer();
    assertFalse(found.add(honest));
    assertEquals(2, found.best(10).size());
  }

  private static void answer(FoundProviders found, List<PeerInfo> providers) {
    found.nextAnswer();
    providers.forEach(found::add);
  }

  private List<PeerInfo> providers(int count) {
    List<PeerInfo> providers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      providers.add(provider());
    }
    return providers;
  }

  private PeerInfo provider() {
    return new PeerInfo(identities.nextPeer(), List.of());
  }
}

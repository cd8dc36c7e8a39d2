package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConnectionManagerTest {

  private static final PeerId SELF = TestIdentities.peerId(1);
  private static final PeerId PEER = TestIdentities.peerId(2);
  private static final ConnectionConfig CONFIG =
      new ConnectionConfig(
          8, 6, 4, 2, Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(10));

  private final ConnectionManager manager = new ConnectionManager(SELF, CONFIG);

  @Test
  void bothSidesPreferTheSameOfTwoConnections() {
    PeerId smaller = SELF.compareTo(PEER) < 0 ? SELF : PEER;
    ConnectionManager remote = new ConnectionManager(PEER, CONFIG);
    FakeConnection dialledHere = connection(PEER, true, 0);
    FakeConnection acceptedHere = connection(PEER, false, 5);
    manager.add(dialledHere, 10);
    manager.add(acceptedHere, 10);
    FakeConnection dialledThere = connection(SELF, true, 3);
    FakeConnection acceptedThere = connection(SELF, false, 2);
    remote.add(dialledThere, 10);
    remote.add(acceptedThere, 10);

    boolean hereDials = smaller.equals(SELF);
    assertSame(hereDials ? dialledHere : acceptedHere, manager.preferred(PEER).orElseThrow());
    assertSame(hereDials ? acceptedThere : dialledThere, remote.preferred(SELF).orElseThrow());
  }

  @Test
  void closesTheRedundantConnectionOnceItWasIdleForAWhile() {
    FakeConnection one = connection(PEER, true, 0);
    FakeConnection other = connection(PEER, false, 0);
    manager.add(one, 0);
    manager.add(other, 0);
    FakeConnection preferred = (FakeConnection) manager.preferred(PEER).orElseThrow();
    FakeConnection redundant = preferred == one ? other : one;

    redundant.streams = 1;
    assertTrue(manager.check(seconds(100)).isEmpty(), "it carries a stream");
    redundant.streams = 0;
    redundant.idleSince = seconds(100);
    assertTrue(manager.check(seconds(129)).isEmpty(), "it was not idle long enough");

    assertEquals(
        List.of(new ConnectionManager.Closing(redundant, "redundant")),
        manager.check(seconds(130)));
    assertEquals(List.of(preferred), manager.connections(PEER));
  }

  @Test
  void closesTheLeastUsefulConnectionOfAPeerThatHasTooMany() {
    FakeConnection busy = connection(PEER, true, 0);
    busy.streams = 1;
    FakeConnection idle = connection(PEER, false, 1);
    FakeConnection fresh = connection(PEER, false, 2);
    manager.add(busy, 2);
    manager.add(idle, 2);

    List<ConnectionManager.Closing> closing = manager.add(fresh, 2);

    assertEquals(List.of(idle), closing.stream().map(c -> c.connection()).toList());
    assertEquals(List.of(busy, fresh), manager.connections(PEER));
  }

  @Test
  void trimsToTheLowWaterMarkIdleLongestFirst() {
    List<FakeConnection> connections = fill(6);
    connections.get(0).streams = 1;
    connections.get(1).idleSince = seconds(90);
    FakeConnection seventh = connection(TestIdentities.peerId(50), false, seconds(100));

    List<ConnectionManager.Closing> closing = manager.add(seventh, seconds(100));

    assertEquals(
        List.of(connections.get(2), connections.get(3), connections.get(4)),
        closing.stream().map(c -> c.connection()).toList());
    assertEquals(4, manager.connections().size());
  }

  @Test
  void trimsThePeersWhoseTagsAddUpToLeastFirst() {
    List<FakeConnection> connections = fill(6);
    connections.get(0).streams = 1;
    connections.subList(1, 6).forEach(c -> manager.tag(c.remotePeer(), "bucket", 5));
    manager.tag(connections.get(2).remotePeer(), "mesh", 10);
    manager.tag(connections.get(3).remotePeer(), "penalty", -7);
    manager.tag(connections.get(4).remotePeer(), "bucket", 6);
    manager.tag(connections.get(5).remotePeer(), "bucket", 20);
    manager.tag(connections.get(5).remotePeer(), "bucket", 0);
    FakeConnection seventh = connection(TestIdentities.peerId(50), false, seconds(100));

    List<ConnectionManager.Closing> closing = manager.add(seventh, seconds(100));

    assertEquals(
        List.of(connections.get(3), connections.get(5), connections.get(0)),
        closing.stream().map(c -> c.connection()).toList());
  }

  @Test
  void neverTrimsProtectedOrYoungConnections() {
    List<FakeConnection> connections = fill(6);
    connections.forEach(c -> manager.protect(c.remotePeer(), "a"));
    manager.protect(connections.get(0).remotePeer(), "b");
    manager.unprotect(connections.get(0).remotePeer(), "a");
    manager.unprotect(connections.get(5).remotePeer(), "a");
    FakeConnection young = connection(TestIdentities.peerId(50), false, seconds(100));

    List<ConnectionManager.Closing> closing = manager.add(young, seconds(101));

    assertEquals(List.of(connections.get(5)), closing.stream().map(c -> c.connection()).toList());
    assertTrue(manager.check(seconds(119)).isEmpty());
  }

  @Test
  void refusesAConnectionWhenThereIsNoRoomAndNothingToTrim() {
    fill(6).forEach(c -> manager.protect(c.remotePeer(), "needed"));
    for (int i = 0; i < 2; i++) {
      FakeConnection young = connection(TestIdentities.peerId(60 + i), false, seconds(100));
      assertTrue(manager.add(young, seconds(100)).isEmpty());
    }
    FakeConnection ninth = connection(TestIdentities.peerId(70), false, seconds(100));

    List<ConnectionManager.Closing> closing = manager.add(ninth, seconds(100));

    assertEquals(List.of(ninth), closing.stream().map(c -> c.connection()).toList());
    assertEquals(8, manager.connections().size());
  }

  @Test
  void makesRoomForWhatThisNodeDialsWhenOthersHaveTakenAllOfIt() {
    fill(6).forEach(c -> manager.protect(c.remotePeer(), "needed"));
    FakeConnection busy = connection(TestIdentities.peerId(60), false, seconds(100));
    busy.streams = 1;
    FakeConnection idle = connection(TestIdentities.peerId(61), false, seconds(100));
    manager.add(busy, seconds(100));
    manager.add(idle, seconds(100));
    FakeConnection dialled = connection(TestIdentities.peerId(70), true, seconds(100));

    List<ConnectionManager.Closing> closing = manager.add(dialled, seconds(100));

    assertEquals(List.of(idle), closing.stream().map(c -> c.connection()).toList());
    assertTrue(manager.connections().contains(dialled));
  }

  @Test
  void forgetsAConnectionOnce() {
    FakeConnection connection = connection(PEER, true, 0);
    manager.add(connection, 0);

    assertTrue(manager.remove(connection));
    assertFalse(manager.remove(connection));
    assertTrue(manager.preferred(PEER).isEmpty());
    assertTrue(manager.connections().isEmpty());
  }

  private List<FakeConnection> fill(int count) {
    List<FakeConnection> connections = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      FakeConnection connection = connection(TestIdentities.peerId(10 + i), false, i);
      connections.add(connection);
      manager.add(connection, i);
    }
    return connections;
  }

  private static FakeConnection connection(PeerId peer, boolean initiator, long readySince) {
    return new FakeConnection(peer, initiator, readySince);
  }

  private static long seconds(int seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }
}

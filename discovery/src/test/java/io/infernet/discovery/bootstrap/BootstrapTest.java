package io.infernet.discovery.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(1)));
  private final VirtualHost self = network.newHost(TestIdentities.publicKey(1));
  private final VirtualHost first = network.newHost(TestIdentities.publicKey(2));

  @Test
  void connectsToEachPeerAtTheStart() {
    first.start();
    CompletableFuture<Void> tried = start(info(first));

    time.advance(Duration.ofMillis(100));

    assertTrue(tried.isDone());
    assertTrue(self.connection(first.peerId()).isPresent());
  }

  @Test
  void triesAgainUntilThePeerIsThere() {
    CompletableFuture<Void> tried = start(info(first));
    time.advance(Duration.ofSeconds(20));
    assertTrue(tried.isDone());
    assertFalse(self.connection(first.peerId()).isPresent());

    first.start();
    time.advance(Duration.ofSeconds(80));

    assertTrue(self.connection(first.peerId()).isPresent());
  }

  @Test
  void connectsAnewWhenTheConnectionEnds() {
    first.start();
    start(info(first));
    time.advance(Duration.ofMillis(100));

    network.disconnect(self.peerId(), first.peerId());
    time.advance(Duration.ofMillis(10));
    assertFalse(self.connection(first.peerId()).isPresent());
    time.advance(Duration.ofSeconds(3));

    assertTrue(self.connection(first.peerId()).isPresent());
  }

  @Test
  void doesNotDialItself() {
    assertTrue(start(info(self)).isDone());
  }

  @Test
  void dialsNoMoreOnceClosed() {
    self.start();
    Bootstrap bootstrap =
        new Bootstrap(
            self, BootstrapConfig.of(List.of(info(first))), time, new SplittableRandom(1));
    bootstrap.start();
    time.advance(Duration.ofSeconds(1));
    bootstrap.close();
    first.start();

    time.advance(Duration.ofMinutes(5));

    assertFalse(self.connection(first.peerId()).isPresent());
  }

  @Test
  void configRefusesTooManyPeersAndPausesThatMakeNoSense() {
    List<PeerInfo> many = Collections.nCopies(BootstrapConfig.MAX_PEERS + 1, info(first));
    assertThrows(IllegalArgumentException.class, () -> BootstrapConfig.of(many));
    assertThrows(
        IllegalArgumentException.class,
        () -> new BootstrapConfig(List.of(), Duration.ZERO, Duration.ofSeconds(1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new BootstrapConfig(List.of(), Duration.ofSeconds(2), Duration.ofSeconds(1)));
    assertEquals(Duration.ofMinutes(1), BootstrapConfig.of(List.of()).maxRetry());
  }

  private CompletableFuture<Void> start(PeerInfo... peers) {
    self.start();
    return new Bootstrap(self, BootstrapConfig.of(List.of(peers)), time, new SplittableRandom(1))
        .start();
  }

  private static PeerInfo info(VirtualHost host) {
    return host.info();
  }
}

package io.infernet.discovery.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.KeepConnected;
import io.infernet.libp2p.host.ReconnectConfig;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.LogCapture;
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
    CompletableFuture<Void> tried = start(first.info(), self.info());

    time.advance(Duration.ofMillis(100));

    assertTrue(tried.isDone());
    assertTrue(self.connection(first.peerId()).isPresent());
  }

  @Test
  void keepsAtItAndTellsAPersonOnceThatAPeerIsNotThere() {
    try (LogCapture log = new LogCapture(Bootstrap.class.getName())) {
      CompletableFuture<Void> tried = start(first.info());
      time.advance(Duration.ofSeconds(20));
      assertTrue(tried.isDone());
      assertFalse(self.connection(first.peerId()).isPresent());
      assertEquals(1, log.lines().size(), log.lines()::toString);

      first.start();
      time.advance(Duration.ofSeconds(80));

      assertTrue(self.connection(first.peerId()).isPresent());
      assertEquals(2, log.lines().size(), log.lines()::toString);
    }
  }

  @Test
  void configRefusesTooManyPeers() {
    List<PeerInfo> many = Collections.nCopies(BootstrapConfig.MAX_PEERS + 1, first.info());
    assertThrows(IllegalArgumentException.class, () -> new BootstrapConfig(many));
  }

  private CompletableFuture<Void> start(PeerInfo... peers) {
    self.start();
    KeepConnected connections =
        new KeepConnected(self, ReconnectConfig.defaults(), time, new SplittableRandom(1));
    connections.start();
    return new Bootstrap(new BootstrapConfig(List.of(peers)), connections).start();
  }
}

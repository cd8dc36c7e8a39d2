package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KeepConnectedTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(1)));
  private final VirtualHost self = network.newHost(TestIdentities.publicKey(1));
  private final VirtualHost peer = network.newHost(TestIdentities.publicKey(2));
  private final KeepConnected keep = keepConnected(ReconnectConfig.defaults());

  private KeepConnected keepConnected(ReconnectConfig config) {
    return new KeepConnected(self, config, time, new SplittableRandom(1));
  }

  @BeforeEach
  void start() {
    self.start();
    keep.start();
  }

  @Test
  void dialsAPeerThatIsKeptUntilItIsThereAndWheneverItIsLost() {
    List<Boolean> tries = new ArrayList<>();
    CompletableFuture<Void> tried =
        keep.keep(peer.info(), (info, error) -> tries.add(error == null));
    time.advance(Duration.ofSeconds(20));
    assertTrue(tried.isDone());
    assertEquals(List.of(false, false, false, false, false), tries);

    peer.start();
    time.advance(Duration.ofMinutes(1));
    assertTrue(connected());
    assertTrue(self.isProtected(peer.peerId()));

    network.disconnect(self.peerId(), peer.peerId());
    time.advance(Duration.ofMillis(10));
    assertFalse(connected());
    time.advance(Duration.ofSeconds(2));
    assertTrue(connected());
  }

  @Test
  void leavesAPeerAloneThatIsReleased() {
    keep.keep(peer.info(), (info, error) -> {});
    connect();

    keep.release(peer.peerId());
    time.advance(SECOND);
    assertTrue(connected());
    assertFalse(self.isProtected(peer.peerId()));

    network.disconnect(self.peerId(), peer.peerId());
    time.advance(Duration.ofMinutes(5));
    assertFalse(connected());
  }

  @Test
  void winsBackAPeerThatWasProtectedWhenItsConnectionBroke() {
    connect();
    self.protect(peer.peerId(), "mesh");
    self.addConnectionListener(
        new ConnectionListener() {
          @Override
          public void onConnected(Connection connection) {}

          @Override
          public void onDisconnected(Connection connection) {
            self.unprotect(connection.remotePeer(), "mesh");
          }
        });

    network.disconnect(self.peerId(), peer.peerId());
    time.advance(Duration.ofSeconds(2));

    assertTrue(connected());
  }

  @Test
  void givesUpAPeerThatWasProtectedAfterSomeTries() {
    connect();
    self.protect(peer.peerId(), "job");
    peer.close();
    time.advance(Duration.ofMinutes(5));

    VirtualHost again = peer;
    again.start();
    time.advance(Duration.ofMinutes(5));

    assertFalse(connected());
  }

  @Test
  void doesNotDialPeersThatNobodyProtects() {
    connect();

    network.disconnect(self.peerId(), peer.peerId());
    time.advance(Duration.ofMinutes(1));

    assertFalse(connected());
  }

  @Test
  void dialsNoMoreOnceClosed() {
    keep.keep(peer.info(), (info, error) -> {});
    time.advance(SECOND);
    keep.close();
    peer.start();

    time.advance(Duration.ofMinutes(5));

    assertFalse(connected());
    assertFalse(self.isProtected(peer.peerId()));
  }

  @Test
  void doesNotDialItself() {
    assertTrue(keep.keep(self.info(), (info, error) -> {}).isDone());
    assertFalse(self.isProtected(self.peerId()));
  }

  @Test
  void holdsNoMorePeersThanAllowed() {
    KeepConnected one = keepConnected(new ReconnectConfig(SECOND, SECOND, 1, 1));
    one.start();
    one.keep(network.newHost(TestIdentities.publicKey(3)).info(), (info, error) -> {});
    peer.start();

    assertTrue(one.keep(peer.info(), (info, error) -> {}).isDone());
    time.advance(SECOND);

    assertFalse(connected());
  }

  @Test
  void configShowsDefaultsAndRefusesWhatMakesNoSense() {
    assertEquals(
        new ReconnectConfig(SECOND, Duration.ofMinutes(1), 6, 512), ReconnectConfig.defaults());
    for (ReconnectConfigMaker wrong :
        List.<ReconnectConfigMaker>of(
            () -> new ReconnectConfig(Duration.ZERO, SECOND, 1, 1),
            () -> new ReconnectConfig(SECOND.multipliedBy(2), SECOND, 1, 1),
            () -> new ReconnectConfig(SECOND, SECOND, 0, 1),
            () -> new ReconnectConfig(SECOND, SECOND, 1, 0))) {
      assertThrows(IllegalArgumentException.class, wrong::make);
    }
  }

  private interface ReconnectConfigMaker {
    ReconnectConfig make();
  }

  private void connect() {
    peer.start();
    self.connect(peer.info());
    time.advance(SECOND);
    assertTrue(connected());
  }

  private boolean connected() {
    return self.connection(peer.peerId()).isPresent();
  }
}

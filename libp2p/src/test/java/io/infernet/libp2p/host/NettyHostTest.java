package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.testing.Echo;
import io.infernet.libp2p.testing.HostConfigBuilder;
import io.infernet.libp2p.testing.LoopbackNetwork;
import io.infernet.libp2p.testing.Received;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.libp2p.transport.tcp.AddressResolver;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NettyHostTest extends HostContract {

  private final LoopbackNetwork network = new LoopbackNetwork();

  @AfterEach
  void close() {
    network.close();
  }

  @Override
  protected Host host(int identity) {
    return network.host(identity);
  }

  @Override
  protected void advance(CompletableFuture<?> until) {
    LoopbackNetwork.settle(until);
  }

  @Test
  void sendsTheFirstRequestBehindTheProposalWhenTheRemoteIsKnownToSpeakTheProtocol() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));
    alice
        .peers()
        .setMetadata(
            bob.peerId(), new PeerStore.PeerMetadata("a", "p", List.of(Echo.PROTOCOL, UNKNOWN)));

    Stream known = await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL)));
    assertEquals("early", echo(known, "early"));

    Stream gone = await(alice.newStream(bob.peerId(), List.of(UNKNOWN)));
    Received received = new Received();
    gone.listen(received);
    gone.send(text("lost"));
    assertInstanceOf(PeerUnavailableException.class, awaitFailure(received.end()));
    await(gone.closed());
  }

  @Test
  void dialsAPeerWhoseAddressIsInDns() {
    NettyHost bob = network.host(2);
    String list = "dnsaddr=/dnsaddr/bob.example/p2p/" + bob.peerId();
    String other = "dnsaddr=/ip4/127.0.0.1/tcp/1/p2p/" + TestIdentities.peerId(3);
    String address = "dnsaddr=" + bob.listenAddresses().get(0).withPeer(bob.peerId());
    AddressResolver names =
        new AddressResolver() {
          @Override
          public CompletableFuture<List<InetAddress>> resolve(String name) {
            return CompletableFuture.failedFuture(new PeerUnavailableException("not known"));
          }

          @Override
          public CompletableFuture<List<String>> texts(String name) {
            return CompletableFuture.completedFuture(
                name.equals("_dnsaddr.list.example") ? List.of(other, list) : List.of(address));
          }
        };
    try (NettyHost alice =
        new NettyHost(
            TestIdentities.privateKey(1),
            HostConfig.defaults(),
            network.scheduler(),
            Ticker.system(),
            names,
            AeadFactory.fastest(),
            new SecureRandom())) {

      Connection connection =
          await(alice.connect(PeerInfo.parse("/dnsaddr/list.example/p2p/" + bob.peerId())));

      assertEquals(bob.peerId(), connection.remotePeer());
    }
  }

  @Test
  void findsOutThatAnotherPeerAnswers() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);

    Throwable failure =
        awaitFailure(alice.connect(new PeerInfo(TestIdentities.peerId(3), bob.listenAddresses())));

    assertInstanceOf(PeerUnavailableException.class, failure);
    assertTrue(failure.getMessage().contains(bob.peerId().toString()), failure.getMessage());
    assertTrue(alice.connections().isEmpty());
  }

  @Test
  void saysThatAPortIsInUse() {
    NettyHost alice = network.host(1);
    NettyHost bob =
        network.unstarted(
            TestIdentities.privateKey(2),
            HostConfig.defaults().listeningOn(alice.listenAddresses()));

    Throwable failure = awaitFailure(bob.start());

    assertInstanceOf(AddressUnavailableException.class, failure);
    assertEquals(
        "cannot listen on "
            + alice.listenAddresses().get(0)
            + ": the port is in use by another program; stop it or choose another port",
        failure.getMessage());
  }

  @Test
  void dialsNamesAndIpv6() {
    NettyHost alice = network.host(1);
    NettyHost bob =
        network.host(
            2,
            HostConfig.defaults()
                .listeningOn(
                    List.of(
                        Multiaddr.parse("/ip6/::1/tcp/0"),
                        Multiaddr.parse("/ip4/127.0.0.1/tcp/0"))));
    int port6 = bob.listenAddresses().get(0).tcpPort().orElseThrow();
    int port4 = bob.listenAddresses().get(1).tcpPort().orElseThrow();

    for (String address :
        List.of(
            "/ip6/::1/tcp/" + port6,
            "/dns4/localhost/tcp/" + port4,
            "/dns/localhost/tcp/" + port4)) {
      PeerInfo info = new PeerInfo(bob.peerId(), List.of(Multiaddr.parse(address)));
      NettyHost carol = network.host(3, HostConfig.defaults());
      Connection connection = await(carol.connect(info));
      assertEquals(bob.peerId(), connection.remotePeer(), address);
      await(connection.close());
      carol.close();
    }
    assertTrue(alice.connections().isEmpty());
  }

  @Test
  void listensOnBothWildcardsOfOnePort() {
    NettyHost first = network.host(1);
    int port = first.listenAddresses().get(0).tcpPort().orElseThrow();
    first.close();
    List<Multiaddr> both =
        List.of(
            Multiaddr.parse("/ip4/0.0.0.0/tcp/" + port), Multiaddr.parse("/ip6/::/tcp/" + port));

    NettyHost bob = network.host(2, HostConfig.defaults().listeningOn(both));

    assertEquals(both, bob.listenAddresses());
    NettyHost carol = network.host(3);
    Connection connection =
        await(
            carol.connect(
                new PeerInfo(
                    bob.peerId(), List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/" + port)))));
    assertEquals(bob.peerId(), connection.remotePeer());
  }

  @Test
  void trimsIdleConnectionsAndKeepsTheProtectedAndTheBusy() {
    ConnectionConfig three =
        new ConnectionConfig(
            10, 3, 2, 2, Duration.ZERO, Duration.ofSeconds(30), Duration.ofSeconds(10));
    NettyHost hub = network.host(1, HostConfigBuilder.with(c -> c.connections = three));
    hub.handle(Echo.PROTOCOL, new Echo());
    List<Connection> connections = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      NettyHost peer = network.host(2 + i);
      if (i == 0) {
        hub.protect(peer.peerId(), "test");
      }
      connections.add(await(peer.connect(info(hub))));
      if (i == 1) {
        await(connections.get(1).newStream(List.of(Echo.PROTOCOL)));
      }
    }

    Connection fourth = await(network.host(5).connect(info(hub)));

    await(connections.get(2).closed());
    await(fourth.closed());
    assertEquals(2, hub.connections().size());
    assertFalse(connections.get(0).closed().isDone());
    assertFalse(connections.get(1).closed().isDone());
  }

  @Test
  void worksWithoutEarlyMuxerNegotiation() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2, HostConfigBuilder.with(c -> c.earlyMuxer = false));
    bob.handle(Echo.PROTOCOL, new Echo());

    await(alice.connect(info(bob)));

    assertEquals(
        "late", echo(await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL))), "late"));
  }
}

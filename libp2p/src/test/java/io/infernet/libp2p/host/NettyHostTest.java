package io.infernet.libp2p.host;

import static io.infernet.libp2p.testing.LoopbackNetwork.await;
import static io.infernet.libp2p.testing.LoopbackNetwork.awaitFailure;
import static io.infernet.libp2p.testing.LoopbackNetwork.info;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.testing.Echo;
import io.infernet.libp2p.testing.LoopbackNetwork;
import io.infernet.libp2p.testing.Received;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NettyHostTest {

  private static final ProtocolId UNKNOWN = ProtocolId.of("/unknown/1");

  private final LoopbackNetwork network = new LoopbackNetwork();

  @AfterEach
  void close() {
    network.close();
  }

  @Test
  void echoesOverAStreamBetweenTwoHosts() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    bob.handle(Echo.PROTOCOL, new Echo());

    Connection connection = await(alice.connect(info(bob)));
    Stream stream = await(connection.newStream(List.of(Echo.PROTOCOL)));

    assertEquals(bob.peerId(), connection.remotePeer());
    assertEquals(bob.listenAddresses().get(0), connection.remoteAddress());
    assertTrue(connection.isInitiator());
    assertEquals(Echo.PROTOCOL, stream.protocol());
    assertEquals("hello", echo(stream, "hello"));
    await(stream.closed());
  }

  @Test
  void agreesOnTheFirstProtocolThatTheRemoteSpeaks() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));

    Stream stream = await(alice.newStream(bob.peerId(), List.of(UNKNOWN, Echo.PROTOCOL)));
    assertEquals(Echo.PROTOCOL, stream.protocol());
    assertEquals("x", echo(stream, "x"));

    Throwable failure = awaitFailure(alice.newStream(bob.peerId(), List.of(UNKNOWN)));
    assertInstanceOf(PeerUnavailableException.class, failure);
    assertTrue(failure.getMessage().contains("speaks none of"), failure.getMessage());
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
  void sharesOneConnectionAmongConcurrentRequests() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    bob.handle(Echo.PROTOCOL, new Echo());

    List<CompletableFuture<Connection>> connections = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      connections.add(alice.connect(info(bob)));
    }

    for (CompletableFuture<Connection> connection : connections) {
      assertSame(await(connections.get(0)), await(connection));
    }
    assertEquals(1, alice.connections().size());
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
  void refusesToDialItself() {
    NettyHost alice = network.host(1);

    Throwable failure = awaitFailure(alice.connect(info(alice)));

    assertTrue(failure.getMessage().contains("this node itself"), failure.getMessage());
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
  void tellsListenersOfConnectionsComingAndGoing() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    CompletableFuture<Connection> came = new CompletableFuture<>();
    CompletableFuture<Connection> went = new CompletableFuture<>();
    bob.addConnectionListener(
        new ConnectionListener() {
          @Override
          public void onConnected(Connection connection) {
            came.complete(connection);
          }

          @Override
          public void onDisconnected(Connection connection) {
            went.complete(connection);
          }
        });

    await(alice.connect(info(bob)));
    assertEquals(alice.peerId(), await(came).remotePeer());
    await(alice.disconnect(bob.peerId()));

    assertSame(await(came), await(went));
    assertTrue(alice.connections().isEmpty());
    assertTrue(bob.connections().isEmpty());
  }

  @Test
  void aWritersBufferIsItsOwnAgainOnceTheSendIsDone() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));
    Stream stream = await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL)));
    Received received = new Received();
    stream.listen(received);

    byte[] chunk = new byte[100_000];
    sendAgain(stream, chunk, 0);

    byte[] echoed = await(received.end());
    assertEquals(50 * chunk.length, echoed.length);
    for (int i = 0; i < echoed.length; i++) {
      assertEquals(i / chunk.length, echoed[i], "byte " + i);
    }
  }

  private static void sendAgain(Stream stream, byte[] chunk, int number) {
    Arrays.fill(chunk, (byte) number);
    stream
        .send(ByteBuffer.wrap(chunk))
        .thenRun(
            () -> {
              Arrays.fill(chunk, (byte) -1);
              if (number < 49) {
                sendAgain(stream, chunk, number + 1);
              } else {
                stream.closeWrite();
              }
            });
  }

  @Test
  void resetsOpenStreamsWhenTheRemoteHostCloses() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));
    Stream stream = await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL)));
    Received received = new Received();
    stream.listen(received);

    bob.close();

    assertInstanceOf(PeerUnavailableException.class, awaitFailure(received.end()));
    assertInstanceOf(PeerUnavailableException.class, awaitFailure(stream.send(text("x"))));
    await(stream.closed());
  }

  @Test
  void aHandlerThatThrowsLosesItsStreamAndNothingElse() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    bob.handle(
        UNKNOWN,
        stream -> {
          throw new IllegalStateException("a bug in a handler");
        });
    Connection connection = await(alice.connect(info(bob)));

    Received received = new Received();
    CompletableFuture<byte[]> broken =
        connection
            .newStream(List.of(UNKNOWN))
            .thenCompose(
                stream -> {
                  stream.listen(received);
                  return received.end();
                });

    awaitFailure(broken);
    Stream fine = await(connection.newStream(List.of(Echo.PROTOCOL)));
    assertEquals("still here", echo(fine, "still here"));
  }

  @Test
  void worksWithoutEarlyMuxerNegotiation() {
    HostConfig late = lateMuxer(HostConfig.defaults());
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2, late.listeningOn(List.of(LoopbackNetwork.ANY_PORT)));
    bob.handle(Echo.PROTOCOL, new Echo());

    await(alice.connect(info(bob)));

    assertEquals(
        "late", echo(await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL))), "late"));
  }

  private static HostConfig lateMuxer(HostConfig c) {
    return new HostConfig(
        c.listen(),
        c.eventLoops(),
        c.upgradeTimeout(),
        c.closeTimeout(),
        false,
        c.maxPeers(),
        c.maxAddressesPerPeer(),
        c.tcp(),
        c.noise(),
        c.multistream(),
        c.yamux(),
        c.dial(),
        c.connections(),
        c.streams());
  }

  private static String echo(Stream stream, String text) {
    Received received = new Received();
    stream.listen(received);
    stream.send(text(text));
    stream.closeWrite();
    return new String(await(received.end()), StandardCharsets.UTF_8);
  }

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}

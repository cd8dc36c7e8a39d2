package io.infernet.libp2p.transport.tcp;

import static io.infernet.libp2p.testing.LoopbackNetwork.await;
import static io.infernet.libp2p.testing.LoopbackNetwork.awaitFailure;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.AddressUnavailableException;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TcpTransportTest {

  private final TcpTransport transport =
      new TcpTransport(
          TcpConfig.defaults(),
          1,
          name ->
              name.equals("known.example")
                  ? CompletableFuture.completedFuture(
                      List.of(ip("192.0.2.1"), ip("2001:db8::1"), ip("192.0.2.2")))
                  : CompletableFuture.failedFuture(new PeerUnavailableException("unknown")));

  @AfterEach
  void close() {
    transport.close();
  }

  @Test
  void knowsWhichAddressesItCanDial() {
    for (String address :
        List.of(
            "/ip4/192.0.2.1/tcp/1",
            "/ip6/::1/tcp/1",
            "/dns/a.b/tcp/1",
            "/dns4/a.b/tcp/1",
            "/dns6/a.b/tcp/1",
            "/dnsaddr/a.b",
            "/ip6zone/lo/ip6/fe80::1/tcp/1")) {
      assertTrue(transport.canDial(Multiaddr.parse(address)), address);
    }
    for (String address :
        List.of(
            "/",
            "/ip4/192.0.2.1",
            "/ip4/192.0.2.1/tcp/0",
            "/ip4/0.0.0.0/tcp/1",
            "/ip4/192.0.2.1/udp/1",
            "/ip4/192.0.2.1/tcp/1/ws",
            "/dnsaddr/a.b/tcp/1",
            "/tcp/1")) {
      assertFalse(transport.canDial(Multiaddr.parse(address)), address);
    }
  }

  @Test
  void resolvesNamesToAddressesOfTheirFamily() {
    assertEquals(
        List.of("/ip4/192.0.2.1/tcp/7", "/ip6/2001:db8::1/tcp/7", "/ip4/192.0.2.2/tcp/7"),
        resolve("/dns/known.example/tcp/7"));
    assertEquals(
        List.of("/ip4/192.0.2.1/tcp/7", "/ip4/192.0.2.2/tcp/7"),
        resolve("/dns4/known.example/tcp/7"));
    assertEquals(List.of("/ip6/2001:db8::1/tcp/7"), resolve("/dns6/known.example/tcp/7"));
  }

  @Test
  void saysWhyNobodyAnswers() throws IOException {
    Multiaddr free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = Multiaddr.parse("/ip4/127.0.0.1/tcp/" + socket.getLocalPort());
    }

    Throwable failure =
        awaitFailure(transport.dial(free, channel -> new CompletableFuture<Void>()));

    assertInstanceOf(PeerUnavailableException.class, failure);
    assertTrue(failure.getMessage().contains("refused"), failure.getMessage());
  }

  @Test
  void endsAnAttemptThatIsGivenUp() {
    CompletableFuture<Channel> accepted = new CompletableFuture<>();
    Multiaddr address =
        await(
                transport.listen(
                    List.of(any()),
                    channel -> {
                      accepted.complete(channel);
                      return new CompletableFuture<>();
                    }))
            .get(0);
    CompletableFuture<Void> attempt =
        transport.dial(address, channel -> new CompletableFuture<Void>());
    Channel other = await(accepted);
    assertEquals(1, transport.halfOpen());

    attempt.cancel(false);

    CompletableFuture<Void> closed = new CompletableFuture<>();
    other.closeFuture().addListener(done -> closed.complete(null));
    await(closed);
    assertEquals(0, transport.inbound());
    assertEquals(0, transport.halfOpen());
  }

  @Test
  void listensOnNoneOfSeveralAddressesWhenOneCannotBeHad() {
    Multiaddr taken = await(transport.listen(List.of(any()), TcpTransportTest::upgrade)).get(0);
    TcpTransport second =
        new TcpTransport(TcpConfig.defaults(), 1, name -> new CompletableFuture<>());
    try {
      Throwable failure =
          awaitFailure(second.listen(List.of(any(), taken), TcpTransportTest::upgrade));
      assertInstanceOf(AddressUnavailableException.class, failure);
      assertTrue(
          failure.getMessage().startsWith("cannot listen on " + taken), failure.getMessage());
    } finally {
      second.close();
    }
  }

  @Test
  void saysThatTheMachineDoesNotHaveAnAddress() {
    Throwable failure =
        awaitFailure(
            transport.listen(
                List.of(Multiaddr.parse("/ip4/192.0.2.77/tcp/0")), TcpTransportTest::upgrade));

    assertEquals(
        "cannot listen on /ip4/192.0.2.77/tcp/0: this machine does not have that address;"
            + " choose one of its own or 0.0.0.0",
        failure.getMessage());
  }

  private List<String> resolve(String name) {
    return await(transport.resolve(Multiaddr.parse(name))).stream()
        .map(Multiaddr::toString)
        .toList();
  }

  private static Multiaddr any() {
    return Multiaddr.parse("/ip4/127.0.0.1/tcp/0");
  }

  private static CompletableFuture<Channel> upgrade(Channel channel) {
    return CompletableFuture.completedFuture(channel);
  }

  private static InetAddress ip(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(text, e);
    }
  }
}

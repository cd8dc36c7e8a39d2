package io.infernet.discovery.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.KeepConnected;
import io.infernet.libp2p.host.ReconnectConfig;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.LogCapture;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.libp2p.transport.tcp.AddressResolver;
import io.infernet.libp2p.transport.tcp.DnsaddrConfig;
import io.infernet.libp2p.transport.tcp.DnsaddrResolver;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(1)));
  private final VirtualHost self = network.newHost(TestIdentities.publicKey(1));
  private final VirtualHost first = network.newHost(TestIdentities.publicKey(2));
  private final Map<String, List<String>> names = new LinkedHashMap<>();
  private int identities;

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
  void keepsSomeOfManyAndTakesOthersForThoseThatAreNotThere() {
    List<VirtualHost> many = hosts(20);
    many.subList(0, 12).forEach(VirtualHost::start);
    try (LogCapture log = new LogCapture(Bootstrap.class.getName())) {
      start(addresses(many));
      time.advance(Duration.ofSeconds(10));

      assertEquals(8, self.connections().size());
      assertTrue(log.lines().size() <= 8, log.lines()::toString);
    }
  }

  @Test
  void leavesMostOfThemToOthersOnceOtherPeersAreConnected() {
    List<VirtualHost> many = hosts(8);
    many.forEach(VirtualHost::start);
    start(addresses(many));
    time.advance(Duration.ofSeconds(1));
    assertEquals(8, protectedOf(many));

    List<VirtualHost> others = hosts(16);
    others.forEach(VirtualHost::start);
    others.forEach(other -> self.connect(other.info()));
    time.advance(Duration.ofSeconds(31));
    assertEquals(2, protectedOf(many));
    assertEquals(24, self.connections().size(), "what is connected stays");

    others.forEach(other -> network.kill(other.peerId()));
    time.advance(Duration.ofSeconds(31));
    assertEquals(8, protectedOf(many));
  }

  @Test
  void findsThePeersThatDnsLists() {
    first.start();
    names.put(
        "_dnsaddr.list.example", List.of("dnsaddr=" + address(first), "dnsaddr=" + address(self)));

    start(List.of(Multiaddr.parse("/dnsaddr/list.example")));
    time.advance(Duration.ofSeconds(1));

    assertTrue(self.connection(first.peerId()).isPresent());
  }

  @Test
  void asksDnsAgainAndTellsAPersonOnce() {
    first.start();
    try (LogCapture log = new LogCapture(Bootstrap.class.getName())) {
      CompletableFuture<Void> tried = start(List.of(Multiaddr.parse("/dnsaddr/list.example")));
      time.advance(Duration.ofSeconds(5));
      assertTrue(tried.isDone());
      assertEquals(1, log.lines().size(), log.lines()::toString);

      names.put("_dnsaddr.list.example", List.of("dnsaddr=" + address(first)));
      time.advance(Duration.ofSeconds(60));

      assertTrue(self.connection(first.peerId()).isPresent());
      assertEquals(1, log.lines().size(), log.lines()::toString);
    }
  }

  @Test
  void looksWhereAListedPeerHasMovedTo() {
    names.put("_dnsaddr.list.example", List.of("dnsaddr=" + address(first)));
    VirtualHost second = network.newHost(TestIdentities.publicKey(3));
    second.start();
    try (LogCapture log = new LogCapture(Bootstrap.class.getName())) {
      start(List.of(Multiaddr.parse("/dnsaddr/list.example")));
      time.advance(Duration.ofSeconds(5));
      assertEquals(1, log.lines().size(), log.lines()::toString);
      assertTrue(log.lines().get(0).contains("none of the 1"), log.lines()::toString);

      names.put("_dnsaddr.list.example", List.of("dnsaddr=" + address(second)));
      time.advance(Duration.ofSeconds(31));
    }

    assertTrue(self.connection(second.peerId()).isPresent());
  }

  private List<VirtualHost> hosts(int count) {
    List<VirtualHost> hosts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      hosts.add(network.newHost(TestIdentities.publicKey(100 + identities++)));
    }
    return hosts;
  }

  private long protectedOf(List<VirtualHost> hosts) {
    return hosts.stream().filter(host -> self.isProtected(host.peerId())).count();
  }

  private static Multiaddr address(VirtualHost host) {
    return host.info().addresses().get(0).withPeer(host.peerId());
  }

  private static List<Multiaddr> addresses(List<VirtualHost> hosts) {
    return hosts.stream().map(BootstrapTest::address).toList();
  }

  private CompletableFuture<Void> start(PeerInfo... peers) {
    return start(
        Arrays.stream(peers).map(peer -> peer.addresses().get(0).withPeer(peer.id())).toList());
  }

  private CompletableFuture<Void> start(List<Multiaddr> addresses) {
    self.start();
    KeepConnected connections =
        new KeepConnected(self, ReconnectConfig.defaults(), time, new SplittableRandom(1));
    connections.start();
    AddressResolver dns =
        new AddressResolver() {
          @Override
          public CompletableFuture<List<InetAddress>> resolve(String name) {
            throw new AssertionError("asked for the addresses of " + name);
          }

          @Override
          public CompletableFuture<List<String>> texts(String name) {
            return CompletableFuture.completedFuture(names.getOrDefault(name, List.of()));
          }
        };
    return new Bootstrap(
            self,
            BootstrapConfig.of(addresses),
            new DnsaddrResolver(dns, DnsaddrConfig.defaults()),
            connections,
            time,
            new SplittableRandom(2))
        .start();
  }
}

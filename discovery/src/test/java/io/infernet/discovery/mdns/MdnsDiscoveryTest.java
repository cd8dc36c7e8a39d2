package io.infernet.discovery.mdns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.mdns.MdnsMessage.Pointer;
import io.infernet.discovery.mdns.MdnsMessage.Query;
import io.infernet.discovery.mdns.MdnsMessage.Question;
import io.infernet.discovery.mdns.MdnsMessage.Response;
import io.infernet.discovery.mdns.MdnsMessage.Text;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.LogCapture;
import io.infernet.libp2p.testing.TestIdentities;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class MdnsDiscoveryTest {

  private static final MdnsConfig CONFIG = MdnsConfig.defaults();
  private static final String SERVICE = CONFIG.serviceName();
  private static final String STRANGER = "stranger." + SERVICE;

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(1)));
  private final FakeLan lan = new FakeLan(time);
  private final MdnsCodec codec = new MdnsCodec(MdnsDiscovery.MAX_PACKET);
  private final InetSocketAddress stranger =
      new InetSocketAddress(FakeLan.address("10.99.0.1"), MdnsDiscovery.PORT);
  private int nodes;

  private final class Node {
    final VirtualHost host = network.newHost(TestIdentities.publicKey(++nodes));
    final FakeLan.Port port = lan.plug(host.info().addresses().get(0).host().orElseThrow());
    final List<PeerInfo> told = new ArrayList<>();
    final MdnsDiscovery mdns;

    Node(MdnsConfig config) {
      host.start();
      mdns = new MdnsDiscovery(host, config, port, time, time, time, new SplittableRandom(nodes));
      mdns.addListener(told::add);
    }

    Node() {
      this(CONFIG);
    }

    Node start() {
      mdns.start();
      return this;
    }

    boolean isConnectedTo(Node other) {
      return host.connection(other.host.peerId()).isPresent();
    }

    List<PeerInfo> found() {
      CompletableFuture<List<PeerInfo>> found = mdns.found();
      time.runDue();
      return found.join();
    }
  }

  @Test
  void thirtyNodesFindEachOtherWithinTwoSecondsOfTheLastStart() {
    List<Node> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      all.add(new Node().start());
      time.advance(Duration.ofMillis(50));
    }

    time.advance(Duration.ofSeconds(2));

    for (Node node : all) {
      assertEquals(29, node.host.connections().size());
      assertEquals(29, node.found().size());
    }
  }

  @Test
  void aNodeThatListensNowhereFindsOthersInHalfASecond() {
    for (int i = 0; i < 10; i++) {
      Node server = new Node().start();
      time.advance(Duration.ofSeconds(5));
      VirtualHost host = network.newHost(TestIdentities.publicKey(++nodes));
      // Not started: it can dial but has no address to tell.
      FakeLan.Port port = lan.plug("10.77.0." + (1 + i));
      List<PeerInfo> told = new ArrayList<>();
      MdnsDiscovery mdns =
          new MdnsDiscovery(host, CONFIG, port, time, time, time, new SplittableRandom(nodes));
      mdns.addListener(told::add);
      lan.sent().clear();
      mdns.start();
      time.advance(Duration.ofMillis(450));

      assertTrue(told.contains(server.host.info()), told::toString);
      assertTrue(responses().stream().noneMatch(r -> r.toString().contains(host.peerId() + "")));
      mdns.close();
    }
  }

  @Test
  void asksEverMoreRarely() {
    new Node().start();
    time.advance(Duration.ofHours(1));

    long questions = lan.sent().stream().filter(sent -> sent.message() instanceof Query).count();
    // At 0, 1, 3, 7, …, 255 seconds, then every four minutes.
    assertEquals(9 + (3600 - 255) / 240, questions);
  }

  @Test
  void answersAsTheSpecificationSays() {
    Node node = new Node().start();
    time.advance(Duration.ofMillis(500));
    lan.sent().clear();
    time.advance(Duration.ofSeconds(30));
    lan.sent().clear();

    ask(new Question("_P2P._udp.local", MdnsMessage.POINTER, false));
    time.advance(Duration.ofSeconds(1));

    Response response = responses().get(0);
    Pointer pointer = (Pointer) response.answers().get(0);
    Text text = (Text) response.additional().get(0);
    assertEquals(SERVICE, pointer.name());
    assertEquals(600, pointer.timeToLive());
    assertTrue(pointer.target().matches("[0-9a-z]{32}\\._p2p\\._udp\\.local"), pointer.target());
    assertEquals(pointer.target(), text.name());
    assertEquals(
        List.of("dnsaddr=" + node.host.listenAddresses().get(0).withPeer(node.host.peerId())),
        text.strings());
    assertTrue(node.told.isEmpty(), "it takes no notice of itself");
  }

  @Test
  void answersAFloodOfQuestionsOnceASecond() {
    new Node().start();
    time.advance(Duration.ofSeconds(10));
    lan.sent().clear();

    for (int i = 0; i < 1_000; i++) {
      ask(new Question(SERVICE, MdnsMessage.POINTER, false));
      time.advance(Duration.ofMillis(10));
    }

    assertTrue(responses().size() <= 11, () -> responses().size() + " answers in 10 s");
  }

  @Test
  void answersAFloodOfUnicastQuestionsTenTimesASecond() {
    new Node().start();
    time.advance(Duration.ofSeconds(10));
    lan.sent().clear();

    for (int i = 0; i < 1_000; i++) {
      ask(new Question(SERVICE, MdnsMessage.POINTER, true));
      time.advance(Duration.ofMillis(1));
    }

    List<FakeLan.Sent> answers =
        lan.sent().stream().filter(sent -> sent.message() instanceof Response).toList();
    assertTrue(answers.size() <= 20, () -> answers.size() + " answers in 1 s");
    assertTrue(answers.stream().allMatch(sent -> stranger.equals(sent.to())));
  }

  @Test
  void tellsAResolverThatKnowsNothingOfMulticastItsOwnQuestion() {
    new Node().start();
    time.advance(Duration.ofSeconds(10));
    lan.sent().clear();
    InetSocketAddress resolver = new InetSocketAddress(stranger.getAddress(), 40_000);
    Question question = new Question(SERVICE, MdnsMessage.POINTER, false);

    lan.inject(resolver, codec.encode(new Query(7, List.of(question), List.of())));
    time.advance(Duration.ofMillis(10));

    Response response = responses().get(0);
    assertEquals(7, response.id());
    assertEquals(List.of(question), response.questions());
    assertEquals(10, ((Pointer) response.answers().get(0)).timeToLive());
    assertEquals(resolver, lan.sent().get(1).to());
  }

  @Test
  void answersTheMetaQueryAndAskedDirectly() {
    new Node().start();
    time.advance(Duration.ofSeconds(10));
    String name = ((Pointer) responses().get(0).answers().get(0)).target();
    lan.sent().clear();

    ask(new Question("_services._dns-sd._udp.local", MdnsMessage.POINTER, false));
    ask(new Question(name, MdnsMessage.TEXT, false));
    time.advance(Duration.ofSeconds(1));

    assertEquals(
        new Pointer("_services._dns-sd._udp.local", 600, SERVICE),
        responses().get(0).answers().get(0));
    assertEquals(name, responses().get(1).answers().get(0).name());
  }

  @Test
  void saysNothingToThoseWhoKnowItsAnswerAlready() {
    new Node().start();
    time.advance(Duration.ofSeconds(10));
    Pointer own = (Pointer) responses().get(0).answers().get(0);
    lan.sent().clear();
    Question question = new Question(SERVICE, MdnsMessage.POINTER, false);

    lan.inject(stranger, codec.encode(new Query(0, List.of(question), List.of(own))));
    time.advance(Duration.ofSeconds(1));
    assertEquals(0, responses().size());

    Pointer old = new Pointer(own.name(), 299, own.target());
    lan.inject(stranger, codec.encode(new Query(0, List.of(question), List.of(old))));
    time.advance(Duration.ofSeconds(1));
    assertEquals(1, responses().size());
  }

  @Test
  void nodesOfOtherNetworksDoNotSeeEachOther() {
    Node one = new Node(MdnsConfig.forNetwork("one")).start();
    Node alsoOne = new Node(MdnsConfig.forNetwork("one")).start();
    Node main = new Node().start();

    time.advance(Duration.ofSeconds(3));

    assertTrue(one.isConnectedTo(alsoOne));
    assertFalse(main.isConnectedTo(one));
    assertEquals(List.of(), main.told);
  }

  @Test
  void believesOnlyAddressesThatAreNear() {
    Node node = new Node().start();
    time.advance(Duration.ofSeconds(1));
    Multiaddr near = Multiaddr.parse("/ip4/10.99.0.1/tcp/4001");
    Multiaddr other = Multiaddr.parse("/ip4/192.168.7.1/tcp/4001");

    announce(
        600,
        near,
        other,
        Multiaddr.parse("/ip4/8.8.8.8/tcp/4001"),
        Multiaddr.parse("/ip4/127.0.0.1/tcp/4001"),
        Multiaddr.parse("/ip4/0.0.0.0/tcp/4001"),
        Multiaddr.parse("/ip6/fe80::1/tcp/4001"),
        Multiaddr.parse("/dns4/example.org/tcp/4001"));
    time.advance(Duration.ofMillis(100));

    assertEquals(List.of(new PeerInfo(TestIdentities.peerId(77), List.of(near, other))), node.told);
    assertEquals(List.of(near, other), node.host.peers().addresses(TestIdentities.peerId(77)));
  }

  @Test
  void takesNoPacketsFromFarAway() {
    Node node = new Node().start();
    time.advance(Duration.ofSeconds(1));
    InetSocketAddress far = new InetSocketAddress(FakeLan.address("11.0.0.1"), MdnsDiscovery.PORT);

    lan.inject(far, announcement(600, Multiaddr.parse("/ip4/10.99.0.1/tcp/4001")));
    time.advance(Duration.ofSeconds(1));

    assertEquals(List.of(), node.told);
  }

  @Test
  void forgetsAPeerThatSaysGoodbye() {
    Node node = new Node().start();
    Node other = new Node().start();
    time.advance(Duration.ofSeconds(3));
    assertEquals(List.of(other.host.peerId()), ids(node.found()));

    other.mdns.close();
    time.advance(Duration.ofSeconds(1));

    assertEquals(List.of(), node.found());
  }

  @Test
  void forgetsAPeerThatIsNotHeardOfAnyMore() {
    Node node = new Node().start();
    time.advance(Duration.ofSeconds(1));
    announce(120, Multiaddr.parse("/ip4/10.99.0.1/tcp/4001"));
    time.advance(Duration.ofSeconds(60));
    assertEquals(1, node.found().size());

    time.advance(Duration.ofSeconds(61));

    assertEquals(0, node.found().size());
  }

  @Test
  void dialsAPeerAgainThatCouldNotBeReached() {
    Node node = new Node().start();
    VirtualHost late = network.newHost(TestIdentities.publicKey(77));
    time.advance(Duration.ofSeconds(1));
    announce(600, late.info().addresses().get(0));
    time.advance(Duration.ofSeconds(3));
    late.start();

    time.advance(Duration.ofSeconds(30));

    assertTrue(node.host.connection(late.peerId()).isPresent());
  }

  @Test
  void comesBackWhenTheNetworkDoes() {
    Node node = new Node().start();
    Node other = new Node();
    other.port.plugged = false;
    try (LogCapture log = new LogCapture(MdnsDiscovery.class.getName())) {
      other.start();
      time.advance(Duration.ofMinutes(1));
      assertEquals(1, log.lines().size(), log.lines()::toString);
      assertTrue(log.lines().get(0).contains("no network interface"), log.lines()::toString);
    }
    assertFalse(node.isConnectedTo(other));

    other.port.plugged = true;
    time.advance(Duration.ofSeconds(8));

    assertTrue(node.isConnectedTo(other));
  }

  @Test
  void remembersABoundedNumberOfPeersAndDialsFewAtOnce() {
    Node node = new Node().start();
    time.advance(Duration.ofSeconds(1));
    for (int i = 0; i < 1_100; i++) {
      Multiaddr address =
          Multiaddr.parse("/ip4/10.98." + i / 250 + "." + (1 + i % 250) + "/tcp/1")
              .withPeer(TestIdentities.peerId(1_000 + i));
      lan.inject(
          stranger,
          codec.encode(
              new Response(
                  0,
                  List.of(),
                  List.of(new Pointer(SERVICE, 600, "p" + i + "." + SERVICE)),
                  List.of(new Text("p" + i + "." + SERVICE, 600, List.of("dnsaddr=" + address))))));
      time.advance(Duration.ofMillis(10));
    }

    assertTrue(node.found().size() <= CONFIG.maxPeers());
  }

  @Test
  void dialsNoMoreThanItNeeds() {
    Node first = new Node().start();
    MdnsConfig d = CONFIG;
    Node second =
        new Node(
            new MdnsConfig(
                d.serviceName(),
                d.timeToLive(),
                d.firstInterval(),
                d.maxInterval(),
                d.refreshInterval(),
                d.minAnswerInterval(),
                d.maxUnicastAnswers(),
                d.maxPacketSize(),
                d.maxAddresses(),
                d.maxPeers(),
                d.maxDials(),
                /* maxConnections= */ 1,
                d.firstRetry(),
                d.maxRetry()));
    second.start();
    time.advance(Duration.ofSeconds(5));
    assertEquals(1, second.host.connections().size());

    announce(600, Multiaddr.parse("/ip4/10.99.0.1/tcp/4001"));
    time.advance(Duration.ofSeconds(5));

    assertEquals(
        List.of(first.host.peerId()),
        second.host.connections().stream().map(c -> c.remotePeer()).toList());
    assertEquals(2, second.told.size(), "but it tells of those it found");
  }

  @Test
  void survivesWhatIsNoDns() {
    Node node = new Node().start();
    time.advance(Duration.ofSeconds(1));

    lan.inject(stranger, ByteBuffer.wrap(new byte[20]));
    lan.inject(
        stranger, ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x84, 0, 0, 0, 0, 9, 0, 0, 0, 0}));
    time.advance(Duration.ofSeconds(1));
    Node other = new Node().start();
    time.advance(Duration.ofSeconds(3));

    assertTrue(node.isConnectedTo(other));
  }

  private static List<?> ids(List<PeerInfo> peers) {
    return peers.stream().map(PeerInfo::id).toList();
  }

  private void ask(Question question) {
    lan.inject(stranger, codec.encode(new Query(0, List.of(question), List.of())));
  }

  /** A stranger, number 77, says where it is. */
  private void announce(long timeToLive, Multiaddr... addresses) {
    lan.inject(stranger, announcement(timeToLive, addresses));
  }

  private ByteBuffer announcement(long timeToLive, Multiaddr... addresses) {
    List<String> strings = new ArrayList<>();
    for (Multiaddr address : addresses) {
      strings.add("dnsaddr=" + address.withPeer(TestIdentities.peerId(77)));
    }
    return codec.encode(
        new Response(
            0,
            List.of(),
            List.of(new Pointer(SERVICE, timeToLive, STRANGER)),
            List.of(new Text(STRANGER, timeToLive, strings))));
  }

  private List<Response> responses() {
    List<Response> responses = new ArrayList<>();
    for (FakeLan.Sent sent : lan.sent()) {
      if (sent.message() instanceof Response response) {
        responses.add(response);
      }
    }
    return responses;
  }
}

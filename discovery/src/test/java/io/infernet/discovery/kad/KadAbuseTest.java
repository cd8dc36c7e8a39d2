package io.infernet.discovery.kad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.discovery.kad.wire.KadCodec;
import io.infernet.discovery.kad.wire.KadLimits;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamListener;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.multiformats.Varint;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.testing.Property;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Peers that send what they must not, to a node in a small network: every such message is refused
 * and counted, the node's memory stays bounded, and it goes on to serve the others.
 */
class KadAbuseTest {

  private static final Duration A_WHILE = Duration.ofSeconds(5);

  /** Writes more than anybody may send. */
  private static final KadCodec UNLIMITED =
      KadCodec.ofResponses(
          new KadLimits(1 << 24, 1 << 20, 0, 1 << 20, 1 << 16, 1 << 20, 1 << 20),
          new PeerCache(16));

  private final KadNetwork net = new KadNetwork(11);
  private KadNetwork.Node victim;
  private VirtualHost attacker;

  /** Grows a network of that many honest nodes; the first is the victim. */
  private void start(int nodes, KadConfig config) {
    net.grow(nodes, config);
    victim = net.nodes.get(0);
    attacker = net.host();
  }

  private static KadConfig config(int maxRequestsPerMinute) {
    KadConfig some = KadConfig.defaults();
    return new KadConfig(
        some.protocol(),
        some.mode(),
        some.wire(),
        some.table(),
        some.query(),
        some.refreshInterval(),
        some.refreshSize(),
        some.republishInterval(),
        some.checkInterval(),
        some.checkAge(),
        some.maxChecks(),
        some.saveInterval(),
        some.sizeSamples(),
        some.maxOwnKeys(),
        some.maxProvidersPerAnswer(),
        some.maxProviders(),
        maxRequestsPerMinute,
        some.maxRatedPeers(),
        some.maxInboundStreamsPerPeer(),
        some.maxPendingAnswers(),
        some.streamIdleTimeout(),
        some.maxViolations(),
        some.banDuration(),
        some.maxWatchedPeers());
  }

  /** A stream of the attacker to the victim, and what came back on it. */
  private static final class Attack implements StreamListener {
    final Stream stream;
    int bytes;
    boolean reset;

    Attack(Stream stream) {
      this.stream = stream;
      stream.listen(this);
    }

    @Override
    public void onData(ByteBuffer data) {
      bytes += data.remaining();
    }

    @Override
    public void onRemoteClose() {}

    @Override
    public void onReset(Throwable cause) {
      reset = true;
    }

    void send(KadMessage message) {
      sendFramed(UNLIMITED.encode(message));
    }

    void sendFramed(ByteBuffer body) {
      ByteBuffer framed = ByteBuffer.allocate(Varint.MAX_LENGTH + body.remaining());
      Varint.write(body.remaining(), framed);
      stream.send(framed.put(body).flip());
    }
  }

  private Attack open(VirtualHost from) {
    net.await(from.connect(victim.info()));
    return new Attack(
        net.await(from.newStream(victim.id(), List.of(KadConfig.defaults().protocol()))));
  }

  /** Sends one message on a stream of its own. */
  private Attack send(VirtualHost from, KadMessage message) {
    Attack attack = open(from);
    attack.send(message);
    net.time.advance(A_WHILE);
    return attack;
  }

  private KadStatus status() {
    return net.await(victim.dht().status());
  }

  private long violations() {
    return status().violations();
  }

  private static Multihash key(int n) {
    return Multihash.sha256(ByteBuffer.allocate(Integer.BYTES).putInt(n).array());
  }

  private static ValueRecord value(String key, byte[] value) {
    return new ValueRecord(key.getBytes(StandardCharsets.UTF_8), value, Instant.EPOCH);
  }

  private static PeerInfo at(PeerId peer, int addresses) {
    List<Multiaddr> all = new ArrayList<>();
    for (int i = 0; i < addresses; i++) {
      all.add(Multiaddr.parse("/ip4/192.0.2.1/tcp/" + (1 + i)));
    }
    return new PeerInfo(peer, all);
  }

  private void assertStillServes() {
    KadNetwork.Node honest = net.nodes.get(1);
    Multihash key = key(-1);
    assertTrue(net.await(honest.dht().provide(key)) > 0);
    assertEquals(
        List.of(honest.id()), KadNetwork.ids(net.await(victim.dht().findProviders(key, 3))));
    assertTrue(
        net.await(net.nodes.get(2).dht().lookUp(victim.id().toBytes())).closest().stream()
            .anyMatch(peer -> peer.id().equals(victim.id())));
  }

  @Test
  void countsMalformedMessagesAndShutsThePeerOut() {
    start(8, KadConfig.defaults());
    SplittableRandom random = new SplittableRandom(5);
    int banAfter = KadConfig.defaults().maxViolations();
    for (int i = 1; i <= banAfter; i++) {
      Attack attack = open(attacker);
      byte[] garbage = Property.bytesOfLength(random, 40);
      garbage[0] = (byte) 0xff;
      attack.sendFramed(ByteBuffer.wrap(garbage));
      net.time.advance(A_WHILE);
      assertTrue(attack.reset);
      assertEquals(i, violations());
    }

    Attack shutOut = send(attacker, new KadMessage.FindNode(net.randomKey()));
    assertTrue(shutOut.reset);
    assertEquals(0, shutOut.bytes);
    net.time.advance(KadConfig.defaults().banDuration());
    Attack forgiven = send(attacker, new KadMessage.FindNode(net.randomKey()));
    assertFalse(forgiven.reset);
    assertTrue(forgiven.bytes > 0);
    assertStillServes();
  }

  @Test
  void refusesWhateverIsOverALimit() {
    start(8, KadConfig.defaults());
    KadLimits limits = KadConfig.defaults().wire();
    byte[] longKey = new byte[limits.maxKeyLength() + 1];
    List<Function<PeerId, KadMessage>> tooMuch =
        List.of(
            self -> new KadMessage.FindNode(longKey),
            self -> new KadMessage.GetValue(longKey),
            self -> new KadMessage.PutValue(value("/ns/x", new byte[limits.maxValueLength() + 1])),
            self ->
                new KadMessage.AddProvider(
                    key(1), Collections.nCopies(limits.maxPeers() + 1, at(self, 1))),
            self ->
                new KadMessage.AddProvider(key(2), List.of(at(self, limits.maxAddresses() + 1))));
    long expected = 0;
    for (Function<PeerId, KadMessage> message : tooMuch) {
      VirtualHost from = net.host();
      assertTrue(send(from, message.apply(from.peerId())).reset);
      assertEquals(++expected, violations());
    }

    Attack oversized = open(attacker);
    ByteBuffer length = ByteBuffer.allocate(Varint.MAX_LENGTH);
    Varint.write(limits.maxMessageSize() + 1L, length);
    oversized.stream.send(length.flip());
    net.time.advance(A_WHILE);
    assertTrue(oversized.reset, "before any of it was read");
    assertEquals(++expected, violations());

    Attack cutShort = open(attacker);
    cutShort.stream.send(ByteBuffer.wrap(new byte[] {50, 8, 4}));
    cutShort.stream.closeWrite();
    net.time.advance(A_WHILE);
    assertTrue(cutShort.reset);
    assertEquals(++expected, violations());
    assertEquals(0, status().providers());
    assertEquals(0, status().values());
    assertStillServes();
  }

  @Test
  void takesProviderRecordsOnlyFromTheProvider() {
    start(8, KadConfig.defaults());
    PeerInfo other = net.nodes.get(3).info();

    assertTrue(send(attacker, new KadMessage.AddProvider(key(1), List.of(other))).reset);
    assertTrue(
        send(attacker, new KadMessage.AddProvider(key(1), List.of(attacker.info(), other))).reset);

    assertEquals(2, violations());
    assertEquals(List.of(), victim.records().providers(key(1)));
    send(attacker, new KadMessage.AddProvider(key(1), List.of(at(attacker.peerId(), 0))));
    assertEquals(2, violations(), "one that cannot be dialled is useless, not bad");
    assertEquals(List.of(), victim.records().providers(key(1)));
    assertFalse(send(attacker, new KadMessage.AddProvider(key(1), List.of(attacker.info()))).reset);
    assertEquals(1, victim.records().providers(key(1)).size());
  }

  @Test
  void keepsFewOfTheAddressesThatAProviderClaims() {
    start(8, KadConfig.defaults());
    KadLimits limits = KadConfig.defaults().wire();
    send(
        attacker,
        new KadMessage.AddProvider(key(1), List.of(at(attacker.peerId(), limits.maxAddresses()))));
    assertEquals(
        limits.keptAddresses(),
        victim.records().providers(key(1)).get(0).provider().addresses().size());
  }

  @Test
  void survivesAMillionProviderKeysOfOnePeer() {
    start(8, config(10_000_000));
    List<KadNetwork.Node> honest = net.nodes.subList(1, 6);
    for (int i = 0; i < honest.size(); i++) {
      assertTrue(net.await(honest.get(i).dht().provide(key(-10 - i))) > 0);
    }
    int before = status().providers();
    int sent = 0;
    while (sent < 1_000_000) {
      Attack attack = open(attacker);
      for (int i = 0; i < 5_000; i++) {
        if (attack.reset) {
          sent++; // refused before it leaves
        } else {
          attack.send(new KadMessage.AddProvider(key(sent++), List.of(attacker.info())));
        }
        if (i % 500 == 499) {
          net.time.advance(Duration.ofMillis(400));
        }
      }
      net.time.advance(A_WHILE);
      attack.stream.reset();
    }

    int limit = RecordLimits.defaults().maxKeysPerProvider();
    assertEquals(before + limit, status().providers());
    assertEquals(KadConfig.defaults().maxViolations(), violations());
    for (int i = 0; i < honest.size(); i++) {
      assertEquals(
          List.of(honest.get(i).id()),
          KadNetwork.ids(net.await(victim.dht().findProviders(key(-10 - i), 3))));
    }
    assertStillServes();
  }

  @Test
  void servesEachPeerOnlySoOften() {
    KadConfig config = config(60);
    start(3, config);
    int answered = 0;
    for (int i = 0; i < 100; i++) {
      Attack attack = open(attacker);
      attack.send(new KadMessage.Ping());
      net.time.advance(Duration.ofMillis(400));
      answered += attack.bytes > 0 ? 1 : 0;
      assertEquals(attack.bytes == 0, attack.reset);
      attack.stream.reset();
    }
    assertTrue(answered >= 60 && answered < 100, answered + " answers");
    assertStillServes();
  }

  @Test
  void storesOnlyValidValuesAndNoWorseOnes() {
    start(8, KadConfig.defaults());
    byte[] name = "/ns/x".getBytes(StandardCharsets.UTF_8);
    net.await(net.nodes.get(1).dht().putValue(name, new byte[] {5}));
    assertEquals(5, victim.records().value(name).orElseThrow().value()[0]);

    assertTrue(
        send(attacker, new KadMessage.PutValue(value("/ns/x", new byte[0]))).reset, "invalid");
    assertEquals(1, violations());
    send(attacker, new KadMessage.PutValue(value("/ns/x", new byte[] {3})));

    assertEquals(5, victim.records().value(name).orElseThrow().value()[0]);
    assertEquals(1, violations(), "an older value may be sent in good faith");
    assertEquals(5, net.await(net.nodes.get(4).dht().getValue(name, 0)).orElseThrow()[0]);
    Instant now = net.time.clock().instant();
    send(
        attacker,
        new KadMessage.PutValue(
            new ValueRecord(name, new byte[] {7}, now.plus(Duration.ofDays(1_000)))));
    assertTrue(
        !victim.records().value(name).orElseThrow().received().isAfter(net.time.clock().instant()),
        "when it was received is not for the sender to say");
  }

  @Test
  void keepsTheValuesOfOnePeerWithinItsShare() {
    start(8, config(1_000_000));
    RecordLimits limits = RecordLimits.defaults();
    int size = 8 * 1024;
    byte[] large = new byte[size];
    large[0] = 1;
    Attack attack = open(attacker);
    for (int i = 0; i < 200; i++) {
      if (attack.reset) {
        attack = open(attacker);
      }
      attack.send(new KadMessage.PutValue(value("/ns/" + i, large)));
      net.time.advance(Duration.ofMillis(400));
    }
    int values = status().values();
    assertTrue(values > 0 && (long) values * size <= limits.maxValueBytesPerSource());
    assertEquals(KadConfig.defaults().maxViolations(), violations());
    assertThrows(
        CompletionException.class,
        () ->
            net.await(
                victim
                    .dht()
                    .putValue("/ns/x".getBytes(StandardCharsets.UTF_8), new byte[1 << 20])));
  }

  @Test
  void allowsEachPeerAFewStreamsAndEndsThoseThatIdle() {
    KadConfig config = KadConfig.defaults();
    start(8, config);
    List<Attack> attacks = new ArrayList<>();
    for (int i = 0; i < config.maxInboundStreamsPerPeer() + 10; i++) {
      attacks.add(open(attacker));
    }
    net.time.advance(A_WHILE);
    assertEquals(config.maxInboundStreamsPerPeer(), attacks.stream().filter(a -> !a.reset).count());

    net.time.advance(config.streamIdleTimeout().plus(config.checkInterval().multipliedBy(2)));

    assertTrue(attacks.stream().allMatch(a -> a.reset));
    assertTrue(send(attacker, new KadMessage.Ping()).bytes > 0, "the streams are free again");
  }

  @Test
  void doesNotPileUpAnswersForAPeerThatReadsNone() {
    start(30, config(1_000_000));
    Attack attack = open(attacker);
    attack.stream.pauseReading();
    for (int i = 0; i < 5_000 && !attack.stream.closed().isDone(); i++) {
      attack.send(new KadMessage.FindNode(net.randomKey()));
      if (i % 10 == 0) {
        net.time.advance(Duration.ofMillis(200));
      }
    }
    net.time.advance(A_WHILE);
    assertTrue(attack.stream.closed().isDone());
    assertStillServes();
  }

  /** What a server that lies answers to each request. */
  private VirtualHost liar(Function<KadMessage, ByteBuffer> answer) {
    VirtualHost host = net.host();
    KadCodec codec = KadCodec.ofRequests(KadLimits.defaults(), new PeerCache(16));
    host.handle(
        KadConfig.defaults().protocol(),
        stream ->
            stream.listen(
                new StreamListener() {
                  @Override
                  public void onData(ByteBuffer data) {
                    try {
                      Varint.decode(data);
                      stream.send(answer.apply(codec.decode(data)));
                    } catch (ProtocolViolationException e) {
                      throw new AssertionError(e);
                    }
                  }

                  @Override
                  public void onRemoteClose() {}

                  @Override
                  public void onReset(Throwable cause) {}
                }));
    net.await(host.connect(victim.info()));
    return host;
  }

  private static ByteBuffer framed(ByteBuffer body) {
    ByteBuffer framed = ByteBuffer.allocate(Varint.MAX_LENGTH + body.remaining());
    Varint.write(body.remaining(), framed);
    return framed.put(body).flip();
  }

  @Test
  void countsBadAnswersAndFindsTheTruthAllTheSame() {
    start(25, KadConfig.defaults());
    PeerInfo crowd = at(attacker.peerId(), 1);
    List<VirtualHost> liars =
        List.of(
            liar(asked -> ByteBuffer.wrap(new byte[] {3, -1, -1, -1})),
            liar(asked -> framed(ByteBuffer.wrap(new byte[] {8, 9}))),
            liar(
                asked ->
                    framed(
                        UNLIMITED.encode(
                            new KadMessage.CloserPeers(Collections.nCopies(1_000, crowd))))),
            liar(
                asked ->
                    framed(
                        UNLIMITED.encode(
                            new KadMessage.CloserPeers(List.of(at(attacker.peerId(), 500)))))),
            liar(
                asked ->
                    framed(ByteBuffer.wrap(new byte[KadLimits.defaults().maxMessageSize() + 1]))),
            liar(asked -> framed(UNLIMITED.encode(new KadMessage.Pong()))));
    for (VirtualHost liar : liars) {
      net.await(victim.dht().addPeer(liar.info()));
    }
    long before = violations();
    assertTrue(before >= liars.size(), before + " violations");

    for (int i = 0; i < 10; i++) {
      byte[] key = net.randomKey();
      List<PeerId> found = KadNetwork.ids(net.await(victim.dht().lookUp(key)).closest());
      for (PeerId peer : net.closest(key, 10, victim)) {
        assertTrue(found.contains(peer));
      }
    }
    List<PeerId> table = KadNetwork.ids(net.await(victim.dht().routingTable()));
    for (VirtualHost liar : liars) {
      assertFalse(table.contains(liar.peerId()), "it has never answered as one should");
    }
  }

  @Test
  void takesNobodyIntoItsTableWhoIsOnlyNamed() {
    start(8, KadConfig.defaults());
    List<PeerInfo> nowhere = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      nowhere.add(at(PeerId.of(net.identities.next()), 1));
    }
    VirtualHost liar = liar(asked -> framed(UNLIMITED.encode(new KadMessage.CloserPeers(nowhere))));
    net.await(victim.dht().addPeer(liar.info()));
    for (int i = 0; i < 5; i++) {
      net.await(victim.dht().lookUp(net.randomKey()));
    }
    List<PeerId> table = KadNetwork.ids(net.await(victim.dht().routingTable()));
    nowhere.forEach(peer -> assertFalse(table.contains(peer.id())));
    assertTrue(table.size() >= 7);
  }

  @Test
  void believesNoValueThatIsForgedOrOfAnotherKey() {
    start(8, KadConfig.defaults());
    byte[] name = "/ns/x".getBytes(StandardCharsets.UTF_8);
    net.await(net.nodes.get(1).dht().putValue(name, new byte[] {5}));
    List<ValueRecord> lies = List.of(value("/ns/x", new byte[0]), value("/ns/y", new byte[] {127}));
    KadNetwork.Node asker = net.nodes.get(5);
    for (ValueRecord lie : lies) {
      VirtualHost liar =
          liar(
              asked ->
                  framed(
                      UNLIMITED.encode(
                          asked instanceof KadMessage.GetValue
                              ? new KadMessage.Value(Optional.of(lie), List.of())
                              : new KadMessage.CloserPeers(List.of()))));
      assertTrue(net.await(asker.dht().addPeer(liar.info())));
    }
    assertEquals(5, net.await(asker.dht().getValue(name, 0)).orElseThrow()[0]);
    assertEquals(1, net.await(asker.dht().status()).violations(), "the value of another key");
  }
}

package io.infernet.libp2p.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamListener;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VirtualNetworkTest {

  private static final Duration LATENCY = Duration.ofMillis(10);
  private static final ProtocolId ECHO = ProtocolId.of("/echo/1");

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network = new VirtualNetwork(time, LinkModel.fixed(LATENCY));
  private final VirtualHost alice = network.newHost(TestIdentities.publicKey(1));
  private final VirtualHost bob = network.newHost(TestIdentities.publicKey(2));
  private final Recorder received = new Recorder();

  @BeforeEach
  void start() {
    alice.start();
    bob.start();
    bob.handle(ECHO, VirtualNetworkTest::echo);
  }

  @Test
  void echoesOverAStreamAndClosesBothEnds() {
    Stream stream = open();
    stream.send(bytes(1000));
    stream.closeWrite();

    time.runUntilIdle();

    assertEquals(1000, received.bytes);
    assertEquals("closed", received.end);
    assertTrue(stream.closed().isDone());
    assertEquals(0, bob.connections().get(0).streamCount());
  }

  @Test
  void aMessageTakesTheLinksLatencyEachWay() {
    Stream stream = open();
    long before = time.nanoTime();

    stream.send(bytes(1));
    while (received.bytes == 0) {
      time.runNext();
    }

    assertEquals(Duration.ofMillis(20).toNanos(), time.nanoTime() - before);
  }

  @Test
  void aWriterWaitsForAReaderThatPauses() {
    Stream stream = open();
    stream.pauseReading();
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      sent.add(stream.send(bytes(100_000)));
    }

    time.runUntilIdle();
    assertFalse(sent.get(19).isDone(), "three windows cannot hold two megabytes");

    stream.resumeReading();
    time.runUntilIdle();
    assertTrue(sent.get(19).isDone());
    assertEquals(2_000_000, received.bytes);
  }

  @Test
  void peersOfAKilledHostSeeTheirStreamsReset() {
    open();

    network.kill(bob.peerId());
    time.runUntilIdle();

    assertEquals("reset", received.end);
    assertTrue(alice.connections().isEmpty());
    assertTrue(fails(bob.info()));
  }

  @Test
  void whatAStalledHostIsSentArrivesWhenItResumes() {
    Stream stream = open();
    network.stall(bob.peerId());
    stream.send(bytes(10));
    time.runUntilIdle();
    assertEquals(0, received.bytes);

    network.resume(bob.peerId());
    time.runUntilIdle();
    assertEquals(10, received.bytes);
  }

  @Test
  void hostsConnectAgainAfterTheirConnectionBroke() {
    open();

    network.disconnect(alice.peerId(), bob.peerId());
    time.runUntilIdle();
    assertEquals("reset", received.end);
    assertTrue(bob.connections().isEmpty());

    alice.newStream(bob.peerId(), List.of(ECHO));
    time.runUntilIdle();
    assertEquals(1, bob.connections().size());
  }

  @Test
  void failsAStreamOfAProtocolThatTheRemoteDoesNotSpeak() {
    CompletableFuture<?> stream = alice.connect(bob.info());
    time.runUntilIdle();
    assertTrue(stream.isDone());

    CompletableFuture<Stream> unknown =
        alice.newStream(bob.peerId(), List.of(ProtocolId.of("/unknown/1")));
    time.runUntilIdle();

    assertTrue(unknown.isCompletedExceptionally());
  }

  @Test
  void aDialOfAHostThatVanishedWaitsInVainAndItsPeersFindOutLater() {
    Stream stream = open();
    network.vanish(bob.peerId());

    time.advance(Duration.ofSeconds(29));
    assertEquals("open", received.end);
    stream.send(bytes(1));
    time.advance(Duration.ofSeconds(2));
    assertEquals("reset", received.end);
    assertTrue(alice.connections().isEmpty());

    VirtualNetwork silent = new VirtualNetwork(time, LinkModel.fixed(LATENCY), realistic(8, 8));
    VirtualHost carol = silent.newHost(TestIdentities.publicKey(3));
    carol.start();
    CompletableFuture<?> dial = carol.connect(bob.info());
    time.advance(Duration.ofSeconds(4));
    assertFalse(dial.isDone());
    time.advance(Duration.ofSeconds(1));
    assertTrue(dial.isCompletedExceptionally());
  }

  @Test
  void nothingPassesBetweenAnIsolatedHostAndTheOthersUntilTheyAreHealed() {
    open();
    network.isolate(List.of(bob.peerId()));
    time.runUntilIdle();
    assertEquals("reset", received.end);
    assertTrue(bob.connections().isEmpty());
    assertTrue(fails(bob.info()));

    network.heal();
    assertFalse(fails(bob.info()));
  }

  @Test
  void aStreamToAPeerWhoseProtocolsAreKnownCostsNoRoundTrip() {
    VirtualNetwork known = new VirtualNetwork(time, LinkModel.fixed(LATENCY), realistic(8, 8));
    VirtualHost carol = started(known, 3);
    VirtualHost dave = started(known, 4);
    dave.handle(ECHO, VirtualNetworkTest::echo);

    long before = time.nanoTime();
    carol
        .connect(dave.info())
        .thenCompose(connection -> connection.newStream(List.of(ECHO)))
        .thenAccept(
            stream -> {
              stream.listen(received);
              stream.send(bytes(1));
            });
    while (received.bytes == 0) {
      time.runNext();
    }

    assertEquals(
        LATENCY.multipliedBy(2 * (3 + 1)).toNanos(),
        time.nanoTime() - before,
        "three round trips to connect and one for the answer");
  }

  @Test
  void closesTheConnectionsThatWereIdleLongestAboveTheHighWaterMark() {
    VirtualNetwork small = new VirtualNetwork(time, LinkModel.fixed(LATENCY), realistic(4, 8));
    VirtualHost carol = started(small, 3);
    List<VirtualHost> others = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      VirtualHost other = started(small, 10 + i);
      others.add(other);
      if (i == 0) {
        carol.protect(other.peerId(), "test");
      }
      carol.connect(other.info());
      time.advance(Duration.ofSeconds(40));
    }

    assertEquals(4 * 3 / 4, carol.connections().size());
    assertTrue(carol.connection(others.get(0).peerId()).isPresent(), "it is protected");
    assertTrue(carol.connection(others.get(1).peerId()).isEmpty(), "it was idle longest");
    assertTrue(others.get(1).connections().isEmpty());
    time.runUntilIdle();
  }

  @Test
  void aLostStreamIsNeverAnswered() {
    LinkModel losing = LinkModel.fixed(LATENCY).losing(1, new SplittableRandom(1));
    VirtualNetwork bad = new VirtualNetwork(time, losing);
    VirtualHost carol = started(bad, 3);
    VirtualHost dave = started(bad, 4);
    CompletableFuture<?> dial = carol.connect(dave.info());

    time.runUntilIdle();

    assertTrue(dial.isCompletedExceptionally());
    assertTrue(dave.connections().isEmpty());
  }

  @Test
  void aLimitedUplinkSendsOneAfterTheOther() {
    bob.limitUplink(100_000);
    Stream stream = open();
    long before = time.nanoTime();
    stream.send(bytes(50_000));
    while (received.bytes < 50_000) {
      time.runNext();
    }

    assertTrue(time.nanoTime() - before >= Duration.ofMillis(500).toNanos());
  }

  @Test
  void aLatencyOfPairsStaysAboutTheSameBothWays() {
    LinkModel links =
        LinkModel.pairwise(
            Duration.ofMillis(50), Duration.ofMillis(300), 0.1, new SplittableRandom(3));
    for (int i = 0; i < 100; i++) {
      PeerId one = TestIdentities.peerId(i % 10);
      PeerId other = TestIdentities.peerId(10 + i / 10);
      long there = links.latency(one, other).toMillis();
      long back = links.latency(other, one).toMillis();
      assertTrue(there >= 50 && there <= 330, () -> there + " ms");
      assertTrue(Math.abs(there - back) <= 0.1 * Math.min(there, back) + 1, "both ways alike");
    }
  }

  @Test
  void hostsShareAnIpAddressButNoPort() {
    Multiaddr one = Multiaddr.parse("/ip4/192.0.2.1/tcp/1");
    network.newHost(TestIdentities.publicKey(5), one).start();
    network.newHost(TestIdentities.publicKey(6), Multiaddr.parse("/ip4/192.0.2.1/tcp/2")).start();
    VirtualHost third = network.newHost(TestIdentities.publicKey(7), one);

    assertThrows(IllegalStateException.class, third::start);
  }

  private static VirtualHost started(VirtualNetwork network, int identity) {
    VirtualHost host = network.newHost(TestIdentities.publicKey(identity));
    host.start();
    return host;
  }

  private static VirtualNetworkConfig realistic(int highWater, int maxConnections) {
    return new VirtualNetworkConfig(
        3,
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        false,
        true,
        Duration.ofSeconds(30),
        100,
        4,
        new ConnectionConfig(
            maxConnections,
            highWater,
            highWater * 3 / 4,
            2,
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10)));
  }

  @Test
  void runsTheSameWayForTheSameSeed() {
    assertEquals(trace(5), trace(5));
    assertNotEquals(trace(5), trace(6));
  }

  private static String trace(long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    VirtualTime time = new VirtualTime();
    VirtualNetwork network =
        new VirtualNetwork(
            time, LinkModel.uniform(Duration.ofMillis(1), Duration.ofMillis(50), random));
    StringBuilder trace = new StringBuilder();
    List<VirtualHost> hosts = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      VirtualHost host = network.newHost(TestIdentities.publicKey(10 + i));
      host.start();
      host.handle(ECHO, VirtualNetworkTest::echo);
      hosts.add(host);
    }
    for (VirtualHost from : hosts) {
      for (VirtualHost to : hosts) {
        from.connect(to.info())
            .thenCompose(c -> c.newStream(List.of(ECHO)))
            .thenAccept(
                stream -> {
                  trace.append(time.nanoTime()).append(' ').append(to.peerId()).append('\n');
                  stream.send(bytes(100));
                });
      }
    }
    time.runUntilIdle();
    return trace.append(network.traceHash()).toString();
  }

  private boolean fails(PeerInfo peer) {
    CompletableFuture<?> connection = alice.connect(peer);
    time.runUntilIdle();
    return connection.isCompletedExceptionally();
  }

  private Stream open() {
    CompletableFuture<Stream> opened =
        alice.connect(bob.info()).thenCompose(c -> c.newStream(List.of(ECHO)));
    time.runUntilIdle();
    Stream stream = opened.join();
    stream.listen(received);
    return stream;
  }

  private static ByteBuffer bytes(int length) {
    return ByteBuffer.allocate(length);
  }

  private static void echo(Stream stream) {
    stream.listen(
        new StreamListener() {
          @Override
          public void onData(ByteBuffer data) {
            byte[] copy = new byte[data.remaining()];
            data.get(copy);
            stream.pauseReading();
            stream
                .send(ByteBuffer.wrap(copy))
                .whenComplete((sent, error) -> stream.resumeReading());
          }

          @Override
          public void onRemoteClose() {
            stream.closeWrite();
          }

          @Override
          public void onReset(Throwable cause) {}
        });
  }

  private static final class Recorder implements StreamListener {
    private int bytes;
    private String end = "open";

    @Override
    public void onData(ByteBuffer data) {
      bytes += data.remaining();
    }

    @Override
    public void onRemoteClose() {
      end = "closed";
    }

    @Override
    public void onReset(Throwable cause) {
      end = "reset";
    }
  }
}

package io.infernet.libp2p.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamListener;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VirtualNetworkTest {

  private static final ProtocolId ECHO = ProtocolId.of("/echo/1");

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(10)));
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
  void runsTheSameWayForTheSameSeed() {
    assertEquals(trace(5), trace(5));
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
    return trace.toString();
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

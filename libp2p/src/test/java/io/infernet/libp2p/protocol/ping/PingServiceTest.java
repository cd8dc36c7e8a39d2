package io.infernet.libp2p.protocol.ping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.Received;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PingServiceTest {

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(10)));
  private final VirtualHost alice = network.newHost(TestIdentities.publicKey(1));
  private final VirtualHost bob = network.newHost(TestIdentities.publicKey(2));
  private final PingService ofAlice = service(alice);
  private final PingService ofBob = service(bob);

  @BeforeEach
  void connect() {
    alice.start();
    bob.start();
    ofBob.start();
    alice.connect(bob.info());
    time.runUntilIdle();
  }

  @Test
  void measuresTheRoundTrip() {
    assertEquals(Duration.ofMillis(20), ping().join());
    time.runUntilIdle();
    assertEquals(0, alice.connections().get(0).streamCount());
    assertEquals(0, bob.connections().get(0).streamCount());
  }

  @Test
  void echoesPingsHoweverTheyAreCut() {
    Stream stream = open();
    Received received = new Received();
    stream.listen(received);
    for (int i = 0; i < 64; i++) {
      stream.send(ByteBuffer.wrap(new byte[] {(byte) i}));
    }
    time.runUntilIdle();

    assertEquals(64, received.soFar().length);
    stream.closeWrite();
    time.runUntilIdle();
    assertTrue(stream.closed().isDone());
  }

  @Test
  void resetsAThirdStreamOfTheSamePeer() {
    List<Received> received = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Stream stream = open();
      Received one = new Received();
      stream.listen(one);
      received.add(one);
      time.runUntilIdle();
    }

    assertTrue(received.get(2).end().isCompletedExceptionally());
    assertTrue(!received.get(0).end().isDone() && !received.get(1).end().isDone());
  }

  @Test
  void failsWhenTheAnswerIsWrongOrMissing() {
    bob.handle(
        PingService.PROTOCOL,
        stream -> {
          stream.listen(new Received());
          stream.send(ByteBuffer.allocate(32));
        });
    assertInstanceOf(ProtocolViolationException.class, failure(ping()));

    bob.handle(PingService.PROTOCOL, Stream::closeWrite);
    assertInstanceOf(ProtocolViolationException.class, failure(ping()));

    bob.handle(PingService.PROTOCOL, Stream::reset);
    assertInstanceOf(PeerUnavailableException.class, failure(ping()));
  }

  @Test
  void givesUpOnAPeerThatDoesNotAnswer() {
    bob.handle(PingService.PROTOCOL, stream -> stream.listen(new Received()));
    CompletableFuture<Duration> ping = ofAlice.ping(bob.peerId());

    time.advance(Duration.ofSeconds(11));

    assertInstanceOf(TimeoutException.class, failure(ping));
    assertEquals(0, alice.connections().get(0).streamCount());
  }

  private CompletableFuture<Duration> ping() {
    CompletableFuture<Duration> ping = ofAlice.ping(bob.peerId());
    time.advance(Duration.ofSeconds(1));
    return ping;
  }

  private Stream open() {
    CompletableFuture<Stream> stream = alice.newStream(bob.peerId(), List.of(PingService.PROTOCOL));
    time.runUntilIdle();
    return stream.join();
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertTrue(future.isDone());
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  private PingService service(VirtualHost host) {
    return new PingService(host, PingConfig.defaults(), time, time, new SplittableRandom(1));
  }
}

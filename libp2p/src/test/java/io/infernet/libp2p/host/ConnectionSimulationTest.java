package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.testing.Echo;
import io.infernet.libp2p.testing.EmbeddedNetwork;
import io.infernet.libp2p.testing.Received;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What goes on at both ends of a connection at once, in many interleavings. */
class ConnectionSimulationTest {

  private static final int SEEDS = 60;
  private static final int STREAMS = 5;

  @Test
  void losesAndDoublesNoStreamWhenBothSidesDialAndEndsWithOneConnection() {
    int doubles = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      doubles += dialBoth(seed);
    }
    assertTrue(doubles > SEEDS / 4, "two connections met in only " + doubles + " of " + SEEDS);
  }

  /** Returns 1 when there were two connections at first. */
  private static int dialBoth(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    try (EmbeddedNetwork network = new EmbeddedNetwork(seed)) {
      NettyHost alice = network.host(1, HostConfig.defaults());
      NettyHost bob = network.host(2, HostConfig.defaults());
      AtomicInteger accepted = new AtomicInteger();
      for (NettyHost host : List.of(alice, bob)) {
        host.handle(
            Echo.PROTOCOL,
            stream -> {
              accepted.incrementAndGet();
              new Echo().onStream(stream);
            });
      }

      List<CompletableFuture<byte[]>> answers = new ArrayList<>();
      List<byte[]> sent = new ArrayList<>();
      alice.peers().addAddresses(bob.peerId(), bob.listenAddresses());
      bob.peers().addAddresses(alice.peerId(), alice.listenAddresses());
      for (int i = 0; i < STREAMS; i++) {
        for (NettyHost[] way : new NettyHost[][] {{alice, bob}, {bob, alice}}) {
          byte[] bytes = new byte[random.nextInt(1, 20_000)];
          random.nextBytes(bytes);
          sent.add(bytes);
          CompletableFuture<byte[]> answer = new CompletableFuture<>();
          answers.add(answer);
          network
              .time()
              .schedule(
                  Duration.ofMillis(random.nextInt(8)),
                  () -> ask(way[0], new PeerInfo(way[1].peerId(), List.of()), bytes, answer));
        }
      }
      network.run(Duration.ofSeconds(5));

      for (int i = 0; i < sent.size(); i++) {
        assertTrue(answers.get(i).isDone(), "seed " + seed + ": stream " + i + " was lost");
        assertArrayEquals(sent.get(i), answers.get(i).join(), "seed " + seed);
      }
      assertEquals(sent.size(), accepted.get(), "seed " + seed + ": a stream was doubled");
      int connections = alice.connections().size();
      assertEquals(connections, bob.connections().size(), "seed " + seed);
      Connection preferred = alice.connection(bob.peerId()).orElseThrow();

      network.run(Duration.ofMinutes(1));

      assertEquals(List.of(preferred), alice.connections(), "seed " + seed);
      assertEquals(1, bob.connections().size(), "seed " + seed);
      CompletableFuture<byte[]> later = new CompletableFuture<>();
      ask(bob, new PeerInfo(alice.peerId(), List.of()), new byte[] {7}, later);
      network.run(Duration.ofSeconds(1));
      assertArrayEquals(new byte[] {7}, later.join(), "seed " + seed);
      return connections - 1;
    }
  }

  @Test
  void opensAStreamOnAnotherConnectionWhenTheRemoteClosesTheFirst() {
    for (long seed = 0; seed < SEEDS; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      try (EmbeddedNetwork network = new EmbeddedNetwork(seed)) {
        NettyHost alice = network.host(1, HostConfig.defaults());
        NettyHost bob = network.host(2, HostConfig.defaults());
        bob.handle(Echo.PROTOCOL, new Echo());
        alice.connect(new PeerInfo(bob.peerId(), bob.listenAddresses()));
        network.run(Duration.ofSeconds(1));
        assertEquals(1, bob.connections().size(), "seed " + seed);

        CompletableFuture<CompletableFuture<Stream>> opening = new CompletableFuture<>();
        network
            .time()
            .schedule(Duration.ofMillis(random.nextInt(3)), () -> bob.disconnect(alice.peerId()));
        network
            .time()
            .schedule(
                Duration.ofMillis(random.nextInt(3)),
                () -> opening.complete(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL))));
        network.run(Duration.ofSeconds(5));

        CompletableFuture<Stream> opened = opening.join();
        assertTrue(opened.isDone(), "seed " + seed);
        assertEquals(Echo.PROTOCOL, opened.join().protocol(), "seed " + seed);
      }
    }
  }

  private static void ask(
      Host host, PeerInfo peer, byte[] bytes, CompletableFuture<byte[]> answer) {
    host.newStream(peer.id(), List.of(Echo.PROTOCOL))
        .thenCompose(
            stream -> {
              Received received = new Received();
              stream.listen(received);
              stream.send(ByteBuffer.wrap(bytes));
              stream.closeWrite();
              return received.end();
            })
        .whenComplete(
            (echoed, error) -> {
              if (error != null) {
                answer.completeExceptionally(error);
              } else {
                answer.complete(echoed);
              }
            });
  }
}

package io.infernet.libp2p.bench;

import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.HostConfig;
import io.infernet.libp2p.host.Limits;
import io.infernet.libp2p.host.NettyHost;
import io.infernet.libp2p.host.PeerStore;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamListener;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.protocol.ping.PingConfig;
import io.infernet.libp2p.protocol.ping.PingService;
import io.infernet.libp2p.security.noise.Aead;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.transport.tcp.SystemResolver;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Two hosts of this JVM over loopback TCP: how long handshakes, streams and pings take, and how
 * many bytes a second go through, beside the speed of the cipher alone. {@link #run} blocks; each
 * instance runs once at a time.
 */
public final class NetworkBenchmark {

  private static final ProtocolId SINK = ProtocolId.of("/bench/sink/1.0.0");
  private static final int CIPHER_BYTES = 65_519;

  private final Config config;
  private final HostConfig hostConfig;
  private final AeadFactory aeads;
  private final Ticker ticker;

  /**
   * How much to measure. A tenth of each count is run before as warm-up, and the payload sent once.
   *
   * @param handshakes connections made one after the other
   * @param streams streams opened one after the other
   * @param pings pings one after the other
   * @param payloadBytes bytes sent in each measurement of throughput
   * @param writeBytes bytes given to a stream at once
   */
  public record Config(int handshakes, int streams, int pings, long payloadBytes, int writeBytes) {
    public Config {
      Limits.requirePositive(handshakes, "handshakes");
      Limits.requirePositive(streams, "streams");
      Limits.requirePositive(pings, "pings");
      Limits.requirePositive(payloadBytes, "payloadBytes");
      Limits.requirePositive(writeBytes, "writeBytes");
    }

    public static Config defaults() {
      return new Config(200, 2_000, 5_000, 1L << 30, 256 * 1024);
    }
  }

  /** A distribution of times. */
  public record Latency(Duration median, Duration p99) {
    static Latency of(long[] nanos) {
      long[] sorted = nanos.clone();
      Arrays.sort(sorted);
      return new Latency(
          Duration.ofNanos(sorted[sorted.length / 2]),
          Duration.ofNanos(sorted[(int) (sorted.length * 0.99)]));
    }
  }

  /**
   * What was measured.
   *
   * @param handshake from the call to a connection that is ready for streams
   * @param streamOpen from the call to the first byte of the remote's answer
   * @param ping 32 bytes there and back on an open connection
   * @param oneStream bytes a second through one stream, received
   * @param eightStreams bytes a second through eight streams of one connection together
   * @param cipher bytes a second that one thread encrypts with ChaCha20-Poly1305
   */
  public record Result(
      Latency handshake,
      Latency streamOpen,
      Latency ping,
      double oneStream,
      double eightStreams,
      double cipher) {

    /** The throughput of one stream over that of the cipher. */
    public double shareOfCipher() {
      return oneStream / cipher;
    }
  }

  public NetworkBenchmark(Config config, HostConfig hostConfig, AeadFactory aeads, Ticker ticker) {
    this.config = config;
    this.hostConfig = hostConfig;
    this.aeads = aeads;
    this.ticker = ticker;
  }

  /** Measures everything, one thing after the other. */
  public Result run() {
    try (ThreadScheduler scheduler = new ThreadScheduler("bench timers");
        SystemResolver resolver = new SystemResolver(1);
        NettyHost client = host(List.of(), scheduler, resolver);
        NettyHost server =
            host(List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")), scheduler, resolver)) {
      client.start().join();
      server.start().join();
      server.handle(SINK, NetworkBenchmark::drain);
      PingService answering =
          new PingService(server, PingConfig.defaults(), scheduler, ticker, new SecureRandom());
      answering.start();
      PingService pinging =
          new PingService(client, PingConfig.defaults(), scheduler, ticker, new SecureRandom());
      PeerInfo target = new PeerInfo(server.peerId(), server.listenAddresses());

      Latency handshake = handshakes(client, target);
      client.connect(target).join();
      // As after identify: streams need not wait for the agreement on their protocol.
      client
          .peers()
          .setMetadata(server.peerId(), new PeerStore.PeerMetadata("", "", server.protocols()));
      Latency streamOpen = latencies(config.streams(), () -> transfer(client, target, 1, 1));
      Latency ping = pings(pinging, target);
      throughput(client, target, 1, config.payloadBytes());
      double cipher = cipher();
      double oneStream = throughput(client, target, 1, config.payloadBytes());
      double eightStreams = throughput(client, target, 8, config.payloadBytes());
      return new Result(handshake, streamOpen, ping, oneStream, eightStreams, cipher);
    }
  }

  private NettyHost host(
      List<Multiaddr> listen, ThreadScheduler scheduler, SystemResolver resolver) {
    SecureRandom random = new SecureRandom();
    return new NettyHost(
        PrivateKey.generate(KeyType.SECP256K1, random),
        hostConfig.listeningOn(listen),
        scheduler,
        ticker,
        resolver,
        aeads,
        random);
  }

  private Latency handshakes(NettyHost client, PeerInfo target) {
    return latencies(
        config.handshakes(),
        () -> {
          long start = ticker.nanoTime();
          client.connect(target).join();
          long nanos = ticker.nanoTime() - start;
          client.disconnect(target.id()).join();
          return nanos;
        });
  }

  private Latency pings(PingService pinging, PeerInfo target) {
    return latencies(config.pings(), () -> pinging.ping(target.id()).join().toNanos());
  }

  private Latency latencies(int count, Measurement measurement) {
    for (int i = 0; i < count / 10; i++) {
      measurement.nanos();
    }
    long[] nanos = new long[count];
    for (int i = 0; i < count; i++) {
      nanos[i] = measurement.nanos();
    }
    return Latency.of(nanos);
  }

  private interface Measurement {
    long nanos();
  }

  private double throughput(NettyHost client, PeerInfo target, int streams, long bytes) {
    long nanos = transfer(client, target, streams, bytes);
    return bytes / (nanos / 1e9);
  }

  /** Sends {@code bytes} over new streams; nanoseconds until the remote has confirmed them all. */
  private long transfer(NettyHost client, PeerInfo target, int streams, long bytes) {
    long start = ticker.nanoTime();
    List<CompletableFuture<Void>> confirmed = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      confirmed.add(
          client
              .newStream(target.id(), List.of(SINK))
              .thenCompose(stream -> fill(stream, bytes / streams)));
    }
    CompletableFuture.allOf(confirmed.toArray(CompletableFuture[]::new)).join();
    return ticker.nanoTime() - start;
  }

  private CompletableFuture<Void> fill(Stream stream, long bytes) {
    CompletableFuture<Void> confirmed = new CompletableFuture<>();
    stream.listen(
        new StreamListener() {
          @Override
          public void onData(ByteBuffer data) {
            confirmed.complete(null);
          }

          @Override
          public void onRemoteClose() {}

          @Override
          public void onReset(Throwable cause) {
            confirmed.completeExceptionally(cause);
          }
        });
    new Pump(stream, bytes, new byte[(int) Math.min(bytes, config.writeBytes())]).pump();
    return confirmed;
  }

  /** Keeps a few writes under way until all bytes are sent, then closes. */
  private static final class Pump {
    private static final int UNDER_WAY = 4;

    private final Stream stream;
    private final byte[] chunk;
    private long left;
    private int underWay;
    private boolean pumping;

    Pump(Stream stream, long bytes, byte[] chunk) {
      this.stream = stream;
      this.left = bytes;
      this.chunk = chunk;
    }

    void pump() {
      if (pumping) {
        return; // called back from within send
      }
      pumping = true;
      while (left > 0 && underWay < UNDER_WAY) {
        int length = (int) Math.min(chunk.length, left);
        left -= length;
        underWay++;
        stream
            .send(ByteBuffer.wrap(chunk, 0, length))
            .thenRun(
                () -> {
                  underWay--;
                  pump();
                });
        if (left == 0) {
          stream.closeWrite();
        }
      }
      pumping = false;
    }
  }

  /** Reads everything, then says so. */
  private static void drain(Stream stream) {
    stream.listen(
        new StreamListener() {
          @Override
          public void onData(ByteBuffer data) {}

          @Override
          public void onRemoteClose() {
            stream.send(ByteBuffer.allocate(1));
            stream.closeWrite();
          }

          @Override
          public void onReset(Throwable cause) {}
        });
  }

  private double cipher() {
    Aead aead = aeads.create(new byte[32]);
    ByteBuffer buffer = ByteBuffer.allocateDirect(CIPHER_BYTES + Aead.TAG_BYTES);
    seal(aead, buffer, 0, config.payloadBytes() / 10);
    long start = ticker.nanoTime();
    long sealed = seal(aead, buffer, 1L << 32, config.payloadBytes());
    return sealed / ((ticker.nanoTime() - start) / 1e9);
  }

  private static long seal(Aead aead, ByteBuffer buffer, long firstNonce, long bytes) {
    long sealed = 0;
    for (long nonce = firstNonce; sealed < bytes; nonce++) {
      aead.seal(
          nonce,
          new byte[0],
          buffer.duplicate().limit(CIPHER_BYTES).position(0),
          buffer.duplicate().clear());
      sealed += CIPHER_BYTES;
    }
    return sealed;
  }
}

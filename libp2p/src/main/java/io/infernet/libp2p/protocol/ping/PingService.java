package io.infernet.libp2p.protocol.ping;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers pings and sends them. Safe from any thread; the owner starts and closes it.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/ping/ping.md">ping</a>
 */
public final class PingService implements AutoCloseable {

  public static final ProtocolId PROTOCOL = ProtocolId.of("/ipfs/ping/1.0.0");

  private static final Logger LOG = LoggerFactory.getLogger(PingService.class);

  private final Host host;
  private final PingConfig config;
  private final Scheduler scheduler;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final ConcurrentMap<PeerId, Integer> inbound = new ConcurrentHashMap<>();

  /**
   * @param random the bytes of pings; used under a lock
   */
  public PingService(
      Host host, PingConfig config, Scheduler scheduler, Ticker ticker, RandomGenerator random) {
    this.host = host;
    this.config = config;
    this.scheduler = scheduler;
    this.ticker = ticker;
    this.random = random;
  }

  /** Begins to answer. */
  public void start() {
    host.handle(PROTOCOL, this::answer);
  }

  private void answer(Stream stream) {
    PeerId peer = stream.connection().remotePeer();
    int open = inbound.merge(peer, 1, Integer::sum);
    stream.closed().thenRun(() -> inbound.computeIfPresent(peer, (p, n) -> n > 1 ? n - 1 : null));
    if (open > config.maxInboundPerPeer()) {
      LOG.debug("{}: reset, the peer pings on {} streams", stream, open);
      stream.reset();
    } else {
      PingStreamHandler.answer(stream);
    }
  }

  /**
   * Pings a peer, connecting first where that is needed.
   *
   * @return the time from the ping to its answer; fails with {@link
   *     io.infernet.libp2p.host.PeerUnavailableException}, with {@link
   *     java.util.concurrent.TimeoutException}, or with {@link
   *     io.infernet.libp2p.host.ProtocolViolationException} when the answer is wrong
   */
  public CompletableFuture<Duration> ping(PeerId peer) {
    return host.newStream(peer, List.of(PROTOCOL)).thenCompose(this::ping);
  }

  private CompletableFuture<Duration> ping(Stream stream) {
    byte[] bytes = new byte[PingStreamHandler.BYTES];
    synchronized (random) {
      random.nextBytes(bytes);
    }
    long start = ticker.nanoTime();
    return scheduler
        .timeout(
            PingStreamHandler.ask(stream, bytes),
            config.timeout(),
            () -> "no answer to a ping in " + config.timeout())
        .thenApply(answered -> Duration.ofNanos(ticker.nanoTime() - start));
  }

  /** Stops to answer. */
  @Override
  public void close() {
    host.unhandle(PROTOCOL);
  }
}

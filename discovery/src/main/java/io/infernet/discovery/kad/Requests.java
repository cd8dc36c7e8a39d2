package io.infernet.discovery.kad;

import io.infernet.discovery.kad.wire.KadCodec;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Sends requests and tells the {@link TableKeeper} who answered and who did not. Runs on the
 * service's executor.
 */
final class Requests {

  /** When the executor was full, a timer's task comes again after this time. */
  private static final Duration RETRY = Duration.ofMillis(100);

  private final Host host;
  private final List<ProtocolId> protocols;
  private final KadCodec codec;
  private final Duration timeout;
  private final TableKeeper keeper;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Ticker ticker;

  /** Answered, but the peer has not closed its stream, and since when; the oldest first. */
  private final Map<KadExchange, Long> answered = new LinkedHashMap<>();

  private volatile boolean closed;

  Requests(
      Host host,
      KadConfig config,
      TableKeeper keeper,
      PeerCache cache,
      Executor executor,
      Scheduler scheduler,
      Ticker ticker) {
    this.host = host;
    this.protocols = List.of(config.protocol());
    this.codec = KadCodec.ofResponses(config.wire(), cache);
    this.timeout = config.query().timeout();
    this.keeper = keeper;
    this.executor = executor;
    this.scheduler = scheduler;
    this.ticker = ticker;
  }

  /**
   * Sends the request of {@code exchange}; the caller times it out.
   *
   * @return done on the executor
   */
  CompletableFuture<KadExchange.Answer> ask(KadExchange exchange, PeerInfo peer) {
    long start = ticker.nanoTime();
    return exchange
        .start(host, peer, protocols, codec, executor)
        .whenComplete(
            (answer, error) -> {
              if (error == null) {
                if (!exchange.hasEnded()) {
                  answered.put(exchange, ticker.nanoTime());
                  exchange.onEnd(() -> answered.remove(exchange));
                }
                keeper.answered(peer, answer.connection());
              } else if (!exchange.isAbandoned()) {
                keeper.failed(peer.id(), start, error);
              }
            });
  }

  /** Sends a request that stands for itself, within the time that each peer has. */
  CompletableFuture<KadExchange.Answer> ask(KadMessage.Request request, PeerInfo peer) {
    KadExchange exchange = new KadExchange(request);
    CompletableFuture<KadExchange.Answer> answer = ask(exchange, peer);
    if (!answer.isDone()) {
      Scheduler.Cancellable timer =
          scheduler.schedule(timeout, () -> later(() -> exchange.timeOut(timeout)));
      answer.whenComplete((done, error) -> timer.cancel());
    }
    return answer;
  }

  /**
   * Sends each peer a request of its own.
   *
   * @return done, never failed, with how many answers were good
   */
  CompletableFuture<Integer> askAll(
      List<PeerInfo> peers,
      Function<PeerInfo, KadMessage.Request> request,
      Predicate<KadExchange.Answer> isGood) {
    List<CompletableFuture<Integer>> sent = new ArrayList<>(peers.size());
    for (PeerInfo peer : peers) {
      sent.add(
          ask(request.apply(peer), peer)
              .handle((answer, error) -> error == null && isGood.test(answer) ? 1 : 0));
    }
    return CompletableFuture.allOf(sent.toArray(CompletableFuture<?>[]::new))
        .thenApply(all -> sent.stream().mapToInt(CompletableFuture::join).sum());
  }

  /** Runs a timer's task on the executor, later when that has too much to do. */
  void later(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      if (!closed) {
        scheduler.schedule(RETRY, () -> later(task));
      }
    }
  }

  /** Ends the streams of peers that have answered long ago but not closed them. */
  void sweep(Duration age) {
    long now = ticker.nanoTime();
    for (Map.Entry<KadExchange, Long> entry : List.copyOf(answered.entrySet())) {
      if (now - entry.getValue() < age.toNanos()) {
        return;
      }
      entry.getKey().end();
    }
  }

  void close() {
    closed = true;
  }
}

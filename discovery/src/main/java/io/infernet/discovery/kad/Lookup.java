package io.infernet.discovery.kad;

import io.infernet.discovery.kad.query.ClosestPeersQuery;
import io.infernet.discovery.kad.query.QueryConfig;
import io.infernet.discovery.kad.routing.IpGroup;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Carries out a {@link ClosestPeersQuery}: asks whom it names and tells it what came back. Runs on
 * the service's executor.
 */
final class Lookup {

  /** Hears each answer. */
  @FunctionalInterface
  interface Reader {
    /**
     * @return whether that was enough, so that nobody else is asked
     */
    boolean read(PeerInfo from, KadMessage.Response answer);
  }

  private final ClosestPeersQuery query;
  private final QueryConfig config;
  private final KadMessage.Request request;
  private final Reader reader;
  private final Requests requests;
  private final Scheduler scheduler;
  private final Ticker ticker;
  private final Map<PeerId, KadExchange> open = new LinkedHashMap<>();
  private final CompletableFuture<LookupResult> result = new CompletableFuture<>();
  private final long start;
  private Scheduler.Cancellable timer = () -> {};
  private boolean timed;
  private long timerDue;
  private boolean advancing;
  private boolean again;

  Lookup(
      ClosestPeersQuery query,
      QueryConfig config,
      KadMessage.Request request,
      Reader reader,
      Requests requests,
      Scheduler scheduler,
      Ticker ticker) {
    this.query = query;
    this.config = config;
    this.request = request;
    this.reader = reader;
    this.requests = requests;
    this.scheduler = scheduler;
    this.ticker = ticker;
    this.start = ticker.nanoTime();
  }

  CompletableFuture<LookupResult> start() {
    advance();
    return result;
  }

  CompletableFuture<LookupResult> result() {
    return result;
  }

  /** The keys of the closest peers that answered. */
  List<KadKey> closestKeys() {
    return query.closestKeys();
  }

  KadKey target() {
    return query.target();
  }

  /** Asks whom it can; what fails at once leads back here. */
  private void advance() {
    if (advancing) {
      again = true;
      return;
    }
    advancing = true;
    do {
      again = false;
      Optional<PeerInfo> next = query.nextPeer(ticker.nanoTime());
      while (next.isPresent()) {
        ask(next.get());
        next = query.nextPeer(ticker.nanoTime());
      }
    } while (again);
    advancing = false;
    if (result.isDone()) {
      return;
    }
    if (query.isFinished()) {
      finish();
    } else {
      arm();
    }
  }

  private void ask(PeerInfo peer) {
    KadExchange exchange = new KadExchange(request);
    open.put(peer.id(), exchange);
    requests
        .ask(exchange, peer)
        .whenComplete(
            (answer, error) -> {
              if (!open.remove(peer.id(), exchange)) {
                return; // too late
              }
              try {
                if (error != null) {
                  query.onFailure(peer.id());
                } else {
                  onAnswer(peer, answer);
                }
              } catch (RuntimeException e) {
                fail(e);
                return;
              }
              advance();
            });
  }

  private void onAnswer(PeerInfo peer, KadExchange.Answer answer) {
    KadMessage.Response message = answer.message().orElseThrow();
    Optional<IpGroup> group = IpGroup.of(answer.connection().remoteAddress());
    List<PeerInfo> closer = closer(message);
    query.onResponse(peer.id(), closer, group);
    if (reader.read(peer, message)) {
      query.stop();
    }
  }

  private static List<PeerInfo> closer(KadMessage.Response message) {
    if (message instanceof KadMessage.CloserPeers answer) {
      return answer.closer();
    }
    if (message instanceof KadMessage.Providers answer) {
      return answer.closer();
    }
    if (message instanceof KadMessage.Value answer) {
      return answer.closer();
    }
    return List.of();
  }

  /** One timer for all that are asked: setting one for each would be most of the work. */
  private void arm() {
    Optional<Long> deadline = query.nextDeadline();
    if (deadline.isEmpty()) {
      return;
    }
    if (timed && timerDue - deadline.get() <= 0) {
      return; // it comes early enough, and is set again then
    }
    timer.cancel();
    timed = true;
    timerDue = deadline.get();
    timer =
        scheduler.schedule(
            Duration.ofNanos(Math.max(0, timerDue - ticker.nanoTime())),
            () -> requests.later(this::onTimer));
  }

  private void onTimer() {
    timed = false;
    if (result.isDone()) {
      return;
    }
    for (PeerId expired : query.expire(ticker.nanoTime())) {
      KadExchange exchange = open.remove(expired);
      if (exchange != null) {
        exchange.timeOut(config.timeout());
      }
    }
    advance();
  }

  /** Ends without a result. */
  void fail(Exception reason) {
    query.stop();
    abandon();
    result.completeExceptionally(reason);
  }

  private void abandon() {
    timer.cancel();
    List<KadExchange> unanswered = List.copyOf(open.values());
    open.clear();
    unanswered.forEach(KadExchange::abandon);
  }

  private void finish() {
    abandon();
    List<PeerInfo> region = query.closest();
    result.complete(
        new LookupResult(
            region.subList(0, Math.min(region.size(), config.resultSize())),
            region,
            query.stats(),
            Duration.ofNanos(ticker.nanoTime() - start)));
  }
}

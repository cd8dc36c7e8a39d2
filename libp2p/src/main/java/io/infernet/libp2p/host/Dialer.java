package io.infernet.libp2p.host;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dials peers: one dial for concurrent requests, its addresses side by side as {@link PeerDial}
 * says, addresses that failed rest as {@link DialBackoff} says, and no more attempts at once than
 * allowed. Methods are safe from any thread; the work is done on the executor given.
 */
final class Dialer {

  private static final Logger LOG = LoggerFactory.getLogger(Dialer.class);

  private final DialConfig config;
  private final Attempts attempts;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Ticker ticker;
  private final DialBackoff backoff;
  private final Map<PeerId, Dial> dials = new HashMap<>();
  private final Queue<Dial> waiting = new ArrayDeque<>();
  private int underWay;
  private boolean closed;

  /** What a dial does to the world. */
  interface Attempts {

    /** Whether the address is a name that {@link #resolve} makes addresses of. */
    boolean isName(Multiaddr address);

    /** What the name stands for, as far as it may be the peer; it may be names again. */
    CompletableFuture<List<Multiaddr>> resolve(PeerId peer, Multiaddr name);

    /**
     * Connects, shakes hands and checks that the peer is the one asked for. The attempt ends when
     * the future is completed from outside.
     */
    CompletableFuture<ManagedConnection> connect(PeerId peer, Multiaddr address);
  }

  /**
   * @param executor runs one task at a time
   */
  Dialer(
      DialConfig config, Attempts attempts, Executor executor, Scheduler scheduler, Ticker ticker) {
    this.config = config;
    this.attempts = attempts;
    this.executor = executor;
    this.scheduler = scheduler;
    this.ticker = ticker;
    this.backoff = new DialBackoff(config);
  }

  /**
   * Dials {@code peer}, or joins the dial that is under way.
   *
   * @param addresses in order of preference
   * @return fails with {@link PeerUnavailableException}
   */
  CompletableFuture<ManagedConnection> dial(PeerId peer, List<Multiaddr> addresses) {
    CompletableFuture<ManagedConnection> result = new CompletableFuture<>();
    if (!execute(() -> join(peer, addresses, result))) {
      result.completeExceptionally(new PeerUnavailableException("the host was closed"));
    }
    return result;
  }

  private void join(
      PeerId peer, List<Multiaddr> addresses, CompletableFuture<ManagedConnection> result) {
    Dial dial = dials.get(peer);
    List<Multiaddr> rested = rested(peer, addresses);
    if (dial == null) {
      String refusal = null;
      if (closed) {
        refusal = "the host was closed";
      } else if (dials.size() >= config.maxWaiting()) {
        refusal = "too many dials wait";
      } else if (addresses.isEmpty()) {
        refusal = "none of its addresses is known";
      } else if (rested.isEmpty()) {
        refusal = "dials failed a moment ago and rest";
      }
      if (refusal != null) {
        result.completeExceptionally(
            new PeerUnavailableException("cannot reach " + peer + ": " + refusal));
        return;
      }
      dial = new Dial(peer);
      dials.put(peer, dial);
    }
    dial.plan.add(rested);
    dial.requests.add(result);
    dial.proceed();
  }

  private List<Multiaddr> rested(PeerId peer, List<Multiaddr> addresses) {
    long now = ticker.nanoTime();
    return addresses.stream()
        .filter(address -> backoff.remaining(peer, address, now) == 0)
        .toList();
  }

  /** The peer showed that it is alive: its addresses may be dialled again. */
  void onConnected(PeerId peer) {
    execute(() -> backoff.onSuccess(peer));
  }

  /** Fails the dials under way; later ones fail at once. */
  void close() {
    execute(
        () -> {
          closed = true;
          List.copyOf(dials.values()).forEach(dial -> dial.finish(null, "the host was closed"));
        });
  }

  private boolean execute(Runnable task) {
    try {
      executor.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      return false; // the host was closed
    }
  }

  private static String reason(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  /** One peer's dial. */
  private final class Dial {

    private final PeerId peer;
    private final PeerDial plan;
    private final List<CompletableFuture<ManagedConnection>> requests = new ArrayList<>();
    private final Map<Multiaddr, CompletableFuture<?>> running = new LinkedHashMap<>();
    private Scheduler.Cancellable timer = () -> {};
    private boolean queued;
    private boolean done;

    Dial(PeerId peer) {
      this.peer = peer;
      this.plan = new PeerDial(config.headStart().toNanos(), config.maxAddresses());
    }

    /** Starts what is due and plans the next look. */
    void proceed() {
      if (queued) {
        return;
      }
      timer.cancel();
      long now = ticker.nanoTime();
      while (!done && underWay < config.maxConcurrent()) {
        Multiaddr address = plan.next(now);
        if (address == null) {
          break;
        }
        start(address);
      }
      if (done) {
        return;
      }
      if (plan.isExhausted()) {
        finish(null, plan.failures());
        return;
      }
      OptionalLong wait = plan.untilNext(now);
      if (wait.isPresent() && wait.getAsLong() > 0) {
        timer =
            scheduler.schedule(Duration.ofNanos(wait.getAsLong()), () -> execute(this::proceed));
      } else if (wait.isPresent()) {
        queued = true;
        waiting.add(this);
      }
    }

    private void start(Multiaddr address) {
      if (attempts.isName(address)) {
        run(
            address,
            attempts.resolve(peer, address),
            found -> {
              plan.onResolved(address, rested(peer, found));
              proceed();
            });
      } else {
        run(address, attempts.connect(peer, address), connection -> finish(connection, ""));
      }
    }

    private <T> void run(Multiaddr address, CompletableFuture<T> attempt, Consumer<T> onSuccess) {
      underWay++;
      running.put(address, attempt);
      scheduler.timeout(
          attempt, config.addressTimeout(), () -> "no answer in " + config.addressTimeout());
      attempt.whenComplete(
          (value, error) -> execute(() -> ended(address, value, error, onSuccess)));
    }

    private <T> void ended(
        Multiaddr address, @Nullable T value, @Nullable Throwable error, Consumer<T> onSuccess) {
      running.remove(address);
      underWay--;
      if (done) {
        if (value instanceof ManagedConnection late) {
          late.close();
        }
      } else if (value != null) {
        onSuccess.accept(value);
      } else if (error != null) {
        LOG.debug("dialling {} at {} failed: {}", peer, address, reason(error));
        plan.onFailure(address, reason(error));
        backoff.onFailure(peer, address, ticker.nanoTime());
        proceed();
      }
      for (Dial next; underWay < config.maxConcurrent() && (next = waiting.poll()) != null; ) {
        next.queued = false;
        next.proceed();
      }
    }

    void finish(@Nullable ManagedConnection connection, String failure) {
      done = true;
      timer.cancel();
      dials.remove(peer);
      if (queued) {
        waiting.remove(this);
      }
      List.copyOf(running.values()).forEach(attempt -> attempt.cancel(false));
      for (CompletableFuture<ManagedConnection> request : requests) {
        if (connection != null) {
          request.complete(connection);
        } else {
          request.completeExceptionally(
              new PeerUnavailableException("cannot reach " + peer + ": " + failure));
        }
      }
      if (connection != null) {
        backoff.onSuccess(peer);
      }
    }
  }
}

package io.infernet.inference.pool;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.libp2p.concurrent.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models in memory. Who uses one holds a {@link Lease}; a model without leases stays until
 * another needs its room, the one not used for longest leaving first, or until its time is over.
 * Pinned models stay. What there is no room for waits until models in use become idle.
 *
 * <p>{@link #work} does the loading and is called by one thread, whenever {@code wakeUp} was run or
 * the time has come that it named. All else is safe from any thread and never waits.
 *
 * @param <M> a model in memory
 */
public final class ModelPool<M> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ModelPool.class);

  /** Failures that are remembered. */
  private static final int MAX_FAILURES = 64;

  /** A load that fails faster may be tried again at once. */
  private static final Duration CHEAP = Duration.ofSeconds(1);

  private final PoolConfig config;
  private final ModelSource<M> source;
  private final Room room;
  private final Runnable wakeUp;
  private final Ticker ticker;
  private final Clock clock;

  /** Guards all below and the entries. */
  private final Object lock = new Object();

  /** Waiting, loading and ready ones; the one not used for longest first. */
  private final Map<ModelManifest, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  /** Those of {@link #entries} that wait to be loaded, in order. */
  private final ArrayDeque<Entry> queue = new ArrayDeque<>();

  /** No longer in {@link #entries}, but still in memory. */
  private final Set<Entry> leaving = new LinkedHashSet<>();

  private final Map<ModelManifest, Pin> pins = new LinkedHashMap<>();
  private final Map<ModelManifest, Failure> failures = new LinkedHashMap<>();
  private boolean closed;

  private enum State {
    QUEUED,
    LOADING,
    READY,
    /** Failed while it was in use; leaves when its leases are back. */
    BROKEN,
    LEAVING
  }

  /** Guarded by the pool's lock, but for the future. */
  private final class Entry {
    final InstalledModel model;
    final CompletableFuture<M> ready = new CompletableFuture<>();
    State state = State.QUEUED;
    int leases;
    long bytes;
    @Nullable ModelNeed need;
    @Nullable M loaded;

    /** Since when it waits for others to make room; 0 when it does not. */
    long waitsSince;

    long idleTick;
    Instant idleSince;
    int failedInARow;

    Entry(InstalledModel model) {
      this.model = model;
      idleSince = clock.instant();
    }

    M loaded() {
      return requireNonNull(loaded, "not loaded");
    }

    boolean isIdle() {
      return state == State.READY && leases == 0 && !pins.containsKey(model.manifest());
    }
  }

  /** A model that is to stay. */
  private static final class Pin {
    final InstalledModel model;
    Duration pause;
    long retryAt;
    long readyAt;

    /** Whether it was in memory once; until then its owner hears of failures and decides. */
    boolean wasReady;

    Pin(InstalledModel model, Duration pause) {
      this.model = model;
      this.pause = pause;
    }
  }

  private record Failure(long until, Throwable error) {}

  /**
   * The use of a model, which keeps it in memory.
   *
   * @param <M> a model in memory
   */
  public interface Lease<M> {

    /** The model, when it is there; fails when it does not load. The same for all its leases. */
    CompletableFuture<M> model();

    /**
     * Ends the use; the first call counts.
     *
     * @param failed whether the model itself failed; one that does so again and again is loaded
     *     anew
     */
    void release(boolean failed);
  }

  /**
   * A model in memory.
   *
   * @param installed what it is
   * @param model itself
   * @param ready the future of its leases
   * @param need what it was thought to need
   * @param bytes that it takes
   * @param pinned whether it stays
   * @param idleSince empty while it is in use
   * @param idleUntil when it leaves if nobody uses it; empty for not by time alone
   * @param <M> a model in memory
   */
  public record Warm<M>(
      InstalledModel installed,
      M model,
      CompletableFuture<M> ready,
      ModelNeed need,
      long bytes,
      boolean pinned,
      Optional<Instant> idleSince,
      Optional<Instant> idleUntil) {}

  /** Leases that fail one after the other, of one model, before it is loaded anew. */
  static final int MAX_FAILED = 3;

  /**
   * @param room where the models go
   * @param wakeUp called when there is something for {@link #work} to do, from any thread and with
   *     the pool's lock held; must return at once
   */
  public ModelPool(
      PoolConfig config,
      ModelSource<M> source,
      Room room,
      Runnable wakeUp,
      Ticker ticker,
      Clock clock) {
    this.config = requireNonNull(config, "config is null");
    this.source = requireNonNull(source, "source is null");
    this.room = requireNonNull(room, "room is null");
    this.wakeUp = requireNonNull(wakeUp, "wakeUp is null");
    this.ticker = requireNonNull(ticker, "ticker is null");
    this.clock = requireNonNull(clock, "clock is null");
  }

  /**
   * Begins to use a model, which is loaded when it is not there.
   *
   * @throws EngineBusyException when too many wait to be loaded
   * @throws IllegalStateException when the pool is closed
   */
  public Lease<M> lease(InstalledModel model) {
    synchronized (lock) {
      Entry entry = entry(model);
      entry.leases++;
      return new EntryLease(entry);
    }
  }

  /**
   * Loads a model unless it is there.
   *
   * @return done when it is
   */
  public CompletableFuture<Void> load(InstalledModel model) {
    Lease<M> lease = lease(model);
    return lease
        .model()
        .<Void>thenApply(loaded -> null)
        .whenComplete((done, error) -> lease.release(false));
  }

  /**
   * Loads a model and keeps it; when it fails later it is loaded again.
   *
   * @return done when it is there; when it does not load this once it is not kept
   */
  public CompletableFuture<Void> pin(InstalledModel model) {
    synchronized (lock) {
      CompletableFuture<Void> loaded = load(model);
      if (!loaded.isCompletedExceptionally()) {
        Pin pin = pins.computeIfAbsent(model.manifest(), m -> new Pin(model, config.retryPause()));
        pin.wasReady |= loaded.isDone();
      }
      return loaded;
    }
  }

  /** The models that can be used without waiting, the one not used for longest first. */
  public List<Warm<M>> warm() {
    synchronized (lock) {
      List<Warm<M>> warm = new ArrayList<>();
      for (Entry entry : entries.values()) {
        if (entry.state == State.READY) {
          boolean pinned = pins.containsKey(entry.model.manifest());
          Optional<Instant> since =
              entry.leases == 0 ? Optional.of(entry.idleSince) : Optional.empty();
          warm.add(
              new Warm<>(
                  entry.model,
                  entry.loaded(),
                  entry.ready,
                  requireNonNull(entry.need, "not measured"),
                  entry.bytes,
                  pinned,
                  since,
                  pinned || config.keepAlive().isZero()
                      ? Optional.empty()
                      : since.map(time -> time.plus(config.keepAlive()))));
        }
      }
      return warm;
    }
  }

  /** Bytes that the models take, or will when those that are being loaded are there. */
  public long usedBytes() {
    synchronized (lock) {
      return used();
    }
  }

  private Entry entry(InstalledModel model) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    Entry known = entries.get(model.manifest());
    if (known != null) {
      return known;
    }
    Entry entry = new Entry(model);
    Failure failure = failures.get(model.manifest());
    if (failure != null && failure.until - ticker.nanoTime() > 0) {
      entry.ready.completeExceptionally(failure.error);
      return entry;
    }
    if (queue.size() >= config.maxQueued()) {
      int running = 0;
      for (Entry other : entries.values()) {
        running += other.leases;
      }
      throw new EngineBusyException(running, queue.size());
    }
    entries.put(model.manifest(), entry);
    queue.add(entry);
    wakeUp.run();
    return entry;
  }

  /**
   * Loads what can be loaded and lets go what must.
   *
   * @return nanoseconds after which there is something to do by time alone; empty when there is not
   */
  public OptionalLong work() {
    while (true) {
      Entry next;
      synchronized (lock) {
        if (closed) {
          return OptionalLong.empty();
        }
        expireIdle();
        reloadPinned();
        dropUnwanted();
        next = queue.peek();
        if (next == null) {
          return nextDue();
        }
      }
      if (!advance(next)) {
        synchronized (lock) {
          return nextDue();
        }
      }
    }
  }

  /** Loads {@code entry} or finds that it cannot be; false when it has to wait. */
  private boolean advance(Entry entry) {
    long start = ticker.nanoTime();
    try {
      long capacity = room.capacity();
      ModelNeed need = entry.need;
      if (need == null) {
        need = source.need(entry.model, capacity);
      }
      long free = room.free();
      synchronized (lock) {
        entry.need = need;
        if (!makeRoom(entry, need, capacity, free)) {
          return false;
        }
        queue.remove(entry);
        entry.state = State.LOADING;
        entry.bytes = need.total();
      }
      start = ticker.nanoTime();
      M model = source.load(entry.model, need);
      long bytes = source.memoryBytes(model);
      boolean late;
      synchronized (lock) {
        late = closed;
        if (late) {
          leaving.add(entry);
        }
        entry.loaded = model;
        entry.state = late ? State.LEAVING : State.READY;
        entry.bytes = bytes;
        touch(entry);
        Pin pin = pins.get(entry.model.manifest());
        if (pin != null && !late) {
          pin.wasReady = true;
          pin.readyAt = ticker.nanoTime();
        }
      }
      if (late) {
        source.unload(model, () -> gone(entry));
        throw new IllegalStateException("the engine is closed");
      }
      LOG.info(
          "{} is warm: {} after {} ms",
          entry.model.name(),
          Sizes.text(bytes),
          (ticker.nanoTime() - start) / 1_000_000);
      entry.ready.complete(model);
    } catch (RuntimeException | Error e) {
      fail(entry, e, ticker.nanoTime() - start);
    }
    return true;
  }

  /**
   * Whether {@code entry} can be loaded now. Otherwise models leave for it, or those in use must
   * become idle first.
   *
   * @throws ModelTooLargeException when that would not help
   * @throws EngineBusyException when it has waited long enough
   */
  private boolean makeRoom(Entry entry, ModelNeed need, long capacity, long free) {
    if (need.total() > capacity) {
      throw ModelTooLargeException.altogether(need, room.name(), capacity);
    }
    long lacking = Math.max(used() + need.total() - capacity, need.total() - free);
    int inMemory = 0;
    boolean busy = false;
    long pinned = 0;
    List<Entry> idle = new ArrayList<>();
    for (Entry other : entries.values()) {
      if (other.state == State.QUEUED) {
        continue;
      }
      inMemory++;
      if (other.isIdle()) {
        idle.add(other);
      } else if (pins.containsKey(other.model.manifest())) {
        pinned += other.bytes;
      } else {
        busy = true;
      }
    }
    int tooMany = inMemory + 1 - config.maxModels();
    if (lacking <= 0 && tooMany <= 0) {
      return true;
    }
    for (Entry other : leaving) {
      lacking -= other.bytes;
    }
    List<Entry> evicted = new ArrayList<>();
    for (Entry other : idle) {
      if (lacking > 0 || tooMany > 0) {
        evicted.add(other);
        lacking -= other.bytes;
        tooMany--;
      }
    }
    if (lacking > 0 || tooMany > 0) {
      if (!busy) {
        throw refusal(need, capacity, free, pinned, tooMany);
      }
      if (entry.waitsSince == 0) {
        // Never 0, whatever the ticker's origin.
        entry.waitsSince = ticker.nanoTime() | 1;
      }
      if (waitLeft(entry) <= 0) {
        throw new EngineBusyException(
            entries.values().stream().mapToInt(other -> other.leases).sum() - entry.leases,
            entry.leases);
      }
      return false;
    }
    for (Entry other : evicted) {
      LOG.info("{} makes room for {}", other.model.name(), entry.model.name());
      entries.remove(other.model.manifest());
      leave(other);
    }
    return false;
  }

  private RuntimeException refusal(
      ModelNeed need, long capacity, long free, long pinned, int tooMany) {
    if (tooMany > 0) {
      return new EngineBusyException(config.maxModels(), queue.size());
    }
    if (need.total() > capacity - pinned) {
      return ModelTooLargeException.besides(
          need,
          room.name(),
          capacity - pinned,
          "models that are kept there hold " + Sizes.text(pinned));
    }
    return ModelTooLargeException.besides(
        need, room.name(), free, "other programs or models hold the rest");
  }

  private long used() {
    long bytes = 0;
    for (Entry entry : entries.values()) {
      bytes += entry.bytes;
    }
    for (Entry entry : leaving) {
      bytes += entry.bytes;
    }
    return bytes;
  }

  private long waitLeft(Entry entry) {
    return entry.waitsSince + config.maxWait().toNanos() - ticker.nanoTime();
  }

  private void fail(Entry entry, Throwable error, long took) {
    synchronized (lock) {
      queue.remove(entry);
      entries.remove(entry.model.manifest(), entry);
      entry.bytes = 0;
      long now = ticker.nanoTime();
      if (took >= CHEAP.toNanos()) {
        failures.put(
            entry.model.manifest(),
            new Failure(now + Math.min(took, config.maxRetryPause().toNanos()), error));
        if (failures.size() > MAX_FAILURES) {
          failures.remove(failures.keySet().iterator().next());
        }
      }
      Pin pin = pins.get(entry.model.manifest());
      if (pin != null && !pin.wasReady) {
        pins.remove(entry.model.manifest());
      } else if (pin != null) {
        retryLater(pin);
        LOG.warn("{} does not load again: {}", entry.model.name(), error.getMessage());
      }
    }
    entry.ready.completeExceptionally(error);
  }

  private void retryLater(Pin pin) {
    pin.retryAt = ticker.nanoTime() + pin.pause.toNanos();
    Duration doubled = pin.pause.multipliedBy(2);
    pin.pause = doubled.compareTo(config.maxRetryPause()) < 0 ? doubled : config.maxRetryPause();
  }

  private void expireIdle() {
    if (config.keepAlive().isZero()) {
      return;
    }
    for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
      Entry entry = all.next();
      if (entry.isIdle() && idleLeft(entry) <= 0) {
        LOG.info("{} was not used for {} and leaves", entry.model.name(), config.keepAlive());
        all.remove();
        leave(entry);
      }
    }
  }

  private long idleLeft(Entry entry) {
    return entry.idleTick + config.keepAlive().toNanos() - ticker.nanoTime();
  }

  private void reloadPinned() {
    long now = ticker.nanoTime();
    for (Pin pin : pins.values()) {
      if (pin.wasReady
          && !entries.containsKey(pin.model.manifest())
          && pin.retryAt - now <= 0
          && queue.size() < config.maxQueued()) {
        failures.remove(pin.model.manifest());
        Entry entry = new Entry(pin.model);
        entries.put(pin.model.manifest(), entry);
        queue.add(entry);
      }
    }
  }

  /** Forgets what nobody waits for any more. */
  private void dropUnwanted() {
    for (Iterator<Entry> all = queue.iterator(); all.hasNext(); ) {
      Entry entry = all.next();
      if (entry.leases == 0 && !pins.containsKey(entry.model.manifest())) {
        all.remove();
        entries.remove(entry.model.manifest(), entry);
      }
    }
  }

  private OptionalLong nextDue() {
    long due = Long.MAX_VALUE;
    long now = ticker.nanoTime();
    for (Entry entry : entries.values()) {
      if (entry.isIdle() && !config.keepAlive().isZero()) {
        due = Math.min(due, idleLeft(entry));
      } else if (entry.state == State.QUEUED && entry.waitsSince != 0) {
        due = Math.min(due, waitLeft(entry));
      }
    }
    for (Pin pin : pins.values()) {
      if (pin.wasReady
          && !entries.containsKey(pin.model.manifest())
          && queue.size() < config.maxQueued()) {
        due = Math.min(due, pin.retryAt - now);
      }
    }
    return due == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(Math.max(0, due));
  }

  /** Makes it the one used last. */
  private void touch(Entry entry) {
    entries.get(entry.model.manifest());
    entry.idleTick = ticker.nanoTime();
    entry.idleSince = clock.instant();
  }

  /** Frees what is no longer in {@link #entries}. */
  private void leave(Entry entry) {
    if (entry.state == State.BROKEN && entry.leases > 0) {
      leaving.add(entry);
      return;
    }
    entry.state = State.LEAVING;
    leaving.add(entry);
    source.unload(entry.loaded(), () -> gone(entry));
  }

  private void gone(Entry entry) {
    synchronized (lock) {
      leaving.remove(entry);
      entry.bytes = 0;
      wakeUp.run();
    }
  }

  private void released(Entry entry, boolean failed) {
    synchronized (lock) {
      entry.leases--;
      if (closed || entry.state == State.LEAVING) {
        return;
      }
      touch(entry);
      entry.failedInARow = failed ? entry.failedInARow + 1 : 0;
      if (entry.state == State.READY && entry.failedInARow >= MAX_FAILED) {
        LOG.error("{} failed {} times and is loaded anew", entry.model.name(), MAX_FAILED);
        entry.state = State.BROKEN;
        entries.remove(entry.model.manifest(), entry);
        Pin pin = pins.get(entry.model.manifest());
        if (pin != null) {
          if (ticker.nanoTime() - pin.readyAt > config.maxRetryPause().toNanos()) {
            pin.pause = config.retryPause();
          }
          retryLater(pin);
        }
        leave(entry);
      } else if (entry.state == State.BROKEN && entry.leases == 0) {
        leave(entry);
      }
      if (entry.leases == 0) {
        wakeUp.run();
      }
    }
  }

  /**
   * Takes no more leases and frees all models; one that is being loaded is freed when it is there.
   */
  @Override
  public void close() {
    List<Entry> waiting = new ArrayList<>();
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      waiting.addAll(queue);
      queue.clear();
      for (Entry entry : entries.values()) {
        if (entry.state == State.READY) {
          leave(entry);
        }
      }
      for (Entry entry : List.copyOf(leaving)) {
        if (entry.state == State.BROKEN) {
          entry.leases = 0;
          leave(entry);
        }
      }
      entries.clear();
      wakeUp.run();
    }
    waiting.forEach(
        entry ->
            entry.ready.completeExceptionally(new IllegalStateException("the engine is closed")));
  }

  private final class EntryLease implements Lease<M> {
    private final Entry entry;
    private boolean over;

    EntryLease(Entry entry) {
      this.entry = entry;
    }

    @Override
    public CompletableFuture<M> model() {
      return entry.ready;
    }

    @Override
    public void release(boolean failed) {
      synchronized (lock) {
        if (!over) {
          over = true;
          released(entry, failed);
        }
      }
    }
  }
}

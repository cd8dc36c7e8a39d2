package io.infernet.inference.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.testing.FakeModels;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class ModelPoolTest {

  private static final long GIB = 1L << 30;
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final World world = new World();

  /** A machine with so much memory, models of given sizes, and time that stands still. */
  private static final class World implements ModelSource<String>, Room {
    final Map<String, Long> sizes = new LinkedHashMap<>();
    final List<String> events = new ArrayList<>();
    final List<Runnable> unloading = new ArrayList<>();
    long capacity = 10 * GIB;
    long others;
    long inMemory;
    long mostInMemory;
    long now;
    int wakeUps;
    int loads;
    boolean slowUnload;
    Optional<RuntimeException> failure = Optional.empty();
    Duration loadTime = Duration.ZERO;
    ModelPool<String> pool = pool(PoolConfig.defaults());

    ModelPool<String> pool(PoolConfig config) {
      Clock clock =
          new Clock() {
            @Override
            public ZoneId getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }

            @Override
            public Instant instant() {
              return START.plusNanos(now);
            }
          };
      return new ModelPool<>(config, this, this, () -> wakeUps++, () -> now, clock);
    }

    void pass(Duration time) {
      now += time.toNanos();
    }

    @Override
    public String name() {
      return "the card";
    }

    @Override
    public long capacity() {
      return capacity;
    }

    @Override
    public long free() {
      return 10 * GIB - others - inMemory;
    }

    @Override
    public ModelNeed need(InstalledModel model, long room) {
      String name = model.name().toString();
      return new ModelNeed(
          model.name(),
          sizes.getOrDefault(name, GIB),
          0,
          0,
          100,
          List.of(
              new ModelNeed.Alternative(
                  ModelName.parse(model.name().name() + ":int4"),
                  sizes.getOrDefault(name, GIB) / 4)));
    }

    @Override
    public String load(InstalledModel model, ModelNeed need) {
      pass(loadTime);
      if (failure.isPresent()) {
        events.add("failed " + model.name());
        throw failure.get();
      }
      inMemory += need.total();
      mostInMemory = Math.max(mostInMemory, inMemory);
      events.add("load " + model.name());
      return model.name() + "#" + ++loads;
    }

    @Override
    public long memoryBytes(String model) {
      return sizes.getOrDefault(model.substring(0, model.indexOf('#')), GIB);
    }

    @Override
    public void unload(String model, Runnable done) {
      Runnable free =
          () -> {
            inMemory -= memoryBytes(model);
            events.add("unload " + model.substring(0, model.indexOf('#')));
            done.run();
          };
      if (slowUnload) {
        unloading.add(free);
      } else {
        free.run();
      }
    }

    /** Works until nothing wakes the pool any more. */
    OptionalLong work() {
      OptionalLong due;
      do {
        wakeUps = 0;
        due = pool.work();
      } while (wakeUps > 0);
      return due;
    }

    List<String> warm() {
      return pool.warm().stream().map(warm -> warm.installed().name().toString()).toList();
    }
  }

  private static InstalledModel model(String name) {
    return FakeModels.installed(name);
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertTrue(future.isDone(), "still waits");
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  @Test
  void sharesOneLoad() {
    CompletableFuture<Void> load = world.pool.load(model("a"));
    ModelPool.Lease<String> lease = world.pool.lease(model("a"));
    assertFalse(load.isDone());
    world.work();
    load.join();
    assertEquals("a#1", lease.model().join());
    assertSame(lease.model(), world.pool.lease(model("a")).model());
    assertEquals(List.of("load a"), world.events);
    assertEquals(GIB, world.pool.usedBytes());
  }

  @Test
  void evictsWhatWasNotUsedForLongest() {
    for (String name : List.of("a", "b", "c")) {
      world.sizes.put(name, 3 * GIB);
      world.pool.load(model(name));
      world.work();
    }
    world.pool.lease(model("a")).release(false);
    world.sizes.put("d", 4 * GIB);
    CompletableFuture<Void> load = world.pool.load(model("d"));
    world.work();
    load.join();
    assertEquals(List.of("c", "a", "d"), world.warm());
    assertEquals(List.of("load a", "load b", "load c", "unload b", "load d"), world.events);
  }

  @Test
  void waitsUntilEvictedMemoryIsFree() {
    world.slowUnload = true;
    world.sizes.put("a", 8 * GIB);
    world.sizes.put("b", 8 * GIB);
    world.pool.load(model("a"));
    world.work();
    CompletableFuture<Void> load = world.pool.load(model("b"));
    world.work();
    world.work();
    assertFalse(load.isDone());
    assertEquals(1, world.unloading.size());
    world.unloading.remove(0).run();
    world.work();
    load.join();
    assertEquals(List.of("load a", "unload a", "load b"), world.events);
  }

  @Test
  void waitsForModelsInUseButNotForEver() {
    world.sizes.put("a", 8 * GIB);
    world.sizes.put("b", 8 * GIB);
    ModelPool.Lease<String> use = world.pool.lease(model("a"));
    world.work();
    CompletableFuture<Void> load = world.pool.load(model("b"));
    OptionalLong due = world.work();
    assertEquals(Duration.ofMinutes(1).toNanos(), due.getAsLong(), 2);
    assertFalse(load.isDone());
    use.release(false);
    use.release(false);
    world.work();
    load.join();

    ModelPool.Lease<String> again = world.pool.lease(model("b"));
    CompletableFuture<Void> late = world.pool.load(model("a"));
    world.work();
    world.pass(Duration.ofSeconds(61));
    assertEquals(OptionalLong.empty(), world.work());
    assertInstanceOf(EngineBusyException.class, failure(late));
    assertEquals("b#2", again.model().join());
  }

  @Test
  void forgetsWhatNobodyWaitsForAnyMore() {
    world.sizes.put("a", 8 * GIB);
    world.sizes.put("b", 8 * GIB);
    world.pool.lease(model("a"));
    world.work();
    ModelPool.Lease<String> given = world.pool.lease(model("b"));
    world.work();
    given.release(false);
    assertEquals(OptionalLong.empty(), world.work());
    assertEquals(List.of("load a"), world.events);
  }

  @Test
  void boundsHowManyWait() {
    world.pool =
        world.pool(
            new PoolConfig(
                1,
                2,
                Duration.ofMinutes(1),
                Duration.ZERO,
                Duration.ofSeconds(1),
                Duration.ofMinutes(1)));
    world.pool.load(model("a"));
    world.pool.load(model("b"));
    assertThrows(EngineBusyException.class, () -> world.pool.load(model("c")));
    world.work();
    assertEquals(List.of("load a", "unload a", "load b"), world.events);
    world.pool.load(model("c"));
    world.work();
    assertEquals(List.of("c"), world.warm());
  }

  @Test
  void refusesWhatNeverFitsAndNamesWhatWould() {
    world.capacity = 8 * GIB;
    world.sizes.put("big", 14 * GIB + GIB / 5);
    assertEquals(
        "big needs 14.2 GiB, the card has 8.0 GiB: try big:int4 (3.5 GiB)", refused("big"));
    world.sizes.put("huge", 40 * GIB);
    assertEquals(
        "huge needs 40.0 GiB, the card has 8.0 GiB: take a smaller model", refused("huge"));
    world.others = 8 * GIB;
    world.sizes.put("mid", 4 * GIB);
    assertEquals(
        "mid needs 4.0 GiB, the card has only 2.0 GiB left (other programs or models hold the"
            + " rest): try mid:int4 (1.0 GiB)",
        refused("mid"));
    assertEquals(List.of(), world.events);
    world.others = 0;
    world.pool.load(model("mid"));
    world.work();
    assertEquals(List.of("mid"), world.warm());
  }

  private String refused(String name) {
    CompletableFuture<Void> load = world.pool.load(model(name));
    world.work();
    return assertInstanceOf(ModelTooLargeException.class, failure(load)).getMessage();
  }

  @Test
  void keepsPinnedModels() {
    world.sizes.put("a", 6 * GIB);
    world.sizes.put("b", 6 * GIB);
    CompletableFuture<Void> pin = world.pool.pin(model("a"));
    world.work();
    pin.join();
    assertTrue(world.pool.warm().get(0).pinned());
    assertEquals(
        "b needs 6.0 GiB, the card has only 4.0 GiB left (models that are kept there hold 6.0"
            + " GiB): try b:int4 (1.5 GiB)",
        refused("b"));
    assertEquals(List.of("a"), world.warm());
  }

  @Test
  void unloadsWhatNobodyUsesAfterItsTime() {
    world.pool = world.pool(PoolConfig.defaults().withKeepAlive(Duration.ofMinutes(5)));
    world.pool.pin(model("kept"));
    ModelPool.Lease<String> use = world.pool.lease(model("a"));
    assertEquals(OptionalLong.empty(), world.work());
    world.pass(Duration.ofHours(1));
    assertEquals(OptionalLong.empty(), world.work());
    use.release(false);
    assertEquals(OptionalLong.of(Duration.ofMinutes(5).toNanos()), world.work());
    ModelPool.Warm<String> idle = world.pool.warm().get(1);
    assertEquals(Optional.of(START.plus(Duration.ofHours(1))), idle.idleSince());
    assertEquals(Optional.of(START.plus(Duration.ofMinutes(65))), idle.idleUntil());
    world.pass(Duration.ofMinutes(4));
    world.pool.lease(model("a")).release(false);
    world.pass(Duration.ofMinutes(4));
    world.work();
    assertEquals(List.of("kept", "a"), world.warm());
    world.pass(Duration.ofMinutes(1));
    world.work();
    assertEquals(List.of("kept"), world.warm());
    assertEquals(Optional.empty(), world.pool.warm().get(0).idleUntil());
    assertEquals(GIB, world.inMemory);
  }

  @Test
  void doesNotRepeatExpensiveFailuresInATightLoop() {
    world.failure = Optional.of(new InfernetException("damaged"));
    world.loadTime = Duration.ofSeconds(20);
    assertEquals("damaged", failed("a"));
    assertEquals("damaged", failed("a"));
    assertEquals(List.of("failed a"), world.events);
    world.pass(Duration.ofSeconds(20));
    assertEquals("damaged", failed("a"));
    assertEquals(List.of("failed a", "failed a"), world.events);
    world.loadTime = Duration.ofMillis(10);
    assertEquals("damaged", failed("b"));
    assertEquals("damaged", failed("b"));
    assertEquals(4, world.events.size());
    assertEquals(0, world.pool.usedBytes());
  }

  private String failed(String name) {
    CompletableFuture<Void> load = world.pool.load(model(name));
    world.work();
    return failure(load).getMessage();
  }

  @Test
  void loadsAModelAnewThatFailsAgainAndAgain() {
    ModelPool.Lease<String> other = world.pool.lease(model("a"));
    for (int i = 0; i < ModelPool.MAX_FAILED; i++) {
      ModelPool.Lease<String> lease = world.pool.lease(model("a"));
      world.work();
      assertSame(other.model(), lease.model());
      lease.release(true);
    }
    assertEquals(List.of(), world.warm());
    ModelPool.Lease<String> fresh = world.pool.lease(model("a"));
    world.work();
    assertNotSame(other.model(), fresh.model());
    assertEquals(List.of("load a", "load a"), world.events);
    other.release(false);
    assertEquals(List.of("load a", "load a", "unload a"), world.events);
    assertEquals(GIB, world.inMemory);
  }

  @Test
  void reloadsPinnedModelsAfterFailuresWithLongerAndLongerPauses() {
    world.pool.pin(model("a"));
    world.work();
    world.failure = Optional.of(new InfernetException("no luck"));
    breakDown("a");
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      long due = world.work().getAsLong();
      pauses.add(Duration.ofNanos(due).toSeconds());
      world.pass(Duration.ofNanos(due));
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L), pauses);
    world.failure = Optional.empty();
    world.work();
    assertEquals(List.of("a"), world.warm());
  }

  private void breakDown(String name) {
    for (int i = 0; i < ModelPool.MAX_FAILED; i++) {
      world.pool.lease(model(name)).release(true);
    }
  }

  @Test
  void takesItsTimeWhenAPinnedModelFindsTheQueueFull() {
    world.pool =
        world.pool(
            new PoolConfig(
                16,
                1,
                Duration.ofMinutes(1),
                Duration.ZERO,
                Duration.ofSeconds(1),
                Duration.ofMinutes(1)));
    world.sizes.put("b", 5 * GIB);
    world.sizes.put("c", 6 * GIB);
    world.pool.pin(model("a"));
    world.work();
    world.pool.lease(model("b"));
    world.work();
    breakDown("a");
    world.pool.lease(model("c"));
    world.work();
    world.pass(Duration.ofSeconds(2));
    assertTrue(world.work().getAsLong() > Duration.ofSeconds(50).toNanos());
  }

  @Test
  void doesNotKeepAPinnedModelThatNeverLoaded() {
    world.failure = Optional.of(new InfernetException("damaged"));
    CompletableFuture<Void> pin = world.pool.pin(model("a"));
    assertEquals(OptionalLong.empty(), world.work());
    assertEquals("damaged", failure(pin).getMessage());
  }

  @Test
  void freesEverythingWhenClosed() {
    world.pool.pin(model("a"));
    world.pool.lease(model("b"));
    world.work();
    CompletableFuture<Void> waiting = world.pool.load(model("c"));
    world.pool.close();
    world.pool.close();
    assertEquals("the engine is closed", failure(waiting).getMessage());
    assertEquals(0, world.inMemory);
    assertEquals(OptionalLong.empty(), world.work());
    assertThrows(IllegalStateException.class, () -> world.pool.load(model("a")));
  }

  @Test
  void neverHoldsMoreThanThereIsRoomForWhateverHappens() {
    for (long seed = 0; seed < 20; seed++) {
      try {
        useAtRandom(new World(), new SplittableRandom(seed));
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static void useAtRandom(World world, SplittableRandom random) {
    List<String> names = List.of("a", "b", "c", "d", "e");
    for (int i = 0; i < names.size(); i++) {
      world.sizes.put(names.get(i), (2L + i) * GIB);
    }
    world.slowUnload = true;
    List<ModelPool.Lease<String>> leases = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      try {
        switch (random.nextInt(10)) {
          case 0, 1 -> leases.add(world.pool.lease(model(names.get(random.nextInt(5)))));
          case 2, 3 -> world.work();
          case 4, 5, 6, 7 -> {
            if (!leases.isEmpty()) {
              leases.remove(random.nextInt(leases.size())).release(random.nextInt(4) == 0);
            }
          }
          case 8 -> {
            if (!world.unloading.isEmpty()) {
              world.unloading.remove(0).run();
            }
          }
          default -> world.pass(Duration.ofSeconds(random.nextInt(30)));
        }
      } catch (EngineBusyException e) {
        // Too many wait.
      }
    }
    assertTrue(world.loads > 10, world.loads + " loads");
    leases.forEach(lease -> lease.release(false));
    world.pool.close();
    while (!world.unloading.isEmpty()) {
      world.unloading.remove(0).run();
    }
    assertTrue(
        world.mostInMemory <= world.capacity, "held " + world.mostInMemory + " bytes at once");
    assertEquals(0, world.inMemory);
    assertEquals(0, world.pool.usedBytes());
  }
}

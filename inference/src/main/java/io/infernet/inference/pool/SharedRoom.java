package io.infernet.inference.pool;

import static java.util.Objects.requireNonNull;

import java.util.function.Supplier;

/** The memory of a device with a share of it for models. */
public final class SharedRoom implements Room {

  /** What other programs and this one's own heap keep, of the total. */
  private static final double SHARE = 0.85;

  private final String name;
  private final long budget;
  private final Supplier<SystemMemory.Reading> memory;

  /**
   * @param name in a sentence
   * @param budget bytes that models may take; 0 for most of what there is
   * @param memory looks
   */
  public SharedRoom(String name, long budget, Supplier<SystemMemory.Reading> memory) {
    this.name = requireNonNull(name, "name is null");
    this.budget = budget;
    this.memory = requireNonNull(memory, "memory is null");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long capacity() {
    return budget > 0 ? budget : (long) (memory.get().total() * SHARE);
  }

  @Override
  public long free() {
    SystemMemory.Reading now = memory.get();
    // Nothing that is full to the last page works well.
    return Math.max(0, now.available() - Math.min(now.total() / 20, 512L << 20));
  }
}

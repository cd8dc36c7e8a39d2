package io.infernet.inference.batching;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait, by tenant: the next is the first of the tenant that was served least. Guarded by
 * its owner's lock.
 *
 * <p>Implementation notes: the virtual token counter of Sheng et al., "Fairness in Serving Large
 * Language Models" (OSDI 2024). Each tenant's counter grows by what is computed for it. A tenant
 * that comes back from being idle does not bring the time it did not use as a credit: its counter
 * is lifted to the virtual time, which is the counter of whoever was served last.
 */
final class FairQueue<T> {

  /** Idle tenants whose counters are ahead of time, and therefore remembered. */
  private static final int MAX_IDLE = 1024;

  private static final class Tenant<T> {
    /** By number. */
    private final TreeMap<Long, T> waiting = new TreeMap<>();

    private int running;
    private long served;

    boolean idle() {
      return running == 0 && waiting.isEmpty();
    }
  }

  private final Map<String, Tenant<T>> tenants = new HashMap<>();
  private long time;
  private int idle;
  private int size;

  /** How many wait. */
  int size() {
    return size;
  }

  /** All that wait, in no order. */
  List<T> all() {
    List<T> all = new ArrayList<>(size);
    tenants.values().forEach(tenant -> all.addAll(tenant.waiting.values()));
    return all;
  }

  /** Tenants that are known; for tests. */
  Collection<String> tenants() {
    return List.copyOf(tenants.keySet());
  }

  /**
   * Adds one.
   *
   * @param number its place in the order of arrival, among those of its tenant
   */
  void add(String name, long number, T item) {
    Tenant<T> tenant = tenants.get(name);
    if (tenant == null) {
      tenant = new Tenant<>();
      tenants.put(name, tenant);
    } else if (tenant.idle()) {
      idle--;
    }
    if (tenant.idle()) {
      tenant.served = Math.max(tenant.served, time);
    }
    if (tenant.waiting.put(number, item) != null) {
      throw new IllegalStateException("number " + number + " waits already");
    }
    size++;
  }

  /** Who comes next, or null when nobody waits. */
  @Nullable T peek() {
    Tenant<T> best = null;
    for (Tenant<T> tenant : tenants.values()) {
      if (!tenant.waiting.isEmpty()
          && (best == null
              || tenant.served < best.served
              || (tenant.served == best.served
                  && tenant.waiting.firstKey() < best.waiting.firstKey()))) {
        best = tenant;
      }
    }
    return best == null ? null : best.waiting.firstEntry().getValue();
  }

  /** Takes one out because it begins; {@link #ended} says when it has ended. */
  void begin(String name, long number) {
    Tenant<T> tenant = known(name);
    remove(tenant, number);
    tenant.running++;
    time = Math.max(time, tenant.served);
  }

  /** Takes one out that does not want to wait any more. */
  void remove(String name, long number) {
    Tenant<T> tenant = known(name);
    remove(tenant, number);
    rest(name, tenant);
  }

  private void remove(Tenant<T> tenant, long number) {
    if (tenant.waiting.remove(number) == null) {
      throw new IllegalStateException("number " + number + " does not wait");
    }
    size--;
  }

  /** One that had begun has ended. */
  void ended(String name) {
    Tenant<T> tenant = known(name);
    tenant.running--;
    rest(name, tenant);
  }

  /** One that had begun waits again. */
  void resume(String name, long number, T item) {
    add(name, number, item);
    known(name).running--;
  }

  /** Counts what was computed for a tenant that has something running. */
  void charge(String name, long tokens) {
    known(name).served += tokens;
  }

  /** How many have begun and not ended. */
  int running(String name) {
    Tenant<T> tenant = tenants.get(name);
    return tenant == null ? 0 : tenant.running;
  }

  /** How many of a tenant wait or have begun and not ended. */
  int count(String name) {
    Tenant<T> tenant = tenants.get(name);
    return tenant == null ? 0 : tenant.waiting.size() + tenant.running;
  }

  /** Whether one tenant was served less than another. */
  boolean servedLess(String name, String other) {
    return known(name).served < known(other).served;
  }

  private Tenant<T> known(String name) {
    Tenant<T> tenant = tenants.get(name);
    if (tenant == null) {
      throw new IllegalStateException("no tenant " + name);
    }
    return tenant;
  }

  /** Forgets a tenant that is idle, unless it was served more than its share. */
  private void rest(String name, Tenant<T> tenant) {
    if (!tenant.idle()) {
      return;
    }
    if (tenant.served <= time) {
      tenants.remove(name);
      return;
    }
    idle++;
    if (idle > MAX_IDLE) {
      tenants.values().removeIf(other -> other.idle() && other.served <= time);
      List<Map.Entry<String, Tenant<T>>> left = new ArrayList<>(tenants.entrySet());
      left.removeIf(entry -> !entry.getValue().idle());
      left.sort((a, b) -> Long.compare(a.getValue().served, b.getValue().served));
      idle = left.size();
      for (int i = 0; idle > MAX_IDLE / 2; i++, idle--) {
        tenants.remove(left.get(i).getKey());
      }
    }
  }
}

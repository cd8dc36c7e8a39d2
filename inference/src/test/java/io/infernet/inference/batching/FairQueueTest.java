package io.infernet.inference.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FairQueueTest {

  private final FairQueue<String> queue = new FairQueue<>();
  private long number;

  private void add(String tenant) {
    queue.add(tenant, number, tenant + number);
    number++;
  }

  /** Serves whoever is next, who is done at once. */
  private String serve(long cost) {
    String next = queue.peek();
    String tenant = next.replaceAll("\\d", "");
    queue.begin(tenant, Long.parseLong(next.replaceAll("\\D", "")));
    queue.charge(tenant, cost);
    queue.ended(tenant);
    return tenant;
  }

  @Test
  void servesOneTenantInOrder() {
    for (int i = 0; i < 3; i++) {
      add("a");
    }
    List<String> order = new ArrayList<>();
    while (queue.peek() != null) {
      order.add(queue.peek());
      serve(5);
    }
    assertEquals(List.of("a0", "a1", "a2"), order);
    assertEquals(0, queue.size());
    assertNull(queue.peek());
  }

  @Test
  void servesTenantsInTurn() {
    for (int i = 0; i < 4; i++) {
      add("a");
    }
    for (int i = 0; i < 2; i++) {
      add("b");
    }
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      order.add(serve(10));
    }
    assertEquals(List.of("a", "b", "a", "b", "a", "a"), order);
  }

  @Test
  void countsWhatWasComputedNotHowOften() {
    for (int i = 0; i < 8; i++) {
      add("a");
      add("b");
    }
    int dear = 0;
    for (int i = 0; i < 8; i++) {
      dear += queue.peek().startsWith("a") ? 1 : 0;
      serve(queue.peek().startsWith("a") ? 30 : 10);
    }
    assertEquals(2, dear);
  }

  @Test
  void givesNoCreditForTimeNotUsed() {
    for (int i = 0; i < 30; i++) {
      add("a");
    }
    for (int i = 0; i < 20; i++) {
      serve(10);
    }
    for (int i = 0; i < 10; i++) {
      add("b");
    }
    int late = 0;
    for (int i = 0; i < 10; i++) {
      late += serve(10).equals("b") ? 1 : 0;
    }
    assertTrue(late == 5 || late == 6, "b was served " + late + " times of 10");
  }

  @Test
  void remembersWhoWasServedTooMuch() {
    add("a");
    add("b");
    add("b");
    queue.begin("a", 0);
    queue.charge("a", 1000);
    queue.ended("a");
    add("a");
    assertEquals("b", serve(10));
    assertEquals("b", serve(10));
    assertEquals("a", serve(10));
  }

  @Test
  void forgetsIdleTenants() {
    for (int i = 0; i < 10_000; i++) {
      String tenant = "t" + i;
      queue.add(tenant, i, tenant);
      queue.begin(tenant, i);
      queue.charge(tenant, 1 + i % 7);
      queue.ended(tenant);
    }
    assertTrue(queue.tenants().size() <= 1025, queue.tenants().size() + " tenants");
  }

  @Test
  void whoRestsComesBeforeThoseWhoCameLater() {
    add("a");
    queue.begin("a", 0);
    add("a");
    queue.resume("a", 0, "a0");
    assertEquals("a0", queue.peek());
    assertEquals(0, queue.running("a"));
    assertEquals(2, queue.size());
    queue.remove("a", 0);
    assertEquals(List.of("a1"), queue.all());
    assertThrows(IllegalStateException.class, () -> queue.remove("a", 0));
  }
}

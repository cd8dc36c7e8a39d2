package io.infernet.discovery.gossip.mesh;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;

/** Random order and random choice from a seeded generator. */
public final class Sampling {

  private Sampling() {}

  /** Puts a list in random order. */
  public static void shuffle(List<?> list, RandomGenerator random) {
    for (int i = list.size() - 1; i > 0; i--) {
      Collections.swap(list, i, random.nextInt(i + 1));
    }
  }

  /** Up to {@code count} different elements in random order, as a new list. */
  public static <T> List<T> pick(Collection<T> from, int count, RandomGenerator random) {
    List<T> list = new ArrayList<>(from);
    shuffle(list, random);
    if (list.size() > count) {
      list.subList(Math.max(0, count), list.size()).clear();
    }
    return list;
  }
}

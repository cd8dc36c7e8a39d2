package io.infernet.discovery.kad;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The providers that a look-up has found so far, and how many servers name each. When there are too
 * many, one that a single server names goes, whichever chance picks: what most servers name stays
 * or comes back.
 */
final class FoundProviders {

  /** Picks until one is found that a single server names. */
  private static final int PICKS = 8;

  private final int limit;
  private final RandomGenerator random;
  private final Map<PeerId, Found> found = new HashMap<>();
  private final List<Found> inOrder = new ArrayList<>();

  private static final class Found {
    final PeerInfo provider;
    int namedBy = 1;

    Found(PeerInfo provider) {
      this.provider = provider;
    }

    int namedBy() {
      return namedBy;
    }
  }

  /**
   * @param limit providers remembered
   */
  FoundProviders(int limit, RandomGenerator random) {
    this.limit = limit;
    this.random = random;
  }

  /** Counts a provider that one more server names; whether it is new. */
  boolean add(PeerInfo provider) {
    Found known = found.get(provider.id());
    if (known != null) {
      known.namedBy++;
      return false;
    }
    Found added = new Found(provider);
    if (inOrder.size() < limit) {
      inOrder.add(added);
    } else {
      int out = leastNamed();
      found.remove(inOrder.get(out).provider.id());
      inOrder.set(out, added);
    }
    found.put(provider.id(), added);
    return true;
  }

  private int leastNamed() {
    int least = random.nextInt(inOrder.size());
    for (int i = 1; i < PICKS && inOrder.get(least).namedBy > 1; i++) {
      int other = random.nextInt(inOrder.size());
      if (inOrder.get(other).namedBy < inOrder.get(least).namedBy) {
        least = other;
      }
    }
    return least;
  }

  /** Those that most servers name first; of equals those that were heard of first. */
  List<PeerInfo> best(int count) {
    return inOrder.stream()
        .sorted(Comparator.comparingInt(Found::namedBy).reversed())
        .limit(count)
        .map(one -> one.provider)
        .toList();
  }
}

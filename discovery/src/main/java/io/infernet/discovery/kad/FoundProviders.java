package io.infernet.discovery.kad;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The providers that a look-up has found so far, and how many servers name each. */
final class FoundProviders {

  private final int limit;
  private final Map<PeerId, Found> found = new LinkedHashMap<>();

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
  FoundProviders(int limit) {
    this.limit = limit;
  }

  /** Counts a provider that one more server names; whether it is new. */
  boolean add(PeerInfo provider) {
    Found known = found.get(provider.id());
    if (known != null) {
      known.namedBy++;
      return false;
    }
    if (found.size() >= limit) {
      return false;
    }
    found.put(provider.id(), new Found(provider));
    return true;
  }

  /** Those that most servers name first; of equals those that were heard of first. */
  List<PeerInfo> best(int count) {
    return found.values().stream()
        .sorted(Comparator.comparingInt(Found::namedBy).reversed())
        .limit(count)
        .map(one -> one.provider)
        .toList();
  }
}

package io.infernet.discovery.kad.routing;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Peers that share the same number of leading bits with this node, the least recently seen first,
 * and a few that wait for a place, the most recently seen last.
 */
final class KBucket {

  final List<RoutingEntry> entries = new ArrayList<>(4);
  final List<RoutingEntry> replacements = new ArrayList<>(0);

  /** Whether a look-up ever went here. */
  boolean lookedUp;

  /** When one did last, in the ticker's nanoseconds. */
  long lookedUpAt;

  @Nullable RoutingEntry find(KadKey key) {
    return find(entries, key);
  }

  static @Nullable RoutingEntry find(List<RoutingEntry> among, KadKey key) {
    for (int i = 0; i < among.size(); i++) {
      RoutingEntry entry = among.get(i);
      if (entry.key().equals(key)) {
        return entry;
      }
    }
    return null;
  }

  /** Moves an entry to the end of the least recently seen order. */
  void touch(RoutingEntry entry) {
    int last = entries.size() - 1;
    if (entries.get(last) != entry) {
      entries.remove(entry);
      entries.add(entry);
    }
  }

  int countOfGroup(@Nullable IpGroup group) {
    if (group == null) {
      return 0;
    }
    int count = 0;
    for (RoutingEntry entry : entries) {
      if (group.equals(entry.group)) {
        count++;
      }
    }
    return count;
  }
}

package io.infernet.discovery.kad.record;

import java.util.Comparator;
import java.util.List;

/** A {@link RoutingTableStore} that forgets everything when the process ends. */
public final class MemoryRoutingTableStore implements RoutingTableStore {

  private static final Comparator<SavedPeer> LAST_USEFUL_FIRST =
      Comparator.comparing(SavedPeer::lastUseful)
          .reversed()
          .thenComparing(saved -> saved.peer().id());

  private List<SavedPeer> saved = List.of();

  @Override
  public List<SavedPeer> load() {
    return saved;
  }

  @Override
  public void save(List<SavedPeer> peers) {
    saved = peers.stream().sorted(LAST_USEFUL_FIRST).limit(MAX_PEERS).toList();
  }
}

package io.infernet.verification.reputation;

import io.infernet.libp2p.peer.PeerId;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Standings as long as the process lives. Owned by one thread. */
public final class MemoryReputationStore implements ReputationStore {

  private final Map<PeerId, Standing> standings = new LinkedHashMap<>();

  @Override
  public Collection<Standing> all() {
    return List.copyOf(standings.values());
  }

  @Override
  public void put(Standing standing) {
    standings.put(standing.worker(), standing);
  }

  @Override
  public void remove(PeerId worker) {
    standings.remove(worker);
  }
}

package io.infernet.node.storage;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A {@link PeerBook} that forgets everything when the process ends. */
public final class MemoryPeerBook implements PeerBook {

  private static final Comparator<Seen> BY_AGE =
      Comparator.comparing(Seen::at).thenComparing(seen -> seen.peer().id());

  private final Map<PeerId, Seen> peers = new LinkedHashMap<>();

  private record Seen(PeerInfo peer, Instant at) {}

  @Override
  public synchronized void put(PeerInfo peer, Instant lastSeen) {
    peers.put(peer.id(), new Seen(peer, lastSeen));
    if (peers.size() > MAX_PEERS) {
      peers.values().stream().min(BY_AGE).ifPresent(oldest -> peers.remove(oldest.peer().id()));
    }
  }

  @Override
  public synchronized List<PeerInfo> newest(int limit) {
    return peers.values().stream().sorted(BY_AGE.reversed()).limit(limit).map(Seen::peer).toList();
  }
}

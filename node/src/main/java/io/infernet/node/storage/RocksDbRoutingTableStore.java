package io.infernet.node.storage;

import io.infernet.discovery.kad.record.MemoryRoutingTableStore;
import io.infernet.discovery.kad.record.RoutingTableStore;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.storage.StoredBytes.Head;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A {@link RoutingTableStore} that writes behind what has changed since it was saved before. */
final class RocksDbRoutingTableStore implements RoutingTableStore {

  static final String PEERS = "routing-table";

  /** Nobody but this node answers for its routing table. */
  private static final String SOURCE = "";

  private final WriteBehind writer;
  private final MemoryRoutingTableStore memory = new MemoryRoutingTableStore();

  /**
   * Reads what was saved last; entries that cannot be read are removed.
   *
   * @throws StoreException when the disk cannot be read
   */
  RocksDbRoutingTableStore(RocksColumns db, WriteBehind writer) {
    this.writer = writer;
    List<SavedPeer> saved = new ArrayList<>();
    db.forEach(
        PEERS,
        (key, bytes) -> {
          try {
            Head head = StoredBytes.read(bytes);
            saved.add(
                new SavedPeer(
                    StoredBytes.readPeer(PeerId.fromBytes(key), head.body()), head.time()));
          } catch (IOException | ProtocolViolationException e) {
            writer.discard(PEERS, key, e);
          }
        });
    memory.save(saved);
  }

  @Override
  public List<SavedPeer> load() {
    return memory.load();
  }

  @Override
  public void save(List<SavedPeer> peers) {
    Set<SavedPeer> before = new LinkedHashSet<>(memory.load());
    memory.save(peers);
    Set<PeerId> present = new LinkedHashSet<>();
    for (SavedPeer saved : memory.load()) {
      present.add(saved.peer().id());
      if (!before.contains(saved)) {
        writer.write(
            PEERS,
            saved.peer().id().toBytes(),
            StoredBytes.write(
                saved.lastUseful(),
                SOURCE,
                out -> StoredBytes.writeAddresses(saved.peer().addresses(), out)));
      }
    }
    for (SavedPeer saved : before) {
      if (!present.contains(saved.peer().id())) {
        writer.write(PEERS, saved.peer().id().toBytes(), null);
      }
    }
  }
}

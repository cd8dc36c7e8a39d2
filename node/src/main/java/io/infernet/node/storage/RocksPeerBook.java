package io.infernet.node.storage;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A {@link PeerBook} in the node's store. A value is text: when, who, and an address a line. */
final class RocksPeerBook implements PeerBook {

  static final Column<PeerId, Entry> PEERS =
      new Column<>("peers", PeerId::toBytes, Entry::toBytes, Entry::fromBytes);

  private final RocksColumns db;
  private int count;

  /** One peer in the column. */
  record Entry(PeerInfo peer, Instant lastSeen) {
    byte[] toBytes() {
      return (lastSeen.toEpochMilli()
              + "\n"
              + peer.id()
              + peer.addresses().stream().map(a -> "\n" + a).collect(Collectors.joining()))
          .getBytes(StandardCharsets.UTF_8);
    }

    static Entry fromBytes(byte[] bytes) {
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      List<Multiaddr> addresses = new ArrayList<>();
      lines.subList(2, lines.size()).forEach(line -> addresses.add(Multiaddr.parse(line)));
      return new Entry(
          new PeerInfo(PeerId.parse(lines.get(1)), addresses),
          Instant.ofEpochMilli(Long.parseLong(lines.get(0))));
    }
  }

  RocksPeerBook(RocksColumns db) {
    this.db = db;
    this.count = db.count(PEERS);
  }

  @Override
  public synchronized void put(PeerInfo peer, Instant lastSeen) {
    Optional<Entry> before = db.get(PEERS, peer.id());
    before.ifPresent(entry -> db.removeAt(PEERS, peer.id(), entry.lastSeen()));
    db.putAt(PEERS, peer.id(), new Entry(peer, lastSeen), lastSeen, false);
    count += before.isPresent() ? 0 : 1;
    while (count > MAX_PEERS && db.removeOldest(PEERS)) {
      count--;
    }
  }

  @Override
  public List<PeerInfo> newest(int limit) {
    return db.newest(PEERS, limit).stream().map(Entry::peer).toList();
  }
}

package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.SignedPeerRecord;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A {@link PeerStore} in memory that forgets the peer that was touched longest ago when it is full.
 * Safe from any thread.
 */
public final class MemoryPeerStore implements PeerStore {

  private final int maxAddressesPerPeer;
  private final Map<PeerId, Entry> entries;

  private static final class Entry {
    private List<Multiaddr> addresses = List.of();
    private @Nullable PeerMetadata metadata;
    private @Nullable SignedPeerRecord signed;

    boolean isSigned(Multiaddr address) {
      return signed != null && signed.record().addresses().contains(address);
    }
  }

  /**
   * @param maxPeers peers remembered
   * @param maxAddressesPerPeer addresses remembered of each
   */
  public MemoryPeerStore(int maxPeers, int maxAddressesPerPeer) {
    this.maxAddressesPerPeer = maxAddressesPerPeer;
    this.entries =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<PeerId, Entry> eldest) {
            return size() > maxPeers;
          }
        };
  }

  @Override
  public synchronized void addAddresses(PeerId peer, Collection<Multiaddr> addresses) {
    if (addresses.isEmpty()) {
      return;
    }
    Entry entry = entry(peer);
    if (entry.addresses.equals(addresses)) {
      return;
    }
    if (entry.addresses.isEmpty() && entry.signed == null && addresses.size() == 1) {
      entry.addresses = List.copyOf(addresses);
      return;
    }
    Set<Multiaddr> merged = new LinkedHashSet<>(addresses);
    merged.addAll(entry.addresses);
    entry.addresses =
        Stream.concat(
                merged.stream().filter(entry::isSigned),
                merged.stream().filter(address -> !entry.isSigned(address)))
            .limit(maxAddressesPerPeer)
            .toList();
  }

  @Override
  public synchronized boolean addSignedRecord(SignedPeerRecord record) {
    Entry entry = entry(record.record().peer());
    SignedPeerRecord known = entry.signed;
    if (known != null && !record.record().isNewerThan(known.record())) {
      return known.equals(record);
    }
    List<Multiaddr> withdrawn = entry.addresses.stream().filter(entry::isSigned).toList();
    entry.signed = record;
    List<Multiaddr> left =
        entry.addresses.stream()
            .filter(address -> !withdrawn.contains(address) || entry.isSigned(address))
            .toList();
    entry.addresses = List.of();
    addAddresses(record.record().peer(), left);
    return true;
  }

  @Override
  public synchronized Optional<SignedPeerRecord> signedRecord(PeerId peer) {
    return Optional.ofNullable(entries.get(peer)).map(entry -> entry.signed);
  }

  @Override
  public synchronized List<Multiaddr> addresses(PeerId peer) {
    Entry entry = entries.get(peer);
    return entry == null ? List.of() : entry.addresses;
  }

  @Override
  public synchronized Optional<PeerMetadata> metadata(PeerId peer) {
    return Optional.ofNullable(entries.get(peer)).map(entry -> entry.metadata);
  }

  @Override
  public synchronized void setMetadata(PeerId peer, PeerMetadata metadata) {
    entry(peer).metadata = metadata;
  }

  private Entry entry(PeerId peer) {
    return entries.computeIfAbsent(peer, p -> new Entry());
  }
}

package io.infernet.discovery.simulation;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.infernet.discovery.kad.KadConfig;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.wire.KadCodec;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * What hostile nodes know together, which is more than they could find out: everybody who is in the
 * network.
 */
final class Conspiracy {

  /** Peers in an answer, as many as an honest server names. */
  private static final int NAMED = 20;

  /** Of each key; all hostile nodes name the same ones, so that they look trustworthy. */
  private static final int FALSE_PROVIDERS = 100;

  private final Set<Attack> attacks;
  private final KadConfig kad;
  private final KadCodec requests;
  private final KadCodec responses;
  private final GlobalTruth everybody;
  private final Function<PeerId, PeerInfo> addressBook;
  private final GlobalTruth hostile = new GlobalTruth();
  private final GlobalTruth invented = new GlobalTruth();
  private final Map<PeerId, PeerInfo> inventedPeers = new HashMap<>();

  /**
   * @param everybody who is in the network
   * @param addressBook where they are
   * @param inventions how many peers that do not exist they can name
   */
  Conspiracy(
      Set<Attack> attacks,
      KadConfig kad,
      PeerCache cache,
      GlobalTruth everybody,
      Function<PeerId, PeerInfo> addressBook,
      Addresses addresses,
      SimulatedIdentities identities,
      int inventions) {
    this.attacks = attacks;
    this.kad = kad;
    this.requests = KadCodec.ofRequests(kad.wire(), cache);
    this.responses = KadCodec.ofResponses(kad.wire(), cache);
    this.everybody = everybody;
    this.addressBook = addressBook;
    for (int i = 0; i < inventions; i++) {
      PeerId peer = identities.nextPeer();
      invented.add(peer);
      inventedPeers.put(peer, new PeerInfo(peer, List.of(addresses.next())));
    }
  }

  void join(PeerId peer) {
    hostile.add(peer);
  }

  boolean does(Attack attack) {
    return attacks.contains(attack);
  }

  KadConfig kad() {
    return kad;
  }

  KadCodec requests() {
    return requests;
  }

  KadCodec responses() {
    return responses;
  }

  /** Whom a hostile node names as closest. */
  List<PeerInfo> closer(KadKey key, PeerId self) {
    List<PeerInfo> named = new ArrayList<>(NAMED);
    if (does(Attack.POISON)) {
      for (PeerId peer : invented.closest(key, NAMED / 2, self)) {
        named.add(inventedPeers.get(peer));
      }
    }
    boolean honest = attacks.equals(Set.of(Attack.SPAM));
    for (PeerId peer : (honest ? everybody : hostile).closest(key, NAMED - named.size(), self)) {
      named.add(addressBook.apply(peer));
    }
    return named;
  }

  /** Whom a hostile node says to provide a key. */
  List<PeerInfo> providers(Multihash key) {
    List<PeerInfo> named = new ArrayList<>();
    if (does(Attack.SPAM)) {
      // From elsewhere than those that are named as closest.
      KadKey elsewhere = KadKey.of(KadKey.of(key.toBytes()).toString().getBytes(US_ASCII));
      for (PeerId peer : invented.closest(elsewhere, FALSE_PROVIDERS, peer -> true)) {
        named.add(inventedPeers.get(peer));
      }
    }
    return named;
  }

  /** Honest nodes: those closest to a place. */
  List<PeerInfo> victims(KadKey place, int count) {
    List<PeerInfo> victims = new ArrayList<>(count);
    for (PeerId peer : everybody.closest(place, count, peer -> !hostile.contains(peer))) {
      victims.add(addressBook.apply(peer));
    }
    return victims;
  }
}

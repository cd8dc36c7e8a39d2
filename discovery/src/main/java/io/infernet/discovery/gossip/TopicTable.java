package io.infernet.discovery.gossip;

import io.infernet.libp2p.peer.PeerId;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * Which connected peer is subscribed to what; so many topics for each peer and no more. Changed by
 * the router's executor alone, read from any thread.
 */
final class TopicTable {

  private final int maxTopicsPerPeer;
  private final ConcurrentMap<String, ConcurrentSkipListSet<PeerId>> subscribers =
      new ConcurrentHashMap<>();

  TopicTable(int maxTopicsPerPeer) {
    this.maxTopicsPerPeer = maxTopicsPerPeer;
  }

  /** In the order of their ids; changes with the table. */
  Set<PeerId> subscribers(String topic) {
    Set<PeerId> present = subscribers.get(topic);
    return present == null ? Set.of() : Collections.unmodifiableSet(present);
  }

  /** Whether the subscription is remembered, or was. */
  boolean add(GossipPeer peer, String topic) {
    if (peer.topics.contains(topic)) {
      return true;
    }
    if (peer.topics.size() >= maxTopicsPerPeer) {
      return false;
    }
    peer.topics.add(topic);
    subscribers.computeIfAbsent(topic, t -> new ConcurrentSkipListSet<>()).add(peer.id);
    return true;
  }

  void remove(GossipPeer peer, String topic) {
    if (peer.topics.remove(topic)) {
      subscribers.computeIfPresent(
          topic, (t, present) -> present.remove(peer.id) && present.isEmpty() ? null : present);
    }
  }

  /** Forgets all subscriptions of a peer. */
  void removeAll(GossipPeer peer) {
    List.copyOf(peer.topics).forEach(topic -> remove(peer, topic));
  }
}

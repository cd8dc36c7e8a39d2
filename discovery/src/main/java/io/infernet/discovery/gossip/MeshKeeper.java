package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.mesh.Backoffs;
import io.infernet.discovery.gossip.mesh.Mesh;
import io.infernet.discovery.gossip.mesh.MeshConfig;
import io.infernet.discovery.gossip.mesh.Sampling;
import io.infernet.discovery.gossip.score.PeerScore;
import io.infernet.discovery.gossip.score.ScoreThresholds;
import io.infernet.discovery.gossip.wire.GossipRpc.OtherPeer;
import io.infernet.discovery.gossip.wire.GossipRpc.Prune;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the meshes of the topics that this node is subscribed to, and peers for those that it only
 * publishes to. Peers in a mesh are protected from being trimmed. Used by the router's executor
 * alone, except {@link #peers}.
 */
final class MeshKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(MeshKeeper.class);

  private final Host host;
  private final MeshConfig config;
  private final Duration fanoutLifetime;
  private final Duration heartbeat;
  private final boolean peerExchange;
  private final int maxGrafts;
  private final int maxTopics;
  private final PeerLinks links;
  private final TopicTable topics;
  private final RpcSender sender;
  private final Penalties penalties;
  private final PeerScore score;
  private final ScoreThresholds thresholds;
  private final PeerExchange exchange;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final ConcurrentMap<String, Mesh> meshes = new ConcurrentHashMap<>();

  /** The topics of {@link #meshes} in the order in which they were joined. */
  private final Set<String> joined = new LinkedHashSet<>();

  private final Map<String, Fanout> fanouts = new LinkedHashMap<>();
  private final Backoffs backoffs;

  private static final class Fanout {
    final Set<PeerId> peers = new LinkedHashSet<>();
    long lastPublished;
  }

  MeshKeeper(
      Host host,
      GossipConfig config,
      PeerLinks links,
      TopicTable topics,
      RpcSender sender,
      Penalties penalties,
      PeerScore score,
      ScoreThresholds thresholds,
      PeerExchange exchange,
      Ticker ticker,
      RandomGenerator random) {
    this.host = host;
    this.config = config.mesh();
    this.fanoutLifetime = config.fanoutLifetime();
    this.heartbeat = config.heartbeat();
    this.peerExchange = config.peerExchange();
    this.maxGrafts = config.limits().maxGrafts();
    this.maxTopics = config.limits().maxTopics();
    this.links = links;
    this.topics = topics;
    this.sender = sender;
    this.penalties = penalties;
    this.score = score;
    this.thresholds = thresholds;
    this.exchange = exchange;
    this.ticker = ticker;
    this.random = random;
    this.backoffs = new Backoffs(config.mesh());
  }

  /** The topics that this node is subscribed to. */
  Set<String> joined() {
    return joined;
  }

  @Nullable Mesh mesh(String topic) {
    return meshes.get(topic);
  }

  /** The peers in a topic's mesh. Safe from any thread. */
  Set<PeerId> peers(String topic) {
    Mesh mesh = meshes.get(topic);
    return mesh == null ? Set.of() : mesh.peers();
  }

  private final class View implements Mesh.Peers {
    private final String topic;

    View(String topic) {
      this.topic = topic;
    }

    @Override
    public double score(PeerId id) {
      GossipPeer peer = links.find(id);
      // A peer that nothing can be said to is no use in a mesh.
      return peer != null && peer.canQueue() ? peer.score : -1;
    }

    @Override
    public boolean isOutbound(PeerId id) {
      GossipPeer peer = links.find(id);
      return peer != null && peer.isOutbound();
    }

    @Override
    public boolean mayGraft(PeerId id) {
      GossipPeer peer = links.find(id);
      return peer != null
          && !peer.direct
          && peer.speaksGossip()
          && backoffs.mayGraft(topic, id, ticker.nanoTime());
    }
  }

  // Topics.

  void join(String topic) {
    Mesh mesh = new Mesh(config, random);
    meshes.put(topic, mesh);
    joined.add(topic);
    View view = new View(topic);
    Fanout fanout = fanouts.remove(topic);
    if (fanout != null) {
      for (PeerId id : fanout.peers) {
        if (mesh.size() < config.degree() && view.mayGraft(id) && view.score(id) >= 0) {
          mesh.add(id);
          graft(id, topic);
        }
      }
    }
    mesh.fill(topics.subscribers(topic), view).forEach(id -> graft(id, topic));
  }

  void leave(String topic) {
    Mesh mesh = meshes.remove(topic);
    joined.remove(topic);
    if (mesh != null) {
      mesh.peers().forEach(id -> prune(id, topic, config.unsubscribeBackoff(), List.of()));
    }
  }

  /** A peer is new in a topic: it is taken at once where one is missing. */
  void subscribed(GossipPeer peer, String topic) {
    Mesh mesh = meshes.get(topic);
    if (mesh != null
        && mesh.size() < config.degreeLow()
        && !mesh.contains(peer.id)
        && peer.score >= 0
        && new View(topic).mayGraft(peer.id)) {
      mesh.add(peer.id);
      graft(peer.id, topic);
    }
  }

  void unsubscribed(GossipPeer peer, String topic) {
    Fanout fanout = fanouts.get(topic);
    if (fanout != null) {
      fanout.peers.remove(peer.id);
    }
    Mesh mesh = meshes.get(topic);
    if (mesh != null && mesh.remove(peer.id)) {
      removed(peer.id, topic);
    }
  }

  /** Nothing can be said to the peer for now. */
  void lost(GossipPeer peer) {
    for (String topic : joined) {
      Mesh mesh = meshes.get(topic);
      if (mesh != null && mesh.remove(peer.id)) {
        removed(peer.id, topic);
      }
    }
    fanouts.values().forEach(fanout -> fanout.peers.remove(peer.id));
  }

  /** Peers to publish to on a topic that this node is not subscribed to. */
  Set<PeerId> fanout(String topic) {
    if (!fanouts.containsKey(topic) && fanouts.size() >= maxTopics) {
      fanouts.remove(fanouts.keySet().iterator().next());
    }
    Fanout fanout = fanouts.computeIfAbsent(topic, t -> new Fanout());
    fanout.lastPublished = ticker.nanoTime();
    fill(fanout, topic);
    return fanout.peers;
  }

  private void fill(Fanout fanout, String topic) {
    if (fanout.peers.size() >= config.degree()) {
      return;
    }
    List<PeerId> more = new ArrayList<>();
    for (PeerId id : topics.subscribers(topic)) {
      GossipPeer peer = links.find(id);
      if (peer != null
          && peer.speaksGossip()
          && !peer.direct
          && peer.score >= thresholds.publish()
          && !fanout.peers.contains(id)) {
        more.add(id);
      }
    }
    fanout.peers.addAll(Sampling.pick(more, config.degree() - fanout.peers.size(), random));
  }

  // What peers say.

  void onGraft(GossipPeer peer, List<String> grafted) {
    for (String topic : grafted) {
      if (peer.grafts++ >= maxGrafts) {
        penalties.penalizeOnce(peer);
        return;
      }
      Mesh mesh = meshes.get(topic);
      // Not subscribed: ignored, gossipsub v1.1 "Spam Protection Measures".
      if (mesh != null && !mesh.contains(peer.id)) {
        onGraft(peer, topic, mesh);
      }
    }
  }

  private void onGraft(GossipPeer peer, String topic, Mesh mesh) {
    long now = ticker.nanoTime();
    if (peer.direct) {
      LOG.info("the direct peer {} wants to be in the mesh of {}", peer, topic);
      refuse(peer, topic);
      return;
    }
    long remaining = backoffs.remaining(topic, peer.id, now);
    if (remaining > 0) {
      penalties.penalize(peer, 1);
      if (remaining > config.pruneBackoff().minus(config.graftFlood()).toNanos()) {
        penalties.penalize(peer, 1);
      }
      refuse(peer, topic);
      return;
    }
    if (peer.score < 0) {
      refuse(peer, topic);
      return;
    }
    View view = new View(topic);
    if (!mesh.hasRoomFor(peer.id, view)) {
      // It did nothing wrong, and may try again soon: there is room after the next departure.
      backoffs.add(topic, peer.id, config.unsubscribeBackoff(), now);
      sayPrune(peer, topic, config.unsubscribeBackoff(), others(topic, peer.id));
      return;
    }
    // What it grafts it reads, even when its word of the subscription is still to come.
    mesh.add(peer.id);
    added(peer.id, topic);
  }

  private void refuse(GossipPeer peer, String topic) {
    backoffs.add(topic, peer.id, config.pruneBackoff(), ticker.nanoTime());
    sayPrune(peer, topic, config.pruneBackoff(), List.of());
  }

  void onPrune(GossipPeer peer, List<Prune> prunes) {
    for (Prune prune : prunes) {
      if (peer.grafts++ >= maxGrafts) {
        penalties.penalizeOnce(peer);
        return;
      }
      Mesh mesh = meshes.get(prune.topic());
      if (mesh == null) {
        continue;
      }
      boolean wasInMesh = mesh.remove(peer.id);
      if (wasInMesh) {
        removed(peer.id, prune.topic());
      }
      Duration backoff = prune.backoff().orElse(config.pruneBackoff());
      if (backoff.compareTo(config.maxBackoff()) > 0) {
        backoff = config.maxBackoff();
      }
      backoffs.add(prune.topic(), peer.id, backoff, ticker.nanoTime());
      // Only after a true prune: to check recommendations costs a signature each.
      if (wasInMesh && peerExchange && peer.score >= thresholds.acceptPeers()) {
        exchange.follow(prune.peers(), peer);
      }
    }
  }

  // The heartbeat.

  /**
   * @param number counts heartbeats from 1
   */
  void heartbeat(long number) {
    long now = ticker.nanoTime();
    backoffs.expire(now);
    long every = Math.max(1, config.opportunisticGraftInterval().dividedBy(heartbeat));
    boolean opportunistic = number % every == 0;
    for (String topic : joined) {
      Mesh mesh = meshes.get(topic);
      if (mesh == null) {
        continue;
      }
      Mesh.Changes changes =
          mesh.maintain(
              topics.subscribers(topic),
              new View(topic),
              opportunistic,
              thresholds.opportunisticGraft());
      changes.grafts().forEach(id -> graft(id, topic));
      for (PeerId id : changes.prunes()) {
        GossipPeer peer = links.find(id);
        boolean good = peer != null && peer.score >= 0;
        prune(id, topic, config.pruneBackoff(), good ? others(topic, id) : List.of());
      }
    }
    for (Iterator<Map.Entry<String, Fanout>> i = fanouts.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<String, Fanout> entry = i.next();
      Fanout fanout = entry.getValue();
      if (now - fanout.lastPublished > fanoutLifetime.toNanos()) {
        i.remove();
        continue;
      }
      fanout.peers.removeIf(
          id -> {
            GossipPeer peer = links.find(id);
            return peer == null || peer.score < thresholds.publish();
          });
      fill(fanout, entry.getKey());
    }
  }

  /** The topics that are published to but not subscribed. */
  Set<String> fanoutTopics() {
    return fanouts.keySet();
  }

  /** The peers kept for such a topic. */
  Set<PeerId> fanoutPeers(String topic) {
    Fanout fanout = fanouts.get(topic);
    return fanout == null ? Set.of() : fanout.peers;
  }

  // Changes.

  /** A peer is in the mesh by this node's choice. */
  private void graft(PeerId id, String topic) {
    added(id, topic);
    GossipPeer peer = links.find(id);
    if (peer != null) {
      sender.state(peer).graft(topic);
    }
  }

  /** A peer is out of the mesh by this node's choice. */
  private void prune(PeerId id, String topic, Duration backoff, List<OtherPeer> others) {
    removed(id, topic);
    backoffs.add(topic, id, backoff, ticker.nanoTime());
    GossipPeer peer = links.find(id);
    if (peer != null) {
      sayPrune(peer, topic, backoff, others);
    }
  }

  private void sayPrune(GossipPeer peer, String topic, Duration backoff, List<OtherPeer> others) {
    boolean extended = peer.speaksBackoff();
    sender
        .state(peer)
        .prune(
            new Prune(
                topic,
                extended ? others : List.of(),
                extended ? Optional.of(backoff) : Optional.empty()));
  }

  private List<OtherPeer> others(String topic, PeerId receiver) {
    return peerExchange ? exchange.recommend(topics.subscribers(topic), receiver) : List.of();
  }

  private void added(PeerId id, String topic) {
    score.grafted(id, topic);
    host.protect(id, tag(topic));
  }

  private void removed(PeerId id, String topic) {
    score.pruned(id, topic);
    host.unprotect(id, tag(topic));
  }

  private static String tag(String topic) {
    return "gossip:" + topic;
  }
}

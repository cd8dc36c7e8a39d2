package io.infernet.discovery.gossip.score;

import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/**
 * The scores of pubsub peers, from what the router tells of them; kept here only, never shared. The
 * router calls {@link #refresh} at every heartbeat. For one thread.
 *
 * <p>Scores outlive connections for {@link PeerScoreParams#retainScore}: meanwhile what counts for
 * a peer goes on decaying and what counts against it does not. When too many are remembered, those
 * of peers that left in good standing go first, then the longest gone.
 *
 * @see <a
 *     href="https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#the-score-function">
 *     gossipsub v1.1, "The Score Function"</a>
 */
public final class PeerScore {

  /** Addresses that are counted for one peer. */
  private static final int MAX_NETWORKS = 8;

  private final PeerScoreParams params;
  private final ToDoubleFunction<PeerId> applicationScore;
  private final Ticker ticker;

  private final Map<String, TopicScoreParams> topicParams = new HashMap<>();
  private final Map<PeerId, PeerStats> peers = new LinkedHashMap<>();

  /** Who left with a score of 0 or more, and below 0; the longest gone first. */
  private final Set<PeerId> goneGood = new LinkedHashSet<>();

  private final Set<PeerId> goneBad = new LinkedHashSet<>();

  /** How many peers are, or were when they left in bad standing, at each address. */
  private final Map<IpNetwork, Integer> colocated = new HashMap<>();

  private final DeliveryRecords deliveries;
  private long nextDecay;

  /**
   * @param applicationScore P5 of a peer, any value
   */
  public PeerScore(
      PeerScoreParams params, ToDoubleFunction<PeerId> applicationScore, Ticker ticker) {
    this.params = params;
    this.applicationScore = applicationScore;
    this.ticker = ticker;
    this.deliveries =
        new DeliveryRecords(params.maxDeliveryRecords(), params.deliveryRecordLifetime().toNanos());
    this.nextDecay = ticker.nanoTime() + params.decayInterval().toNanos();
  }

  public PeerScoreParams params() {
    return params;
  }

  /** Gives a topic parameters other than the default ones; what was counted stays. */
  public void setTopicParams(String topic, TopicScoreParams topicScoreParams) {
    topicParams.put(topic, topicScoreParams);
  }

  /** The score; 0 of a peer that is not known. */
  public double score(PeerId peer) {
    PeerStats stats = peers.get(peer);
    return stats == null ? 0 : score(peer, stats);
  }

  /** How many peers are remembered, connected and other ones. */
  public int size() {
    return peers.size();
  }

  // ---- What peers do ----

  /** A peer is there, at one more address where it was there already. */
  public void connected(PeerId peer, Multiaddr address) {
    PeerStats stats = peers.get(peer);
    if (stats == null) {
      if (peers.size() >= params.maxPeers() && !forgetOne()) {
        return;
      }
      stats = new PeerStats();
      peers.put(peer, stats);
    }
    goneGood.remove(peer);
    goneBad.remove(peer);
    stats.connected = true;
    IpNetwork network = IpNetwork.of(address).orElse(null);
    if (network != null
        && !(network.exempt() && params.colocation().exemptPrivate())
        && stats.networks.size() < MAX_NETWORKS
        && stats.networks.add(network)) {
      colocated.merge(network, 1, Integer::sum);
    }
  }

  /** A peer's last connection ended. */
  public void disconnected(PeerId peer) {
    PeerStats stats = peers.get(peer);
    if (stats == null || !stats.connected) {
      return;
    }
    stats.topics.forEach((topic, counters) -> leaveMesh(paramsOf(topic), counters));
    stats.connected = false;
    stats.leftAt = ticker.nanoTime();
    double score = score(peer, stats);
    if (score < 0) {
      goneBad.add(peer);
    } else if (score > 0) {
      leaveNetworks(stats);
      goneGood.add(peer);
    } else {
      forget(peer);
    }
  }

  /** A peer came into the mesh of a topic. */
  public void grafted(PeerId peer, String topic) {
    update(
        peer,
        topic,
        counters -> {
          counters.inMesh = true;
          counters.graftedAt = ticker.nanoTime();
          counters.meshTime = 0;
          counters.deliveriesExpected = false;
        });
  }

  /** A peer left the mesh of a topic, on whose wish ever. */
  public void pruned(PeerId peer, String topic) {
    update(peer, topic, counters -> leaveMesh(paramsOf(topic), counters));
  }

  /** A new message is being validated. */
  public void validating(MessageId message) {
    deliveries.getOrAdd(message, ticker.nanoTime());
  }

  /** A new message turned out to be valid. */
  public void delivered(PeerId first, MessageId message, String topic) {
    TopicScoreParams topicScore = paramsOf(topic);
    update(
        first,
        topic,
        counters -> {
          counters.firstDeliveries =
              Math.min(topicScore.firstDeliveries().cap(), counters.firstDeliveries + 1);
          countMeshDelivery(topicScore, counters);
        });
    DeliveryRecords.Entry entry = deliveries.getOrAdd(message, ticker.nanoTime());
    if (entry.state == DeliveryRecords.State.VALIDATING) {
      entry.state = DeliveryRecords.State.VALID;
      entry.validatedAt = ticker.nanoTime();
      for (PeerId peer : entry.deliverers) {
        if (!peer.equals(first)) {
          update(peer, topic, counters -> countMeshDelivery(topicScore, counters));
        }
      }
      entry.deliverers.add(first);
    }
  }

  /** A new message was refused by the topic's validator: its deliverers are to blame. */
  public void rejected(PeerId first, MessageId message, String topic) {
    invalid(first, topic);
    DeliveryRecords.Entry entry = deliveries.getOrAdd(message, ticker.nanoTime());
    if (entry.state == DeliveryRecords.State.VALIDATING) {
      entry.state = DeliveryRecords.State.INVALID;
      entry.deliverers.remove(first);
      entry.deliverers.forEach(peer -> invalid(peer, topic));
      entry.deliverers.clear();
    }
  }

  /** A new message is neither valid nor anybody's fault. */
  public void ignored(MessageId message) {
    DeliveryRecords.Entry entry = deliveries.getOrAdd(message, ticker.nanoTime());
    if (entry.state == DeliveryRecords.State.VALIDATING) {
      entry.state = DeliveryRecords.State.IGNORED;
      entry.deliverers.clear();
    }
  }

  /** A message came that had come before. */
  public void duplicate(PeerId peer, MessageId message, String topic) {
    long now = ticker.nanoTime();
    DeliveryRecords.Entry entry = deliveries.getOrAdd(message, now);
    switch (entry.state) {
      case VALIDATING -> entry.deliverers.add(peer);
      case VALID -> {
        TopicScoreParams topicScore = paramsOf(topic);
        if (now - entry.validatedAt <= topicScore.meshDeliveries().window().toNanos()
            && entry.deliverers.add(peer)) {
          update(peer, topic, counters -> countMeshDelivery(topicScore, counters));
        }
      }
      case INVALID -> invalid(peer, topic);
      case IGNORED -> {}
    }
  }

  /**
   * P4: a peer sent a message that nobody should have sent, such as one with a wrong signature,
   * whose id says nothing.
   */
  public void invalid(PeerId peer, String topic) {
    update(peer, topic, counters -> counters.invalid += 1);
  }

  /** P7: a peer broke the rules of gossip {@code offences} times. */
  public void penalize(PeerId peer, double offences) {
    PeerStats stats = peers.get(peer);
    if (stats != null) {
      stats.offences += offences;
    }
  }

  // ---- Time ----

  /** Lets counters decay as often as is due, and forgets who is gone for long. */
  public void refresh() {
    long now = ticker.nanoTime();
    long interval = params.decayInterval().toNanos();
    while (now - nextDecay >= 0) {
      peers.values().forEach(this::decay);
      nextDecay += interval;
    }
    peers.values().forEach(stats -> updateMeshTime(stats, now));
    forgetGone(goneGood, now);
    forgetGone(goneBad, now);
    deliveries.expire(now);
  }

  private void decay(PeerStats stats) {
    stats.topics.forEach(
        (topic, counters) -> {
          TopicScoreParams topicScore = paramsOf(topic);
          counters.firstDeliveries =
              decayed(counters.firstDeliveries, topicScore.firstDeliveries().decay());
          counters.meshDeliveries =
              decayed(counters.meshDeliveries, topicScore.meshDeliveries().decay());
          if (stats.connected) {
            counters.meshFailures =
                decayed(counters.meshFailures, topicScore.meshDeliveries().failureDecay());
            counters.invalid = decayed(counters.invalid, topicScore.invalid().decay());
          }
        });
    if (stats.connected) {
      stats.offences = decayed(stats.offences, params.behaviour().decay());
    }
  }

  private double decayed(double counter, double factor) {
    double value = counter * factor;
    return value < params.decayToZero() ? 0 : value;
  }

  private void updateMeshTime(PeerStats stats, long now) {
    stats.topics.forEach(
        (topic, counters) -> {
          if (counters.inMesh) {
            counters.meshTime = now - counters.graftedAt;
            counters.deliveriesExpected |=
                counters.meshTime > paramsOf(topic).meshDeliveries().activation().toNanos();
          }
        });
  }

  // ---- Remembering ----

  private void forgetGone(Set<PeerId> gone, long now) {
    while (!gone.isEmpty()) {
      PeerId longest = gone.iterator().next();
      if (now - peers.get(longest).leftAt < params.retainScore().toNanos()) {
        return;
      }
      forget(longest);
    }
  }

  /** Makes room where somebody is gone. */
  private boolean forgetOne() {
    Set<PeerId> gone = goneGood.isEmpty() ? goneBad : goneGood;
    if (gone.isEmpty()) {
      return false;
    }
    forget(gone.iterator().next());
    return true;
  }

  private void forget(PeerId peer) {
    goneGood.remove(peer);
    goneBad.remove(peer);
    PeerStats stats = peers.remove(peer);
    if (stats != null) {
      leaveNetworks(stats);
    }
  }

  private void leaveNetworks(PeerStats stats) {
    stats.networks.forEach(
        network -> colocated.computeIfPresent(network, (n, count) -> count > 1 ? count - 1 : null));
    stats.networks.clear();
  }

  // ---- Counting ----

  private TopicScoreParams paramsOf(String topic) {
    return topicParams.getOrDefault(topic, params.defaultTopic());
  }

  private void update(PeerId peer, String topic, Consumer<TopicCounters> change) {
    PeerStats stats = peers.get(peer);
    if (stats == null) {
      return;
    }
    TopicCounters counters = stats.topics.get(topic);
    if (counters == null) {
      if (stats.topics.size() >= params.maxTopicsPerPeer()) {
        return;
      }
      counters = new TopicCounters();
      stats.topics.put(topic, counters);
    }
    change.accept(counters);
  }

  private static void countMeshDelivery(TopicScoreParams topicScore, TopicCounters counters) {
    if (counters.inMesh) {
      counters.meshDeliveries =
          Math.min(topicScore.meshDeliveries().cap(), counters.meshDeliveries + 1);
    }
  }

  private static void leaveMesh(TopicScoreParams topicScore, TopicCounters counters) {
    counters.meshFailures += deficitSquared(topicScore, counters);
    counters.inMesh = false;
    counters.deliveriesExpected = false;
  }

  private static double deficitSquared(TopicScoreParams topicScore, TopicCounters counters) {
    if (!counters.inMesh || !counters.deliveriesExpected) {
      return 0;
    }
    double deficit = Math.max(0, topicScore.meshDeliveries().threshold() - counters.meshDeliveries);
    return deficit * deficit;
  }

  private double score(PeerId peer, PeerStats stats) {
    double topics = 0;
    for (Map.Entry<String, TopicCounters> topic : stats.topics.entrySet()) {
      TopicScoreParams topicScore = paramsOf(topic.getKey());
      topics += topicScore.weight() * topicScore(topicScore, topic.getValue());
    }
    if (params.topicScoreCap() > 0) {
      topics = Math.min(topics, params.topicScoreCap());
    }
    double excess = Math.max(0, stats.offences - params.behaviour().threshold());
    return topics
        + params.applicationWeight() * applicationScore.applyAsDouble(peer)
        + params.colocation().weight() * colocation(stats)
        + params.behaviour().weight() * excess * excess;
  }

  private static double topicScore(TopicScoreParams weights, TopicCounters counters) {
    double meshTime =
        counters.inMesh
            ? Math.min(
                weights.meshTime().cap(),
                (double) counters.meshTime / weights.meshTime().quantum().toNanos())
            : 0;
    return weights.meshTime().weight() * meshTime
        + weights.firstDeliveries().weight() * counters.firstDeliveries
        + weights.meshDeliveries().weight() * deficitSquared(weights, counters)
        + weights.meshDeliveries().failureWeight() * counters.meshFailures
        + weights.invalid().weight() * counters.invalid * counters.invalid;
  }

  private double colocation(PeerStats stats) {
    double sum = 0;
    for (IpNetwork network : stats.networks) {
      double surplus =
          Math.max(0, colocated.getOrDefault(network, 0) - params.colocation().threshold());
      sum += surplus * surplus;
    }
    return sum;
  }

  /** One peer's counters. */
  private static final class PeerStats {
    private final Map<String, TopicCounters> topics = new LinkedHashMap<>();
    private final Set<IpNetwork> networks = new LinkedHashSet<>();
    private boolean connected;
    private long leftAt;
    private double offences;
  }

  /** One peer's counters in one topic. */
  private static final class TopicCounters {
    private boolean inMesh;
    private long graftedAt;

    /** Nanoseconds in the mesh, as of the last refresh. */
    private long meshTime;

    /** It is long enough in the mesh for P3. */
    private boolean deliveriesExpected;

    private double firstDeliveries;
    private double meshDeliveries;
    private double meshFailures;
    private double invalid;
  }
}

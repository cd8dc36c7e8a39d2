package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.peer.PeerId;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the router knows of one connected peer. Used by the router's executor alone, except {@link
 * #score}.
 */
final class GossipPeer {

  final PeerId id;

  /** Whether the configuration names it. */
  final boolean direct;

  final Outbox outbox;

  /** Live connections, the first one first. */
  final Set<Connection> connections = new LinkedHashSet<>(2);

  /** The stream that it opened and that is read; null until there is one. */
  @Nullable GossipStreamHandler inbound;

  /** The stream that this node opened; null while there is none. */
  @Nullable Stream outbound;

  /** What it speaks; null until a stream to it was opened. */
  @Nullable ProtocolId protocol;

  long outboundSince;
  boolean opening;
  long openingSince;
  int failedOpens;

  /** What is gathered for it until the event at hand is over; null while there is nothing. */
  GossipRpc.@Nullable Builder pendingState;

  GossipRpc.@Nullable Builder pendingGossip;

  /** The topics that it is subscribed to, as far as they are remembered. */
  final Set<String> topics = new LinkedHashSet<>(4);

  /** Where the scoring has it now; read from any thread. */
  volatile double score;

  // Counted since the last heartbeat.
  int subscriptionChanges;
  int newMessages;
  int haveMessages;
  int haveIds;
  int wantIds;
  long answeredBytes;
  int dontWantIds;
  int grafts;
  int inboundStreams;
  boolean penalized;

  /** What the host was last told of how useful it is. */
  int usefulness;

  /** What it may still send now, and when that was counted. */
  double byteAllowance;

  long byteAllowanceAt;

  /** Announcements that wait until the next one may be sent: ids by topic. */
  final Map<String, List<MessageId>> announcements = new LinkedHashMap<>(2);

  long nextAnnouncement;

  /** Messages that it has, as it said, with the heartbeat in which that is forgotten. */
  private final Map<MessageId, Long> has = new LinkedHashMap<>(4);

  GossipPeer(PeerId id, boolean direct, GossipLimits limits, Runnable pumpLater, long now) {
    this.id = id;
    this.direct = direct;
    this.outbox = new Outbox(limits, pumpLater);
    this.byteAllowance = limits.burstBytes();
    this.byteAllowanceAt = now;
  }

  /** Whether RPCs can be sent to it, or queued for a stream that is being opened. */
  boolean canQueue() {
    return outbound != null || opening;
  }

  /** Whether this node dialled it. */
  boolean isOutbound() {
    for (Connection connection : connections) {
      if (connection.isInitiator()) {
        return true;
      }
    }
    return false;
  }

  /** Whether it can be in a mesh. */
  boolean speaksGossip() {
    return outbound != null && !GossipConfig.FLOODSUB.equals(protocol);
  }

  /** Whether it knows back-off and peer exchange. */
  boolean speaksBackoff() {
    return speaksGossip() && !GossipConfig.MESHSUB_1_0.equals(protocol);
  }

  boolean speaksDontWant() {
    return GossipConfig.MESHSUB_1_2.equals(protocol);
  }

  boolean has(MessageId message) {
    return has.containsKey(message);
  }

  /** Remembers that it has a message; beyond {@code max} what it said first is forgotten. */
  void sayHas(MessageId message, long untilHeartbeat, int max) {
    has.put(message, untilHeartbeat);
    if (has.size() > max) {
      has.remove(has.keySet().iterator().next());
    }
  }

  /** Begins a new heartbeat. */
  void heartbeat(long number) {
    subscriptionChanges = 0;
    newMessages = 0;
    haveMessages = 0;
    haveIds = 0;
    wantIds = 0;
    answeredBytes = 0;
    dontWantIds = 0;
    grafts = 0;
    inboundStreams = 0;
    penalized = false;
    for (Iterator<Long> until = has.values().iterator(); until.hasNext(); ) {
      if (until.next() > number) {
        break;
      }
      until.remove();
    }
  }

  /** Counts bytes that it sent; false when it sends more than it may. */
  boolean maySend(long bytes, GossipLimits limits, long now) {
    double seconds = (now - byteAllowanceAt) / 1e9;
    byteAllowance =
        Math.min(limits.burstBytes(), byteAllowance + seconds * limits.bytesPerSecond());
    byteAllowanceAt = now;
    if (byteAllowance < bytes) {
      return false;
    }
    byteAllowance -= bytes;
    return true;
  }

  /** A connection that a stream can be opened on. */
  @Nullable Connection connection() {
    List<Connection> all = new ArrayList<>(connections);
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  @Override
  public String toString() {
    return id.toString();
  }
}

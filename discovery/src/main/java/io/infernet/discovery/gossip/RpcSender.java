package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.Outbox.Kind;
import io.infernet.discovery.gossip.wire.GossipCodec;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.GossipWireLimits;
import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.discovery.gossip.wire.PublishedMessage;
import io.infernet.libp2p.multiformats.Varint;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns what is to be said into frames and queues them. What is said to one peer during one event
 * goes out together; what is too long for one RPC goes out in several. Used by the router's
 * executor alone.
 */
final class RpcSender {

  private final GossipCodec codec;
  private final GossipWireLimits limits;
  private final Consumer<GossipPeer> overflow;
  private final List<GossipPeer> gathered = new ArrayList<>();

  /**
   * @param overflow told of a peer that takes not even news of state any more
   */
  RpcSender(GossipCodec codec, Consumer<GossipPeer> overflow) {
    this.codec = codec;
    this.limits = codec.limits();
    this.overflow = overflow;
  }

  /** Where to add subscriptions, GRAFTs and PRUNEs for a peer. */
  GossipRpc.Builder state(GossipPeer peer) {
    GossipRpc.Builder builder = peer.pendingState;
    if (builder == null) {
      builder = GossipRpc.builder();
      peer.pendingState = builder;
      gathered.add(peer);
    }
    return builder;
  }

  /** Where to add announcements and requests for a peer. */
  GossipRpc.Builder gossip(GossipPeer peer) {
    GossipRpc.Builder builder = peer.pendingGossip;
    if (builder == null) {
      builder = GossipRpc.builder();
      peer.pendingGossip = builder;
      gathered.add(peer);
    }
    return builder;
  }

  /** Ends an event: queues what was gathered. */
  void flush() {
    for (GossipPeer peer : gathered) {
      GossipRpc.Builder state = peer.pendingState;
      GossipRpc.Builder gossip = peer.pendingGossip;
      peer.pendingState = null;
      peer.pendingGossip = null;
      if (state != null) {
        frames(state.build()).forEach(frame -> send(peer, Kind.STATE, frame, null));
      }
      if (gossip != null) {
        frames(gossip.build()).forEach(frame -> send(peer, Kind.GOSSIP, frame, null));
      }
    }
    gathered.clear();
  }

  /** Queues a frame, which may be shared with other peers. */
  void send(GossipPeer peer, Kind kind, ByteBuffer frame, @Nullable MessageId id) {
    if (peer.canQueue() && !peer.outbox.offer(kind, frame, id)) {
      overflow.accept(peer);
    }
  }

  /** A message as it goes to everybody. */
  ByteBuffer frame(PublishedMessage message) {
    return frame(codec.encode(GossipRpc.of(message)));
  }

  /** An RPC in as many frames as it takes: each within the limits that the reader may have. */
  List<ByteBuffer> frames(GossipRpc rpc) {
    List<ByteBuffer> frames = new ArrayList<>(1);
    addFrames(rpc, frames);
    return frames;
  }

  private void addFrames(GossipRpc rpc, List<ByteBuffer> into) {
    if (!isOverCounts(rpc)) {
      ByteBuffer body = codec.encode(rpc);
      if (body.remaining() <= limits.maxRpcSize()) {
        into.add(frame(body));
        return;
      }
    }
    Half first = new Half(rpc, true);
    Half second = new Half(rpc, false);
    if (first.rpc.isEmpty() || second.rpc.isEmpty()) {
      throw new IllegalStateException("one thing to say is over the limit of an RPC");
    }
    addFrames(first.rpc, into);
    addFrames(second.rpc, into);
  }

  private boolean isOverCounts(GossipRpc rpc) {
    int ids = 0;
    for (GossipRpc.IHave have : rpc.haves()) {
      ids += have.ids().size();
    }
    int control = limits.maxControlMessages();
    return rpc.subscriptions().size() > limits.maxSubscriptions()
        || rpc.messages().size() > limits.maxMessages()
        || rpc.haves().size() > control
        || rpc.grafts().size() > control
        || rpc.prunes().size() > control
        || ids > limits.maxMessageIds()
        || rpc.wants().size() > limits.maxMessageIds()
        || rpc.dontWants().size() > limits.maxMessageIds();
  }

  /** One half of everything in an RPC; an announcement that stands alone is halved itself. */
  private static final class Half {
    final GossipRpc rpc;

    Half(GossipRpc whole, boolean first) {
      List<GossipRpc.IHave> haves = of(whole.haves(), first);
      if (whole.haves().size() == 1) {
        GossipRpc.IHave only = whole.haves().get(0);
        List<MessageId> ids = of(only.ids(), first);
        haves = ids.isEmpty() ? List.of() : List.of(new GossipRpc.IHave(only.topic(), ids));
      }
      rpc =
          new GossipRpc(
              of(whole.subscriptions(), first),
              of(whole.messages(), first),
              haves,
              of(whole.wants(), first),
              of(whole.grafts(), first),
              of(whole.prunes(), first),
              of(whole.dontWants(), first));
    }

    private static <T> List<T> of(List<T> list, boolean first) {
      int middle = (list.size() + 1) / 2;
      return first ? list.subList(0, middle) : list.subList(middle, list.size());
    }
  }

  private static ByteBuffer frame(ByteBuffer body) {
    int length = body.remaining();
    ByteBuffer framed = ByteBuffer.allocate(Varint.length(length) + length);
    Varint.write(length, framed);
    return framed.put(body).flip().asReadOnlyBuffer();
  }
}

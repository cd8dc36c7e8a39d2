package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.host.Stream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be sent to one peer, most urgent first, on the stream that this node opened. When a
 * slow peer lets too much pile up, the least important and oldest is dropped. Used by the router's
 * executor alone.
 */
final class Outbox {

  /** What is sent, in the order in which it is sent; dropped from the end. */
  enum Kind {
    /** Subscriptions, GRAFT and PRUNE: never dropped, for the peer would not know its state. */
    STATE,
    /** This node's own messages. */
    OWN,
    /** IDONTWANT. */
    DONT_WANT,
    /** Messages of others. */
    FORWARDED,
    /** Messages that the peer asked for. */
    REQUESTED,
    /** IHAVE and IWANT. */
    GOSSIP
  }

  private static final Kind[] KINDS = Kind.values();

  private final GossipLimits limits;
  private final Runnable pumpLater;
  private final Map<Kind, Deque<Frame>> queues = new EnumMap<>(Kind.class);
  private long bytes;
  private int frames;
  private volatile long dropped;
  private @Nullable Outgoing outgoing;

  /** A whole RPC with its length before it; {@code id} where it is one message. */
  private record Frame(ByteBuffer bytes, @Nullable MessageId id) {}

  /** One stream and what was given to it: a stream that has ended takes its count with it. */
  private static final class Outgoing {
    final Stream stream;
    long inFlight;

    Outgoing(Stream stream) {
      this.stream = stream;
    }

    synchronized void add(int size) {
      inFlight += size;
    }

    synchronized long inFlight() {
      return inFlight;
    }
  }

  /**
   * @param pumpLater calls {@link #pump} on the router's executor; itself called from any thread
   */
  Outbox(GossipLimits limits, Runnable pumpLater) {
    this.limits = limits;
    this.pumpLater = pumpLater;
  }

  /** Sends from now on through {@code stream}. */
  void attach(Stream stream) {
    outgoing = new Outgoing(stream);
    pump();
  }

  /** Keeps messages for the next stream; what was said of this node's state is obsolete. */
  void detach() {
    outgoing = null;
    for (Kind kind : KINDS) {
      if (kind == Kind.STATE || kind == Kind.DONT_WANT || kind == Kind.GOSSIP) {
        Deque<Frame> queue = queues.remove(kind);
        if (queue != null) {
          queue.forEach(this::removed);
        }
      }
    }
  }

  /** Forgets everything that waits: there is no stream, and none soon. */
  void clear() {
    queues.clear();
    bytes = 0;
    frames = 0;
  }

  /**
   * Queues a frame.
   *
   * @param frame not to be changed any more; may be shared with other peers
   * @param id the message in it, if it is one
   * @return false when state does not fit even after everything else was dropped
   */
  boolean offer(Kind kind, ByteBuffer frame, @Nullable MessageId id) {
    queues.computeIfAbsent(kind, k -> new ArrayDeque<>(4)).add(new Frame(frame, id));
    bytes += frame.remaining();
    frames++;
    pump();
    return !isOver() || makeRoom();
  }

  private boolean isOver() {
    return bytes > limits.maxOutboundBytes() || frames > limits.maxOutboundFrames();
  }

  private boolean makeRoom() {
    for (int i = KINDS.length - 1; i > Kind.STATE.ordinal(); i--) {
      Deque<Frame> queue = queues.get(KINDS[i]);
      while (isOver() && queue != null && !queue.isEmpty()) {
        removed(queue.remove());
        dropped++;
      }
    }
    return !isOver();
  }

  /** Takes back a message that has not left yet, because the peer has it. */
  void cancel(MessageId id) {
    if (frames == 0) {
      return;
    }
    for (Deque<Frame> queue : queues.values()) {
      for (Iterator<Frame> i = queue.iterator(); i.hasNext(); ) {
        Frame frame = i.next();
        if (id.equals(frame.id())) {
          i.remove();
          removed(frame);
        }
      }
    }
  }

  /** Gives the stream as much as may be under way at once. */
  void pump() {
    Outgoing to = outgoing;
    while (to != null && frames > 0 && to.inFlight() < limits.maxInFlightBytes()) {
      Frame frame = poll();
      int size = frame.bytes().remaining();
      CompletableFuture<Void> sent = to.stream.send(frame.bytes().duplicate());
      if (sent.isDone()) {
        continue; // failed: the stream's end follows
      }
      to.add(size);
      sent.whenComplete(
          (ok, error) -> {
            to.add(-size);
            if (error == null) {
              pumpLater.run();
            }
          });
    }
  }

  private Frame poll() {
    for (Kind kind : KINDS) {
      Deque<Frame> queue = queues.get(kind);
      if (queue != null && !queue.isEmpty()) {
        Frame frame = queue.remove();
        removed(frame);
        return frame;
      }
    }
    throw new IllegalStateException("no frame waits");
  }

  private void removed(Frame frame) {
    bytes -= frame.bytes().remaining();
    frames--;
  }

  /** Frames that wait. */
  int size() {
    return frames;
  }

  /** Bytes that wait. */
  long bytes() {
    return bytes;
  }

  /** Frames that were dropped since the beginning because the peer was too slow; any thread. */
  long dropped() {
    return dropped;
  }
}

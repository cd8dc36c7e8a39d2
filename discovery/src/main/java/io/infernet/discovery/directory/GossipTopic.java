package io.infernet.discovery.directory;

import io.infernet.discovery.gossip.GossipMessage;
import io.infernet.discovery.gossip.GossipRouter;
import io.infernet.discovery.gossip.PublishResult;
import io.infernet.discovery.gossip.Subscription;
import io.infernet.discovery.gossip.TopicValidator;
import io.infernet.discovery.gossip.TopicValidator.Verdict;
import io.infernet.libp2p.host.PeerRateLimiter;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A topic of directory messages of one kind. What is malformed is refused, and held against those
 * who passed it on; of an author who says too much the rest is ignored. Safe from any thread.
 *
 * @param <M> the kind
 */
final class GossipTopic<M extends DirectoryMessage> {

  private static final Logger LOG = LoggerFactory.getLogger(GossipTopic.class);

  private final String name;
  private final Class<M> kind;
  private final GossipRouter gossip;
  private final DirectoryCodec codec;
  private final PeerRateLimiter rate;

  /** Takes a message in and says whether it is passed on; called on the router's thread. */
  @FunctionalInterface
  interface Receiver<M> {
    /**
     * @param author who signed it
     * @param forwarder the peer that passed it on
     */
    Verdict receive(M message, PeerId author, PeerId forwarder);
  }

  /**
   * @param rate messages of one author that are passed on
   */
  GossipTopic(
      String name, Class<M> kind, GossipRouter gossip, DirectoryCodec codec, PeerRateLimiter rate) {
    this.name = name;
    this.kind = kind;
    this.gossip = gossip;
    this.codec = codec;
    this.rate = rate;
  }

  /** Sets who judges messages, also for those who only publish. */
  void validate(Receiver<M> receiver) {
    gossip.validate(name, TopicValidator.of(message -> receive(message, receiver)));
  }

  /** Joins the topic: what passes the receiver is passed on, and others send it here. */
  Subscription join() {
    // The receiver has taken the message in already: nothing is decoded twice.
    return gossip.subscribe(name, message -> {});
  }

  private Verdict receive(GossipMessage message, Receiver<M> receiver) {
    byte[] data = message.data();
    if (data.length > codec.maxSingleSize()) {
      return Verdict.REJECT;
    }
    DirectoryMessage decoded;
    try {
      decoded = codec.decode(ByteBuffer.wrap(data));
    } catch (ProtocolViolationException e) {
      LOG.debug("{}: {} wrote what cannot be read: {}", name, message.from(), e.getMessage());
      return Verdict.REJECT;
    }
    if (!kind.isInstance(decoded)) {
      return Verdict.REJECT;
    }
    if (!rate.tryAcquire(message.from())) {
      return Verdict.IGNORE;
    }
    return receiver.receive(kind.cast(decoded), message.from(), message.receivedFrom());
  }

  /** Sends a message of this node. */
  CompletableFuture<PublishResult> publish(M message) {
    ByteBuffer encoded = codec.encode(message);
    byte[] data = new byte[encoded.remaining()];
    encoded.get(data);
    return gossip.publish(name, data);
  }
}

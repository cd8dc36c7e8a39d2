package io.infernet.discovery.gossip.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * All that is sent in one piece to a pubsub peer; any of the lists may be empty.
 *
 * @param subscriptions topics that the sender joins and leaves
 * @param messages in full
 * @param haves ids of messages that the sender could send
 * @param wants ids of messages that the sender asks for
 * @param grafts topics for which the sender adds the receiver to its mesh
 * @param prunes topics for which the sender takes the receiver out of its mesh
 * @param dontWants ids of messages that the sender has, gossipsub v1.2
 */
public record GossipRpc(
    List<Subscription> subscriptions,
    List<PublishedMessage> messages,
    List<IHave> haves,
    List<MessageId> wants,
    List<String> grafts,
    List<Prune> prunes,
    List<MessageId> dontWants) {

  public GossipRpc {
    subscriptions = List.copyOf(subscriptions);
    messages = List.copyOf(messages);
    haves = List.copyOf(haves);
    wants = List.copyOf(wants);
    grafts = List.copyOf(grafts);
    prunes = List.copyOf(prunes);
    dontWants = List.copyOf(dontWants);
  }

  /** That the sender joins, or leaves, a topic. */
  public record Subscription(String topic, boolean joins) {
    public Subscription {
      requireNonNull(topic, "topic is null");
    }
  }

  /** What the sender could send of a topic. */
  public record IHave(String topic, List<MessageId> ids) {
    public IHave {
      requireNonNull(topic, "topic is null");
      ids = List.copyOf(ids);
    }
  }

  /**
   * That the receiver is no longer in the sender's mesh.
   *
   * @param peers others to try
   * @param backoff for how long the receiver is not to graft; empty from peers before v1.1
   */
  public record Prune(String topic, List<OtherPeer> peers, Optional<Duration> backoff) {
    public Prune {
      requireNonNull(topic, "topic is null");
      requireNonNull(backoff, "backoff is null");
      peers = List.copyOf(peers);
    }
  }

  /** Another subscriber, with its signed peer record (RFC 0003) where the sender has one. */
  public static final class OtherPeer {

    private final PeerId id;
    private final byte[] signedRecord;

    /**
     * @param signedRecord an envelope as it came; empty for none
     */
    public OtherPeer(PeerId id, byte[] signedRecord) {
      this.id = requireNonNull(id, "id is null");
      this.signedRecord = signedRecord.clone();
    }

    public PeerId id() {
      return id;
    }

    /** Not checked in any way. */
    public Optional<byte[]> signedRecord() {
      return signedRecord.length == 0 ? Optional.empty() : Optional.of(signedRecord.clone());
    }

    /** The envelope itself, not to be changed; empty for none. */
    byte[] raw() {
      return signedRecord;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof OtherPeer that
          && id.equals(that.id)
          && Arrays.equals(signedRecord, that.signedRecord);
    }

    @Override
    public int hashCode() {
      return id.hashCode() * 31 + Arrays.hashCode(signedRecord);
    }

    @Override
    public String toString() {
      return id + (signedRecord.length == 0 ? "" : " with its record");
    }
  }

  /** Nothing of anything. */
  public boolean isEmpty() {
    return subscriptions.isEmpty()
        && messages.isEmpty()
        && haves.isEmpty()
        && wants.isEmpty()
        && grafts.isEmpty()
        && prunes.isEmpty()
        && dontWants.isEmpty();
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Only this message. */
  public static GossipRpc of(PublishedMessage message) {
    return builder().message(message).build();
  }

  /** Gathers what goes to one peer. For one thread. */
  public static final class Builder {

    private final List<Subscription> subscriptions = new ArrayList<>();
    private final List<PublishedMessage> messages = new ArrayList<>();
    private final List<IHave> haves = new ArrayList<>();
    private final List<MessageId> wants = new ArrayList<>();
    private final List<String> grafts = new ArrayList<>();
    private final List<Prune> prunes = new ArrayList<>();
    private final List<MessageId> dontWants = new ArrayList<>();

    private Builder() {}

    public Builder subscribe(String topic) {
      subscriptions.add(new Subscription(topic, true));
      return this;
    }

    public Builder unsubscribe(String topic) {
      subscriptions.add(new Subscription(topic, false));
      return this;
    }

    public Builder message(PublishedMessage message) {
      messages.add(message);
      return this;
    }

    public Builder have(String topic, List<MessageId> ids) {
      haves.add(new IHave(topic, ids));
      return this;
    }

    public Builder want(List<MessageId> ids) {
      wants.addAll(ids);
      return this;
    }

    public Builder graft(String topic) {
      grafts.add(topic);
      return this;
    }

    public Builder prune(Prune prune) {
      prunes.add(prune);
      return this;
    }

    public Builder dontWant(List<MessageId> ids) {
      dontWants.addAll(ids);
      return this;
    }

    public GossipRpc build() {
      return new GossipRpc(subscriptions, messages, haves, wants, grafts, prunes, dontWants);
    }
  }
}

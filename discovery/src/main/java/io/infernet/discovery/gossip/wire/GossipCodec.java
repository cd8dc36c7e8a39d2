package io.infernet.discovery.gossip.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.discovery.gossip.wire.GossipRpc.IHave;
import io.infernet.discovery.gossip.wire.GossipRpc.OtherPeer;
import io.infernet.discovery.gossip.wire.GossipRpc.Prune;
import io.infernet.discovery.gossip.wire.GossipRpc.Subscription;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@link GossipRpc}s as the protobuf of {@code libp2p/rpc.proto}.
 *
 * <p>Implementation note: read and written field by field instead of with the generated classes, so
 * that limits hold before anything is allocated (an RPC of 1 MiB has room for half a million empty
 * elements) and messages go on in the bytes they came in. The tests compare it with the generated
 * classes. Fields that are not known are skipped.
 */
public final class GossipCodec implements MessageCodec<GossipRpc> {

  /** The tags of fields 1 to 6 where these are length-delimited. */
  private static final int BYTES_1 = 0x0a;

  private static final int BYTES_2 = 0x12;
  private static final int BYTES_3 = 0x1a;
  private static final int BYTES_4 = 0x22;
  private static final int BYTES_5 = 0x2a;
  private static final int BYTES_6 = 0x32;

  /** The tags of fields 1 and 3 where these are numbers. */
  private static final int NUMBER_1 = 0x08;

  private static final int NUMBER_3 = 0x18;

  /** A back-off beyond this is taken for this. */
  private static final Duration MAX_BACKOFF = Duration.ofDays(365);

  private final GossipWireLimits limits;

  public GossipCodec(GossipWireLimits limits) {
    this.limits = limits;
  }

  public GossipWireLimits limits() {
    return limits;
  }

  @Override
  public int maxMessageSize() {
    return limits.maxRpcSize();
  }

  @Override
  public GossipRpc decode(ByteBuffer bytes) throws ProtocolViolationException {
    CodedInputStream in = CodedInputStream.newInstance(bytes);
    in.enableAliasing(true);
    try {
      return new Reader(in, limits).rpc();
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolViolationException("not a pubsub RPC: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new IllegalStateException("a buffer has no I/O", e);
    }
  }

  @Override
  public ByteBuffer encode(GossipRpc rpc) {
    try {
      Writer out = new Writer();
      for (Subscription subscription : rpc.subscriptions()) {
        out.bytes(1, subscription(subscription));
      }
      for (PublishedMessage message : rpc.messages()) {
        out.bytes(2, message.raw());
      }
      byte[] control = control(rpc);
      if (control.length > 0) {
        out.bytes(3, control);
      }
      return ByteBuffer.wrap(out.toBytes());
    } catch (IOException e) {
      throw new IllegalStateException("an array has no I/O", e);
    }
  }

  private static byte[] subscription(Subscription subscription) throws IOException {
    return new Writer().flag(1, subscription.joins()).text(2, subscription.topic()).toBytes();
  }

  private static byte[] control(GossipRpc rpc) throws IOException {
    Writer out = new Writer();
    for (IHave have : rpc.haves()) {
      out.bytes(1, new Writer().text(1, have.topic()).ids(2, have.ids()).toBytes());
    }
    if (!rpc.wants().isEmpty()) {
      out.bytes(2, new Writer().ids(1, rpc.wants()).toBytes());
    }
    for (String topic : rpc.grafts()) {
      out.bytes(3, new Writer().text(1, topic).toBytes());
    }
    for (Prune prune : rpc.prunes()) {
      Writer inner = new Writer().text(1, prune.topic());
      for (OtherPeer peer : prune.peers()) {
        Writer info = new Writer().bytes(1, peer.id().toBytes());
        if (peer.raw().length > 0) {
          info.bytes(2, peer.raw());
        }
        inner.bytes(2, info.toBytes());
      }
      if (prune.backoff().isPresent()) {
        inner.number(3, prune.backoff().get().toSeconds());
      }
      out.bytes(4, inner.toBytes());
    }
    if (!rpc.dontWants().isEmpty()) {
      out.bytes(5, new Writer().ids(1, rpc.dontWants()).toBytes());
    }
    return out.toBytes();
  }

  /** A protobuf message that grows field by field. */
  private static final class Writer {

    private static final int BUFFER = 256;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(BUFFER);
    private final CodedOutputStream out = CodedOutputStream.newInstance(bytes, BUFFER);

    Writer bytes(int field, byte[] value) throws IOException {
      out.writeByteArray(field, value);
      return this;
    }

    Writer text(int field, String value) throws IOException {
      out.writeString(field, value);
      return this;
    }

    Writer flag(int field, boolean value) throws IOException {
      out.writeBool(field, value);
      return this;
    }

    Writer number(int field, long value) throws IOException {
      out.writeUInt64(field, value);
      return this;
    }

    Writer ids(int field, List<MessageId> ids) throws IOException {
      for (MessageId id : ids) {
        out.writeByteArray(field, id.raw());
      }
      return this;
    }

    byte[] toBytes() throws IOException {
      out.flush();
      return bytes.toByteArray();
    }
  }

  /** One RPC being read. */
  private static final class Reader {

    private final CodedInputStream in;
    private final GossipWireLimits limits;
    private final GossipRpc.Builder rpc = GossipRpc.builder();

    /** How many of what were read; the limits are those of the whole RPC. */
    private int subscriptions;

    private int messages;
    private int haves;
    private int haveIds;
    private int wants;
    private int wantIds;
    private int grafts;
    private int prunes;
    private int dontWants;
    private int dontWantIds;

    Reader(CodedInputStream in, GossipWireLimits limits) {
      this.in = in;
      this.limits = limits;
    }

    GossipRpc rpc() throws IOException, ProtocolViolationException {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case BYTES_1 -> subscription();
          case BYTES_2 -> message();
          case BYTES_3 -> control();
          default -> skip(tag);
        }
      }
      return rpc.build();
    }

    private void subscription() throws IOException, ProtocolViolationException {
      subscriptions = oneMore(subscriptions, limits.maxSubscriptions(), "subscriptions");
      boolean joins = false;
      String topic = "";
      int end = enter();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case NUMBER_1 -> joins = in.readBool();
          case BYTES_2 -> topic = topic();
          default -> skip(tag);
        }
      }
      in.popLimit(end);
      if (joins) {
        rpc.subscribe(topic);
      } else {
        rpc.unsubscribe(topic);
      }
    }

    private void message() throws IOException, ProtocolViolationException {
      messages = oneMore(messages, limits.maxMessages(), "messages");
      @Nullable ByteBuffer from = null;
      @Nullable ByteBuffer data = null;
      @Nullable ByteBuffer sequence = null;
      @Nullable ByteBuffer signature = null;
      @Nullable ByteBuffer key = null;
      String topic = "";
      int end = enter();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case BYTES_1 -> from = in.readByteBuffer();
          case BYTES_2 -> data = in.readByteBuffer();
          case BYTES_3 -> sequence = in.readByteBuffer();
          case BYTES_4 -> topic = topic();
          case BYTES_5 -> signature = in.readByteBuffer();
          case BYTES_6 -> key = in.readByteBuffer();
          default -> skip(tag);
        }
      }
      in.popLimit(end);
      PublishedMessage message = PublishedMessage.of(from, data, sequence, topic, signature, key);
      requireAtMost(message.dataSize(), limits.maxDataSize(), "bytes of a message");
      requireAtMost(
          message.encodedSize() - message.dataSize(),
          limits.maxRpcSize() - limits.maxDataSize(),
          "bytes around a message");
      rpc.message(message);
    }

    private void control() throws IOException, ProtocolViolationException {
      int end = enter();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case BYTES_1 -> have();
          case BYTES_2 -> {
            wants = oneMore(wants, limits.maxControlMessages(), "IWANTs");
            List<MessageId> ids = ids(limits.maxMessageIds() - wantIds);
            wantIds += ids.size();
            rpc.want(ids);
          }
          case BYTES_3 -> graft();
          case BYTES_4 -> prune();
          case BYTES_5 -> {
            dontWants = oneMore(dontWants, limits.maxControlMessages(), "IDONTWANTs");
            List<MessageId> ids = ids(limits.maxMessageIds() - dontWantIds);
            dontWantIds += ids.size();
            rpc.dontWant(ids);
          }
          default -> skip(tag);
        }
      }
      in.popLimit(end);
    }

    private void have() throws IOException, ProtocolViolationException {
      haves = oneMore(haves, limits.maxControlMessages(), "IHAVEs");
      String topic = "";
      List<MessageId> ids = new ArrayList<>();
      int end = enter();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case BYTES_1 -> topic = topic();
          case BYTES_2 -> {
            haveIds = oneMore(haveIds, limits.maxMessageIds(), "message ids");
            ids.add(id());
          }
          default -> skip(tag);
        }
      }
      in.popLimit(end);
      rpc.have(topic, ids);
    }

    /** The body of an IWANT and of an IDONTWANT. */
    private List<MessageId> ids(int most) throws IOException, ProtocolViolationException {
      List<MessageId> ids = new ArrayList<>();
      int end = enter();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag == BYTES_1) {
          oneMore(ids.size(), most, "message ids");
          ids.add(id());
        } else {
          skip(tag);
        }
      }
      in.popLimit(end);
      return ids;
    }

    private void graft() throws IOException, ProtocolViolationException {
      grafts = oneMore(grafts, limits.maxControlMessages(), "GRAFTs");
      String topic = "";
      int end = enter();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag == BYTES_1) {
          topic = topic();
        } else {
          skip(tag);
        }
      }
      in.popLimit(end);
      rpc.graft(topic);
    }

    private void prune() throws IOException, ProtocolViolationException {
      prunes = oneMore(prunes, limits.maxControlMessages(), "PRUNEs");
      String topic = "";
      List<OtherPeer> peers = new ArrayList<>();
      int named = 0;
      Optional<Duration> backoff = Optional.empty();
      int end = enter();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case BYTES_1 -> topic = topic();
          case BYTES_2 -> {
            named = oneMore(named, limits.maxOtherPeers(), "peers in a PRUNE");
            otherPeer().ifPresent(peers::add);
          }
          case NUMBER_3 -> backoff = Optional.of(backoff(in.readUInt64()));
          default -> skip(tag);
        }
      }
      in.popLimit(end);
      rpc.prune(new Prune(topic, peers, backoff));
    }

    /** Empty for one without a usable id, of which nothing can be made. */
    private Optional<OtherPeer> otherPeer() throws IOException, ProtocolViolationException {
      Optional<PeerId> id = Optional.empty();
      byte[] signedRecord = new byte[0];
      int end = enter();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case BYTES_1 -> id = peerId(in.readByteArray());
          case BYTES_2 -> {
            signedRecord = in.readByteArray();
            requireAtMost(signedRecord.length, limits.maxPeerRecordSize(), "bytes of a record");
          }
          default -> skip(tag);
        }
      }
      in.popLimit(end);
      byte[] found = signedRecord;
      return id.map(peer -> new OtherPeer(peer, found));
    }

    private static Optional<PeerId> peerId(byte[] bytes) {
      try {
        return Optional.of(PeerId.fromBytes(bytes));
      } catch (ProtocolViolationException e) {
        return Optional.empty();
      }
    }

    private static Duration backoff(long unsignedSeconds) {
      return unsignedSeconds < 0 || unsignedSeconds > MAX_BACKOFF.toSeconds()
          ? MAX_BACKOFF
          : Duration.ofSeconds(unsignedSeconds);
    }

    private String topic() throws IOException, ProtocolViolationException {
      String topic = in.readStringRequireUtf8();
      requireAtMost(topic.length(), limits.maxTopicLength(), "characters of a topic");
      return topic;
    }

    private MessageId id() throws IOException, ProtocolViolationException {
      byte[] id = in.readByteArray();
      requireAtMost(id.length, limits.maxMessageIdLength(), "bytes of a message id");
      return MessageId.ofOwned(id);
    }

    /** Goes into a length-delimited field; the answer is for {@code popLimit}. */
    private int enter() throws IOException {
      return in.pushLimit(in.readRawVarint32());
    }

    private void skip(int tag) throws IOException, ProtocolViolationException {
      if (!in.skipField(tag)) {
        throw new ProtocolViolationException("a group ends that did not begin");
      }
    }

    private static int oneMore(int count, int limit, String what)
        throws ProtocolViolationException {
      requireAtMost(count + 1, limit, what);
      return count + 1;
    }

    private static void requireAtMost(int count, int limit, String what)
        throws ProtocolViolationException {
      if (count > limit) {
        throw new ProtocolViolationException(count + " " + what + " are over " + limit);
      }
    }
  }
}

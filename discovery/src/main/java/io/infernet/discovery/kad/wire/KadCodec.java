package io.infernet.discovery.kad.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.proto.libp2p.DhtProto.Message;
import io.infernet.proto.libp2p.DhtProto.Message.MessageType;
import io.infernet.proto.libp2p.DhtProto.Peer;
import io.infernet.proto.libp2p.DhtProto.Record;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@link KadMessage}s as the protobuf of the specification. Reads either requests or responses,
 * whose types are the same on the wire; writes both.
 *
 * <p>Addresses that this version does not understand are left out, and so are a few peers with ids
 * that it does not know, for they may be of a kind that comes later.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages">RPC
 *     messages</a>
 */
public final class KadCodec implements MessageCodec<KadMessage> {

  private final KadLimits limits;
  private final PeerCache cache;
  private final boolean readsRequests;

  private KadCodec(KadLimits limits, PeerCache cache, boolean readsRequests) {
    this.limits = limits;
    this.cache = cache;
    this.readsRequests = readsRequests;
  }

  /** For servers: what is read are {@link KadMessage.Request}s. */
  public static KadCodec ofRequests(KadLimits limits, PeerCache cache) {
    return new KadCodec(limits, cache, true);
  }

  /** For clients: what is read are {@link KadMessage.Response}s. */
  public static KadCodec ofResponses(KadLimits limits, PeerCache cache) {
    return new KadCodec(limits, cache, false);
  }

  @Override
  public int maxMessageSize() {
    return limits.maxMessageSize();
  }

  @Override
  public ByteBuffer encode(KadMessage message) {
    Message.Builder proto = Message.newBuilder();
    if (message instanceof KadMessage.FindNode find) {
      proto.setType(MessageType.FIND_NODE).setKey(ByteString.copyFrom(find.key()));
    } else if (message instanceof KadMessage.CloserPeers answer) {
      proto.setType(MessageType.FIND_NODE);
      answer.closer().forEach(peer -> proto.addCloserPeers(peer(peer)));
    } else if (message instanceof KadMessage.GetProviders get) {
      proto.setType(MessageType.GET_PROVIDERS).setKey(ByteString.copyFrom(get.key().toBytes()));
    } else if (message instanceof KadMessage.Providers answer) {
      proto.setType(MessageType.GET_PROVIDERS);
      answer.providers().forEach(peer -> proto.addProviderPeers(peer(peer)));
      answer.closer().forEach(peer -> proto.addCloserPeers(peer(peer)));
    } else if (message instanceof KadMessage.AddProvider add) {
      proto.setType(MessageType.ADD_PROVIDER).setKey(ByteString.copyFrom(add.key().toBytes()));
      add.providers().forEach(peer -> proto.addProviderPeers(peer(peer)));
    } else if (message instanceof KadMessage.GetValue get) {
      proto.setType(MessageType.GET_VALUE).setKey(ByteString.copyFrom(get.key()));
    } else if (message instanceof KadMessage.Value answer) {
      proto.setType(MessageType.GET_VALUE);
      answer.record().ifPresent(record -> proto.setRecord(record(record)));
      answer.closer().forEach(peer -> proto.addCloserPeers(peer(peer)));
    } else if (message instanceof KadMessage.PutValue put) {
      putValue(proto, put.record());
    } else if (message instanceof KadMessage.ValueStored stored) {
      putValue(proto, stored.record());
    } else {
      proto.setType(MessageType.PING);
    }
    return ByteBuffer.wrap(proto.build().toByteArray());
  }

  private void putValue(Message.Builder proto, ValueRecord record) {
    Record wire = record(record);
    proto.setType(MessageType.PUT_VALUE).setKey(wire.getKey()).setRecord(wire);
  }

  private static Record record(ValueRecord record) {
    return Record.newBuilder()
        .setKey(ByteString.copyFrom(record.key()))
        .setValue(ByteString.copyFrom(record.value()))
        .setTimeReceived(DateTimeFormatter.ISO_INSTANT.format(record.received()))
        .build();
  }

  private ByteString peer(PeerInfo peer) {
    Peer.Builder proto = Peer.newBuilder().setId(ByteString.copyFrom(peer.id().toBytes()));
    int count = Math.min(peer.addresses().size(), limits.keptAddresses());
    for (int i = 0; i < count; i++) {
      proto.addAddrs(ByteString.copyFrom(peer.addresses().get(i).toBytes()));
    }
    return proto.build().toByteString();
  }

  @Override
  public KadMessage decode(ByteBuffer bytes) throws ProtocolViolationException {
    Message proto;
    try {
      proto = Message.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolViolationException("not a Kademlia message: " + e.getMessage(), e);
    }
    return readsRequests ? request(proto) : response(proto);
  }

  private KadMessage.Request request(Message proto) throws ProtocolViolationException {
    return switch (proto.getType()) {
      case FIND_NODE -> new KadMessage.FindNode(key(proto.getKey()));
      case GET_PROVIDERS -> new KadMessage.GetProviders(multihash(proto.getKey()));
      case ADD_PROVIDER ->
          new KadMessage.AddProvider(
              multihash(proto.getKey()), peers(proto.getProviderPeersList()));
      case GET_VALUE -> new KadMessage.GetValue(key(proto.getKey()));
      case PUT_VALUE -> {
        ValueRecord record = requiredRecord(proto);
        if (!proto.getKey().equals(proto.getRecord().getKey())) {
          throw new ProtocolViolationException("the key is not that of the record");
        }
        yield new KadMessage.PutValue(record);
      }
      case PING -> new KadMessage.Ping();
      case UNRECOGNIZED -> throw unknownType(proto);
    };
  }

  private KadMessage.Response response(Message proto) throws ProtocolViolationException {
    return switch (proto.getType()) {
      case FIND_NODE -> new KadMessage.CloserPeers(peers(proto.getCloserPeersList()));
      case GET_PROVIDERS ->
          new KadMessage.Providers(
              peers(proto.getProviderPeersList()), peers(proto.getCloserPeersList()));
      case GET_VALUE ->
          new KadMessage.Value(
              proto.hasRecord() ? Optional.of(record(proto.getRecord())) : Optional.empty(),
              peers(proto.getCloserPeersList()));
      case PUT_VALUE -> new KadMessage.ValueStored(requiredRecord(proto));
      case PING -> new KadMessage.Pong();
      case ADD_PROVIDER -> throw new ProtocolViolationException("ADD_PROVIDER is not answered");
      case UNRECOGNIZED -> throw unknownType(proto);
    };
  }

  private static ProtocolViolationException unknownType(Message proto) {
    return new ProtocolViolationException("a Kademlia message of type " + proto.getTypeValue());
  }

  private byte[] key(ByteString key) throws ProtocolViolationException {
    if (key.isEmpty() || key.size() > limits.maxKeyLength()) {
      throw new ProtocolViolationException("a key of " + key.size() + " bytes");
    }
    return key.toByteArray();
  }

  private Multihash multihash(ByteString key) throws ProtocolViolationException {
    return Multihash.fromBytes(key(key));
  }

  private ValueRecord requiredRecord(Message proto) throws ProtocolViolationException {
    if (!proto.hasRecord()) {
      throw new ProtocolViolationException("PUT_VALUE without a record");
    }
    return record(proto.getRecord());
  }

  private ValueRecord record(Record proto) throws ProtocolViolationException {
    if (proto.getValue().size() > limits.maxValueLength()) {
      throw new ProtocolViolationException(
          "a value of " + proto.getValue().size() + " bytes is over " + limits.maxValueLength());
    }
    return new ValueRecord(
        key(proto.getKey()), proto.getValue().toByteArray(), time(proto.getTimeReceived()));
  }

  /** The sender's word, which nothing depends on: one that cannot be read is a time long ago. */
  private static Instant time(String text) {
    try {
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
    } catch (DateTimeException e) {
      return Instant.EPOCH;
    }
  }

  private List<PeerInfo> peers(List<ByteString> all) throws ProtocolViolationException {
    if (all.size() > limits.maxPeers()) {
      throw new ProtocolViolationException(all.size() + " peers are over " + limits.maxPeers());
    }
    List<PeerInfo> peers = new ArrayList<>(all.size());
    int invalid = 0;
    for (ByteString each : all) {
      byte[] bytes = each.toByteArray();
      PeerInfo peer = cache.get(bytes);
      if (peer == null) {
        peer = peer(bytes);
        if (peer == null) {
          invalid++;
          continue;
        }
        cache.put(bytes, peer);
      }
      peers.add(peer);
    }
    if (invalid > limits.maxInvalidPeers()) {
      throw new ProtocolViolationException(invalid + " ids of peers are none");
    }
    return peers;
  }

  /** Null when it has no valid id. */
  private @Nullable PeerInfo peer(byte[] bytes) throws ProtocolViolationException {
    Peer proto;
    try {
      proto = Peer.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolViolationException("not a peer: " + e.getMessage(), e);
    }
    if (proto.getAddrsCount() > limits.maxAddresses()) {
      throw new ProtocolViolationException(
          proto.getAddrsCount() + " addresses of a peer are over " + limits.maxAddresses());
    }
    try {
      PeerId id = PeerId.fromBytes(proto.getId().toByteArray());
      return new PeerInfo(id, addresses(id, proto.getAddrsList()));
    } catch (ProtocolViolationException e) {
      return null;
    }
  }

  private List<Multiaddr> addresses(PeerId id, List<ByteString> all) {
    List<Multiaddr> addresses = new ArrayList<>(Math.min(all.size(), limits.keptAddresses()));
    for (ByteString bytes : all) {
      if (addresses.size() == limits.keptAddresses()) {
        break;
      }
      try {
        Multiaddr address = Multiaddr.fromBytes(bytes.toByteArray());
        Optional<PeerId> named = address.peerId();
        if (named.isPresent()) {
          if (!named.get().equals(id)) {
            continue;
          }
          address = address.withoutPeer();
        }
        if (!address.isEmpty()) {
          addresses.add(address);
        }
      } catch (ProtocolViolationException e) {
        // Of a kind that this version does not know.
      }
    }
    return addresses;
  }
}

package io.infernet.libp2p.protocol.identify;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerRecord;
import io.infernet.libp2p.peer.PublicKey;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.proto.libp2p.IdentifyProto.Identify;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The protobuf of identify. Addresses and protocol names that this version does not understand are
 * left out, for they may be of a kind that comes later; the size limit bounds their number.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/identify/README.md">identify</a>
 */
public final class IdentifyCodec implements MessageCodec<IdentifyMessage> {

  private final int maxMessageSize;

  /**
   * @param maxMessageSize in bytes
   */
  public IdentifyCodec(int maxMessageSize) {
    this.maxMessageSize = maxMessageSize;
  }

  @Override
  public int maxMessageSize() {
    return maxMessageSize;
  }

  @Override
  public ByteBuffer encode(IdentifyMessage message) {
    Identify.Builder proto = Identify.newBuilder();
    message.publicKey().ifPresent(k -> proto.setPublicKey(ByteString.copyFrom(k.toProtobuf())));
    message
        .listenAddresses()
        .forEach(address -> proto.addListenAddrs(ByteString.copyFrom(address.toBytes())));
    message
        .observedAddress()
        .ifPresent(address -> proto.setObservedAddr(ByteString.copyFrom(address.toBytes())));
    message.protocols().forEach(protocol -> proto.addProtocols(protocol.value()));
    message.agentVersion().ifPresent(proto::setAgentVersion);
    message.protocolVersion().ifPresent(proto::setProtocolVersion);
    message
        .signedRecord()
        .ifPresent(record -> proto.setSignedPeerRecord(ByteString.copyFrom(record.toBytes())));
    return proto.build().toByteString().asReadOnlyByteBuffer();
  }

  @Override
  public IdentifyMessage decode(ByteBuffer bytes) throws ProtocolViolationException {
    Identify proto;
    try {
      proto = Identify.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolViolationException("not an identify message: " + e.getMessage(), e);
    }
    return new IdentifyMessage(
        proto.hasPublicKey()
            ? Optional.of(PublicKey.fromProtobuf(proto.getPublicKey().toByteArray()))
            : Optional.empty(),
        addresses(proto.getListenAddrsList()),
        proto.hasObservedAddr() ? address(proto.getObservedAddr()) : Optional.empty(),
        protocols(proto.getProtocolsList()),
        proto.hasAgentVersion() ? Optional.of(proto.getAgentVersion()) : Optional.empty(),
        proto.hasProtocolVersion() ? Optional.of(proto.getProtocolVersion()) : Optional.empty(),
        proto.hasSignedPeerRecord()
            ? Optional.of(
                SignedEnvelope.fromBytes(
                    proto.getSignedPeerRecord().toByteArray(), PeerRecord.MAX_LENGTH))
            : Optional.empty());
  }

  private static List<Multiaddr> addresses(List<ByteString> all) {
    List<Multiaddr> understood = new ArrayList<>(all.size());
    all.forEach(bytes -> address(bytes).ifPresent(understood::add));
    return understood;
  }

  private static Optional<Multiaddr> address(ByteString bytes) {
    try {
      return Optional.of(Multiaddr.fromBytes(bytes.toByteArray()));
    } catch (ProtocolViolationException e) {
      return Optional.empty();
    }
  }

  private static List<ProtocolId> protocols(List<String> all) {
    return all.stream().filter(ProtocolId::isValid).map(ProtocolId::of).toList();
  }
}

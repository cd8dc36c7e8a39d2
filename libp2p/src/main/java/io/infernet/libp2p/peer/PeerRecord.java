package io.infernet.libp2p.peer;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.proto.libp2p.PeerRecordProto;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a peer says it can be reached, in a form that it can sign: {@link SignedPeerRecord}.
 *
 * @param peer whose addresses these are
 * @param sequence grows with each record of the peer, an unsigned number; a record counts for
 *     nothing once one with a higher number is known
 * @param addresses without {@code /p2p} at the end, best first
 * @see <a href="https://github.com/libp2p/specs/blob/master/RFC/0003-routing-records.md">RFC 0003,
 *     routing records</a>
 */
public record PeerRecord(PeerId peer, long sequence, List<Multiaddr> addresses) {

  /** Longest encoded record in bytes; identify, which also lists the addresses, has 8 KiB. */
  public static final int MAX_LENGTH = 4 * 1024;

  public PeerRecord {
    requireNonNull(peer, "peer is null");
    addresses = List.copyOf(addresses);
  }

  /** Whether this record is to be believed rather than {@code other}, of the same peer. */
  public boolean isNewerThan(PeerRecord other) {
    return Long.compareUnsigned(sequence, other.sequence) > 0;
  }

  /** The peer and its addresses. */
  public PeerInfo info() {
    return new PeerInfo(peer, addresses);
  }

  /**
   * Reads a record. Addresses that this version does not understand are left out, for they may be
   * of a kind that comes later.
   *
   * @throws ProtocolViolationException when it is too large or malformed
   */
  static PeerRecord fromBytes(byte[] bytes) throws ProtocolViolationException {
    if (bytes.length > MAX_LENGTH) {
      throw new ProtocolViolationException("a peer record of " + bytes.length + " bytes");
    }
    PeerRecordProto.PeerRecord proto;
    try {
      proto = PeerRecordProto.PeerRecord.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolViolationException("not a peer record", e);
    }
    PeerId peer = PeerId.fromBytes(proto.getPeerId().toByteArray());
    List<Multiaddr> addresses = new ArrayList<>();
    for (PeerRecordProto.PeerRecord.AddressInfo info : proto.getAddressesList()) {
      try {
        Multiaddr address = Multiaddr.fromBytes(info.getMultiaddr().toByteArray());
        if (address.peerId().map(peer::equals).orElse(true)) {
          addresses.add(address.withoutPeer());
        }
      } catch (ProtocolViolationException e) {
        continue;
      }
    }
    return new PeerRecord(peer, proto.getSeq(), addresses);
  }

  byte[] toBytes() {
    PeerRecordProto.PeerRecord.Builder proto =
        PeerRecordProto.PeerRecord.newBuilder()
            .setPeerId(ByteString.copyFrom(peer.toBytes()))
            .setSeq(sequence);
    for (Multiaddr address : addresses) {
      proto.addAddressesBuilder().setMultiaddr(ByteString.copyFrom(address.toBytes()));
    }
    return proto.build().toByteArray();
  }
}

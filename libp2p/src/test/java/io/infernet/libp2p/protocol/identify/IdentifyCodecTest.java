package io.infernet.libp2p.protocol.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerRecord;
import io.infernet.libp2p.peer.SignedPeerRecord;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.proto.libp2p.IdentifyProto.Identify;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class IdentifyCodecTest {

  private final IdentifyCodec codec = new IdentifyCodec(8192);

  @Test
  void readsWhatItWrites() throws ProtocolViolationException {
    IdentifyMessage full =
        new IdentifyMessage(
            Optional.of(TestIdentities.publicKey(1)),
            List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/1"), Multiaddr.parse("/dns/a.b/tcp/2")),
            Optional.of(Multiaddr.parse("/ip6/2001:db8::1/tcp/3")),
            List.of(ProtocolId.of("/a/1"), ProtocolId.of("/b/1")),
            Optional.of("agent"),
            Optional.of("protocol"),
            Optional.of(
                SignedPeerRecord.sign(
                        TestIdentities.privateKey(1),
                        new PeerRecord(TestIdentities.peerId(1), 1, List.of()))
                    .envelope()));
    IdentifyMessage empty =
        new IdentifyMessage(
            Optional.empty(),
            List.of(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    assertEquals(full, codec.decode(codec.encode(full)));
    assertEquals(empty, codec.decode(codec.encode(empty)));
  }

  @Test
  void putsEachFieldUnderTheNumberOfTheSpecification() throws ProtocolViolationException {
    // protocolVersion 5, agentVersion 6, protocols 3, observedAddr 4: identify README.
    String hex = "2a0170" + "320161" + "1a042f612f31" + "2208" + "04c0000201" + "060fa1";
    IdentifyMessage message = codec.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));

    assertEquals(Optional.of("p"), message.protocolVersion());
    assertEquals(Optional.of("a"), message.agentVersion());
    assertEquals(List.of(ProtocolId.of("/a/1")), message.protocols());
    assertEquals(
        Optional.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/4001")), message.observedAddress());
  }

  @Test
  void leavesOutAddressesAndProtocolsThatItDoesNotUnderstand() throws ProtocolViolationException {
    Identify proto =
        Identify.newBuilder()
            .addListenAddrs(ByteString.copyFrom(new byte[] {0x7f, 1, 2}))
            .addListenAddrs(ByteString.copyFrom(Multiaddr.parse("/ip4/192.0.2.1/tcp/1").toBytes()))
            .setObservedAddr(ByteString.copyFromUtf8("nonsense"))
            .addProtocols("no slash")
            .addProtocols("/good/1")
            .build();

    IdentifyMessage message = codec.decode(proto.toByteString().asReadOnlyByteBuffer());

    assertEquals(List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/1")), message.listenAddresses());
    assertEquals(Optional.empty(), message.observedAddress());
    assertEquals(List.of(ProtocolId.of("/good/1")), message.protocols());
  }

  @Test
  void refusesAKeyThatIsNone() {
    Identify proto =
        Identify.newBuilder().setPublicKey(ByteString.copyFromUtf8("not a key")).build();

    assertThrows(
        ProtocolViolationException.class,
        () -> codec.decode(proto.toByteString().asReadOnlyByteBuffer()));
  }

  @Test
  void refusesWhatIsNoProtobuf() {
    assertThrows(
        ProtocolViolationException.class,
        () -> codec.decode(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1})));
  }
}

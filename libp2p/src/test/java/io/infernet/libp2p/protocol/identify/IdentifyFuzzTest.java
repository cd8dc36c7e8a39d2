package io.infernet.libp2p.protocol.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerRecord;
import io.infernet.libp2p.peer.SignedPeerRecord;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class IdentifyFuzzTest {

  private final IdentifyCodec codec = new IdentifyCodec(8192);

  /** What is understood at all is understood the same when it is written again. */
  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsOrRefuses(byte[] input) {
    IdentifyMessage message;
    try {
      message = codec.decode(ByteBuffer.wrap(input));
    } catch (ProtocolViolationException e) {
      return;
    }
    try {
      assertEquals(message, codec.decode(codec.encode(message)));
    } catch (ProtocolViolationException e) {
      throw new AssertionError("what was written cannot be read", e);
    }
  }

  static Stream<byte[]> seeds() {
    IdentifyMessage full =
        new IdentifyMessage(
            Optional.of(TestIdentities.publicKey(1)),
            List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/1")),
            Optional.of(Multiaddr.parse("/ip6/2001:db8::1/tcp/3")),
            List.of(ProtocolId.of("/a/1"), ProtocolId.of("/b/1")),
            Optional.of("agent"),
            Optional.of("protocol"),
            Optional.of(
                SignedPeerRecord.sign(
                        TestIdentities.privateKey(1),
                        new PeerRecord(TestIdentities.peerId(1), 1, List.of()))
                    .envelope()));
    ByteBuffer encoded = new IdentifyCodec(8192).encode(full);
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return Stream.of(bytes, new byte[0], new byte[] {0x0a, 0x7f});
  }
}

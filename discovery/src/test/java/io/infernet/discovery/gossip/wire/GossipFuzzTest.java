package io.infernet.discovery.gossip.wire;

import static io.infernet.discovery.gossip.wire.GossipSamples.CODEC;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class GossipFuzzTest {

  /** What is understood at all is understood the same when it is written again. */
  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsRpcsOrSaysNo(byte[] input) throws Exception {
    GossipRpc read;
    try {
      read = CODEC.decode(ByteBuffer.wrap(input));
    } catch (ProtocolViolationException e) {
      return;
    }
    assertEquals(read, CODEC.decode(CODEC.encode(read)));
    for (PublishedMessage message : read.messages()) {
      new MessageVerifier(1).verify(message);
      MessageIdFunction.DEFAULT.idOf(message);
      MessageIdFunction.PUBLIC_KEY.idOf(message);
      MessageIdFunction.CONTENT.idOf(message);
    }
  }

  static Stream<byte[]> seeds() {
    return Stream.concat(
        GossipSamples.encodedRpcs(),
        Stream.of("ed25519.rpc", "rsa.rpc", "control.rpc").map(JsVectors::bytes));
  }
}

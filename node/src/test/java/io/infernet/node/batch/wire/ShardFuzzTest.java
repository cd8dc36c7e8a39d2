package io.infernet.node.batch.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class ShardFuzzTest {

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsMessagesOrSaysNo(byte[] input) {
    try {
      ShardMessage read = ShardCodecTest.CODEC.decode(ByteBuffer.wrap(input));
      assertEquals(read, ShardCodecTest.CODEC.decode(ShardCodecTest.CODEC.encode(read)));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> seeds() {
    return ShardCodecTest.messages().stream()
        .map(message -> ShardCodecTest.CODEC.encode(message).array());
  }
}

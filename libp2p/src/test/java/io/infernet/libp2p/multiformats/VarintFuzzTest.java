package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class VarintFuzzTest {

  static Stream<byte[]> seeds() {
    return Stream.of("00", "7f", "ac02", "808001", "8100", "ffffffffffffffff7f", "ff")
        .map(HexFormat.of()::parseHex);
  }

  @MethodSource("seeds")
  @FuzzTest
  void hasOneEncodingForEachValue(byte[] input) {
    ByteBuffer buffer = ByteBuffer.wrap(input);
    long value;
    try {
      value = Varint.decode(buffer);
    } catch (ProtocolViolationException e) {
      return;
    }
    assertArrayEquals(Arrays.copyOf(input, buffer.position()), Varint.encode(value));
  }
}

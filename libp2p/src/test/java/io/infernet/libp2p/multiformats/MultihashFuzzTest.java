package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class MultihashFuzzTest {

  static Stream<byte[]> seeds() {
    return Stream.of(
            Multihash.sha256(new byte[] {1}),
            Multihash.identity(new byte[0]),
            Multihash.identity(new byte[Multihash.MAX_DIGEST_LENGTH]),
            Multihash.of(0xb220, new byte[32]))
        .map(Multihash::toBytes);
  }

  @MethodSource("seeds")
  @FuzzTest
  void hasOneEncodingForEachValue(byte[] input) {
    Multihash multihash;
    try {
      multihash = Multihash.fromBytes(input);
    } catch (ProtocolViolationException e) {
      return;
    }
    assertArrayEquals(input, multihash.toBytes());
    assertEquals(multihash, Multihash.of(multihash.code(), multihash.digest()));
  }
}

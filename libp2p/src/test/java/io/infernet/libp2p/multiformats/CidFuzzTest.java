package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class CidFuzzTest {

  private static final Multihash HASH = Multihash.sha256(new byte[] {1});

  private static Stream<Cid> cids() {
    return Stream.of(
        Cid.v0(HASH), Cid.of(Cid.RAW, HASH), Cid.of(0x0129, Multihash.identity(new byte[3])));
  }

  static Stream<byte[]> binarySeeds() {
    return cids().map(Cid::toBytes);
  }

  static Stream<String> textSeeds() {
    return cids().map(Cid::toString);
  }

  @MethodSource("binarySeeds")
  @FuzzTest
  void hasOneEncodingForEachValue(byte[] input) {
    Cid cid;
    try {
      cid = Cid.fromBytes(input);
    } catch (ProtocolViolationException e) {
      return;
    }
    assertArrayEquals(input, cid.toBytes());
    assertEquals(cid, Cid.parse(cid.toString()));
  }

  @MethodSource("textSeeds")
  @FuzzTest
  void readsWhatItWrites(@NotNull String text) throws ProtocolViolationException {
    Cid cid;
    try {
      cid = Cid.parse(text);
    } catch (IllegalArgumentException e) {
      return;
    }
    assertEquals(cid, Cid.parse(cid.toString()));
    assertEquals(cid, Cid.fromBytes(cid.toBytes()));
  }
}

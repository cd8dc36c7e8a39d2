package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.TestIdentities;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class PeerIdFuzzTest {

  private static Stream<PeerId> ids() {
    return Stream.of(
        TestIdentities.peerId(1),
        PeerId.of(TestIdentities.privateKey(KeyType.ED25519, 1).publicKey()),
        PeerId.of(TestIdentities.privateKey(KeyType.ECDSA, 1).publicKey()));
  }

  static Stream<byte[]> binarySeeds() {
    return ids().map(PeerId::toBytes);
  }

  static Stream<String> textSeeds() {
    return ids().flatMap(id -> Stream.of(id.toString(), id.toCid().toString()));
  }

  @MethodSource("binarySeeds")
  @FuzzTest
  void hasOneEncodingForEachValue(byte[] input) {
    PeerId id;
    try {
      id = PeerId.fromBytes(input);
    } catch (ProtocolViolationException e) {
      return;
    }
    assertArrayEquals(input, id.toBytes());
    assertConsistent(id);
  }

  @MethodSource("textSeeds")
  @FuzzTest
  void readsWhatItWrites(@NotNull String text) {
    PeerId id;
    try {
      id = PeerId.parse(text);
    } catch (IllegalArgumentException e) {
      return;
    }
    assertConsistent(id);
  }

  private static void assertConsistent(PeerId id) {
    assertEquals(id, PeerId.parse(id.toString()));
    assertEquals(id, PeerId.parse(id.toCid().toString()));
    id.publicKey().ifPresent(key -> assertTrue(id.matches(key)));
  }
}

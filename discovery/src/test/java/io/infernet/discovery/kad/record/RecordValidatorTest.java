package io.infernet.discovery.kad.record;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordValidatorTest {

  private static final RecordValidator VALIDATOR =
      new NamespacedValidator(
          Map.of(
              PublicKeyValidator.NAMESPACE,
              new PublicKeyValidator(),
              "longest",
              new LongestValue()));

  /** Takes what is not empty, and prefers what is longer. */
  private static final class LongestValue implements RecordValidator {
    @Override
    public void validate(byte[] key, byte[] value) throws ProtocolViolationException {
      if (value.length == 0) {
        throw new ProtocolViolationException("empty");
      }
    }

    @Override
    public int select(byte[] key, List<byte[]> values) {
      int best = 0;
      for (int i = 1; i < values.size(); i++) {
        best = values.get(i).length > values.get(best).length ? i : best;
      }
      return best;
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertRefused(byte[] key, byte[] value) {
    assertThrows(ProtocolViolationException.class, () -> VALIDATOR.validate(key, value));
  }

  @Test
  void takesThePublicKeyOfThePeer() {
    for (KeyType type : List.of(KeyType.SECP256K1, KeyType.ED25519, KeyType.ECDSA)) {
      PublicKey key = TestIdentities.privateKey(type, 1).publicKey();
      byte[] name = PublicKeyValidator.key(PeerId.of(key));
      assertDoesNotThrow(() -> VALIDATOR.validate(name, key.toProtobuf()));
      assertEquals(0, VALIDATOR.select(name, List.of(key.toProtobuf(), key.toProtobuf())));
    }
  }

  @Test
  void refusesPublicKeysOfOthersAndWhatIsNone() {
    byte[] name = PublicKeyValidator.key(TestIdentities.peerId(1));
    byte[] value = TestIdentities.publicKey(1).toProtobuf();
    assertRefused(name, TestIdentities.publicKey(2).toProtobuf());
    assertRefused(name, new byte[0]);
    assertRefused(name, Arrays.copyOf(value, value.length + 1));
    assertRefused(Arrays.copyOf(name, name.length - 1), value);
    assertRefused(Arrays.copyOf(name, name.length + 1), value);
    assertRefused(bytes("/pk/"), value);
    assertThrows(
        ProtocolViolationException.class,
        () -> new PublicKeyValidator().validate(bytes("/pa/"), value));
  }

  @Test
  void asksTheValidatorOfTheNamespace() {
    byte[] key = bytes("/longest/of/all");
    assertDoesNotThrow(() -> VALIDATOR.validate(key, bytes("x")));
    assertRefused(key, new byte[0]);
    assertEquals(1, VALIDATOR.select(key, List.of(bytes("a"), bytes("abc"), bytes("xyz"))));
  }

  @Test
  void refusesUnknownNamespaces() {
    for (String key : List.of("", "/", "/longest", "longest/x", "//x", "/other/x", "x")) {
      assertRefused(bytes(key), bytes("value"));
      assertThrows(
          IllegalArgumentException.class,
          () -> VALIDATOR.select(bytes(key), List.of(bytes("value"))));
    }
  }
}

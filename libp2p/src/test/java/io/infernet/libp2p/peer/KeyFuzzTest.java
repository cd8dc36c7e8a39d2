package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class KeyFuzzTest {

  private static final byte[] MESSAGE = {1, 2, 3};

  static Stream<byte[]> publicSeeds() {
    return Arrays.stream(KeyType.values()).map(Vectors::publicKey);
  }

  static Stream<byte[]> privateSeeds() {
    return Arrays.stream(KeyType.values()).map(Vectors::privateKey);
  }

  /** The first byte says whose signature it is. */
  static Stream<byte[]> signatureSeeds() throws ProtocolViolationException {
    Stream.Builder<byte[]> seeds = Stream.builder();
    for (KeyType type : KeyType.values()) {
      byte[] signature = PrivateKey.fromProtobuf(Vectors.privateKey(type)).sign(new byte[] {9});
      byte[] seed = new byte[1 + signature.length];
      seed[0] = (byte) type.code();
      System.arraycopy(signature, 0, seed, 1, signature.length);
      seeds.add(seed);
    }
    return seeds.build();
  }

  @MethodSource("publicSeeds")
  @FuzzTest
  void hasOneEncodingForEachPublicKey(byte[] input) {
    PublicKey key;
    try {
      key = PublicKey.fromProtobuf(input);
    } catch (ProtocolViolationException e) {
      return;
    }
    assertArrayEquals(input, key.toProtobuf());
    assertTrue(PeerId.of(key).matches(key));
  }

  @MethodSource("privateSeeds")
  @FuzzTest
  void takesOnlyPrivateKeysThatWork(byte[] input) throws ProtocolViolationException {
    PrivateKey key;
    try {
      key = PrivateKey.fromProtobuf(input);
    } catch (ProtocolViolationException e) {
      return;
    }
    assertTrue(key.publicKey().verify(MESSAGE, key.sign(MESSAGE)));
    assertTrue(PrivateKey.fromProtobuf(key.toProtobuf()).publicKey().equals(key.publicKey()));
  }

  @MethodSource("signatureSeeds")
  @FuzzTest
  void takesNoOtherBytesForASignature(byte[] input) throws ProtocolViolationException {
    if (input.length == 0) {
      return;
    }
    KeyType type = KeyType.values()[(input[0] & 0xff) % KeyType.values().length];
    PublicKey key = PublicKey.fromProtobuf(Vectors.publicKey(type));
    assertFalse(key.verify(MESSAGE, Arrays.copyOfRange(input, 1, input.length)));
  }
}

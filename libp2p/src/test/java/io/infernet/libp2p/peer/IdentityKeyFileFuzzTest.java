package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class IdentityKeyFileFuzzTest {

  private static final byte[] MESSAGE = {1, 2, 3};

  static Stream<byte[]> seeds() {
    return Arrays.stream(KeyType.values())
        .map(type -> Base64.getEncoder().encodeToString(Vectors.privateKey(type)) + "\n")
        .map(line -> line.getBytes(StandardCharsets.US_ASCII));
  }

  @MethodSource("seeds")
  @FuzzTest
  void holdsAKeyThatWorksOrSaysInOneLineThatItDoesNot(byte[] content) {
    IdentityKeyFile file = new IdentityKeyFile(Path.of("identity.key"), warning -> {});
    PrivateKey key;
    try {
      key = file.parse(content);
    } catch (InvalidKeyFileException e) {
      assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
      return;
    }
    assertTrue(key.publicKey().verify(MESSAGE, key.sign(MESSAGE)));
    assertArrayEquals(
        key.toProtobuf(), file.parse(Base64.getEncoder().encode(key.toProtobuf())).toProtobuf());
  }
}

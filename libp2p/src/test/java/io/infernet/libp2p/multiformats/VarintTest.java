package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VarintTest {

  /** The examples of the unsigned-varint specification, zero and the largest value. */
  @ParameterizedTest
  @CsvSource({
    "0, 00",
    "1, 01",
    "127, 7f",
    "128, 8001",
    "255, ff01",
    "300, ac02",
    "16384, 808001",
    "9223372036854775807, ffffffffffffffff7f"
  })
  void matchesTheSpecification(long value, String hex) throws ProtocolViolationException {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertArrayEquals(bytes, Varint.encode(value));
    assertEquals(bytes.length, Varint.length(value));
    assertEquals(value, Varint.decode(ByteBuffer.wrap(bytes)));
  }

  @Test
  void leavesTheBufferBehindTheNumber() throws ProtocolViolationException {
    ByteBuffer buffer = ByteBuffer.wrap(HexFormat.of().parseHex("ac0207"));
    assertEquals(300, Varint.decode(buffer));
    assertEquals(7, Varint.decode(buffer));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "80", "ffff"})
  void rejectsWhatIsCutShort(String hex) {
    assertRejected(hex, "varint is cut short");
  }

  @ParameterizedTest
  @ValueSource(strings = {"8000", "8100", "ff8000", "808080808080808000"})
  void rejectsLongerFormsThanNeeded(String hex) {
    assertRejected(hex, "varint is not in its shortest form");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ffffffffffffffffff01", "80808080808080808001"})
  void rejectsMoreThanNineBytes(String hex) {
    assertRejected(hex, "varint is longer than 9 bytes");
  }

  @Test
  void cannotBeNegative() {
    assertThrows(IllegalArgumentException.class, () -> Varint.encode(-1));
  }

  private static void assertRejected(String hex, String message) {
    ByteBuffer buffer = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    ProtocolViolationException e =
        assertThrows(ProtocolViolationException.class, () -> Varint.decode(buffer));
    assertEquals(message, e.getMessage());
  }
}

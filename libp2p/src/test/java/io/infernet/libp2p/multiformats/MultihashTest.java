package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultihashTest {

  private static final HexFormat HEX = HexFormat.of();

  /** From {@code tests/values/test_cases.csv} of multihash; the inputs are text there. */
  @ParameterizedTest
  @CsvSource({
    "431fb5d4c9b735ba1a34d0df045118806ae2336f2c, "
        + "1220ffb31f07aa15348368c90c73a834dbf9f8710365860fa0fd4ddce9ac2782cc17",
    "2d6db2d7882fa8b7d56e74b8e24036deb475de8c94, "
        + "12203afa34fba2f3572ac56d80f52002e8727dd95f17a2e7c9376a3147a96d3e78ac",
  })
  void matchesTheSpecification(String input, String multihash) throws ProtocolViolationException {
    Multihash computed = Multihash.sha256(input.getBytes(StandardCharsets.US_ASCII));
    assertEquals(multihash, HEX.formatHex(computed.toBytes()));
    assertEquals(computed, Multihash.fromBytes(HEX.parseHex(multihash)));
    assertEquals(Multihash.SHA2_256, computed.code());
  }

  @Test
  void carriesTheDataItselfWithTheIdentityFunction() throws ProtocolViolationException {
    Multihash identity = Multihash.identity(new byte[] {1, 2, 3});
    assertEquals("0003010203", HEX.formatHex(identity.toBytes()));
    assertArrayEquals(new byte[] {1, 2, 3}, Multihash.fromBytes(identity.toBytes()).digest());
  }

  @Test
  void carriesFunctionsItDoesNotKnow() throws ProtocolViolationException {
    byte[] blake2b = HEX.parseHex("a0e40203" + "010203");
    Multihash multihash = Multihash.fromBytes(blake2b);
    assertEquals(0xb220, multihash.code());
    assertArrayEquals(blake2b, multihash.toBytes());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // no code
        "12", // no length
        "000201", // cut short
        "0000ff", // bytes left over
        "120aef387c6fea7ab702d470", // truncated sha2-256
        "008101", // longer than the limit, and cut short
        "00ffffffffffffffff7f", // a length that no array could have
        "800000", // code not minimal
      })
  void rejectsMalformedBytes(String hex) {
    assertThrows(ProtocolViolationException.class, () -> Multihash.fromBytes(HEX.parseHex(hex)));
  }

  @Test
  void limitsDigests() {
    assertEquals(128, Multihash.identity(new byte[128]).digest().length);
    assertThrows(IllegalArgumentException.class, () -> Multihash.identity(new byte[129]));
    assertThrows(
        IllegalArgumentException.class, () -> Multihash.of(Multihash.SHA2_256, new byte[31]));
    assertThrows(IllegalArgumentException.class, () -> Multihash.of(-1, new byte[1]));
  }

  @Test
  void keepsItsOwnCopies() {
    byte[] data = {1, 2, 3};
    Multihash multihash = Multihash.identity(data);
    data[0] = 9;
    multihash.digest()[1] = 9;
    assertArrayEquals(new byte[] {1, 2, 3}, multihash.digest());
  }
}

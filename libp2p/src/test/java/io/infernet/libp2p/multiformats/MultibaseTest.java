package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultibaseTest {

  /** {@code basic.csv}, {@code leading_zero.csv} and {@code two_leading_zeros.csv} of multibase. */
  @ParameterizedTest
  @CsvSource({
    "BASE16, 0, f796573206d616e692021",
    "BASE32, 0, bpfsxgidnmfxgsibb",
    "BASE36, 0, k2lcpzo5yikidynfl",
    "BASE58BTC, 0, z7paNL19xttacUY",
    "BASE64URL, 0, ueWVzIG1hbmkgIQ",
    "BASE16, 1, f00796573206d616e692021",
    "BASE32, 1, bab4wk4zanvqw42jaee",
    "BASE36, 1, k02lcpzo5yikidynfl",
    "BASE58BTC, 1, z17paNL19xttacUY",
    "BASE64URL, 1, uAHllcyBtYW5pICE",
    "BASE16, 2, f0000796573206d616e692021",
    "BASE32, 2, baaahszltebwwc3tjeaqq",
    "BASE36, 2, k002lcpzo5yikidynfl",
    "BASE58BTC, 2, z117paNL19xttacUY",
    "BASE64URL, 2, uAAB5ZXMgbWFuaSAh",
  })
  void matchesTheSpecification(Multibase base, int leadingZeros, String text) {
    byte[] bytes = ("\0".repeat(leadingZeros) + "yes mani !").getBytes(StandardCharsets.US_ASCII);
    assertEquals(text, base.encode(bytes));
    assertArrayEquals(bytes, Multibase.decode(text));
  }

  /** The examples of the base36 RFC. */
  @ParameterizedTest
  @CsvSource({"0001, k01", "0000ff, k0073", "0100, k74", "000100, k074"})
  void matchesTheExamplesOfBase36(String hex, String text) {
    assertEquals(text, Multibase.BASE36.encode(HexFormat.of().parseHex(hex)));
    assertArrayEquals(HexFormat.of().parseHex(hex), Multibase.decode(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // no prefix
        "x00", // unknown prefix
        "f0", // half a byte
        "f0G",
        "fAB", // not lower-case hex
        "ba", // five bits
        "bab", // stray low bits
        "bab4wk4zanvqw42jaeea", // a digit too many
        "b1",
        "k-",
        "z0",
        "u+w",
        "uAA==", // not in the alphabet
        "uAB", // stray low bits
        "u=",
      })
  void rejectsWhatItWouldNotWrite(String text) {
    assertThrows(IllegalArgumentException.class, () -> Multibase.decode(text));
  }

  @Test
  void rejectsTextBeyondItsLimit() {
    assertThrows(IllegalArgumentException.class, () -> Multibase.decode("f" + "0".repeat(512)));
  }
}

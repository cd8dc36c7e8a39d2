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

class Base58Test {

  /** Test vectors of draft-msporny-base58 §5, and what zeros become. */
  @ParameterizedTest
  @CsvSource({
    "48656c6c6f20576f726c6421, 2NEpo7TZRRrLZSi2U",
    "0000287fb4cd, 11233QC4",
    "'', ''",
    "00, 1",
    "000000, 111",
    "ff, 5Q",
  })
  void matchesKnownTexts(String hex, String text) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertEquals(text, Base58.encode(bytes));
    assertArrayEquals(bytes, Base58.decode(text));
  }

  @Test
  void encodesASentence() {
    byte[] sentence =
        "The quick brown fox jumps over the lazy dog.".getBytes(StandardCharsets.UTF_8);
    assertEquals(
        "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z", Base58.encode(sentence));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "O", "I", "l", "2NEpo7TZ RrLZSi2U", "é", "＋"})
  void rejectsWhatIsNotInTheAlphabet(String text) {
    assertThrows(IllegalArgumentException.class, () -> Base58.decode(text));
  }

  @Test
  void rejectsTextThatWouldTakeLongToDecode() {
    assertEquals(512, Base58.decode("1".repeat(512)).length);
    assertThrows(IllegalArgumentException.class, () -> Base58.decode("1".repeat(513)));
  }
}

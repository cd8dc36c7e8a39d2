package io.infernet.inference.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.testing.TestModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused here would end the JVM that runs the test. */
class TokenizerCheckerTest {

  private static final int MAX_CHARS = 20_000;

  @TempDir Path home;

  private TextTokenizer open(Path folder) {
    return TextTokenizer.open(folder, TestModels.config(home).nativesFolder(), MAX_CHARS);
  }

  private void assertRefused(String expected, Path folder) {
    InfernetException e = assertThrows(InfernetException.class, () -> open(folder).close());
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void refusesTemplatesWhoseSpecialTokensAreNotThere() throws IOException {
    Path folder = TestModels.install("tiny-bert", home).folder();
    Path file = folder.resolve("tokenizer.json");
    String right = Files.readString(file);
    open(folder).close();
    Files.writeString(
        file,
        right.replaceAll("\"\\[SEP\\]\"(\\s*):(\\s*)\\{(\\s*)\"id\"", "\"[X]\"$1:$2{$3\"id\""));
    assertRefused("its template needs the special token [SEP]", folder);
    Files.writeString(file, right.replaceFirst("\"id\"(\\s*):(\\s*)\"A\"", "\"id\"$1:$2\"B\""));
    assertRefused("its template for one text names a second one", folder);
    Files.writeString(file, right.substring(0, right.length() / 2));
    assertRefused("cannot be read", folder);
    Files.writeString(file, "[]");
    assertRefused("it is not a JSON object", folder);
  }

  /** A part of the file, and what is said of it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'normalizer': {'type': 'Prepend', 'prepend': ''} > prepends nothing",
        "'normalizer': {'type': 'Replace', 'pattern': {'String': ''}, 'content': 'x'} > replaces",
        "'normalizer': {'type': 'Replace', 'pattern': {'Regex': 'a*'}, 'content': 'x'} > replaces",
        "'normalizer': {'type': 'Sequence', 'normalizers': [{'type': 'Replace', 'pattern':"
            + " {'Regex': '^'}, 'content': 'x'}]} > replaces",
        "'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': ''} > table of characters",
        "'pre_tokenizer': {'type': 'FixedLength', 'length': 0} > pieces of no length",
        "'decoder': {'type': 'Strip', 'content': ' ', 'start': 0, 'stop': 1} > strips the ends"
      })
  void refusesWhatTheLibraryPanicsAbout(String example) throws IOException {
    Path folder = TestModels.install("storyteller", home).folder();
    Path file = folder.resolve("tokenizer.json");
    String[] parts = example.replace('\'', '"').split(" > ");
    String json = Files.readString(file);
    Files.writeString(file, json.substring(0, json.lastIndexOf('}')) + "," + parts[0] + "}");
    assertRefused(parts[1], folder);
  }

  @Test
  void refusesMergesWithoutThePrefixThatIsCutOff() throws IOException {
    Path folder = TestModels.install("storyteller", home).folder();
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(
        file,
        Files.readString(file)
            .replaceFirst(
                "\"continuing_subword_prefix\"(\\s*):(\\s*)\"\"",
                "\"continuing_subword_prefix\"$1:$2\"##\""));
    assertRefused("a merge lacks the prefix ##", folder);
  }

  @Test
  void saysThatATokenForTheUnknownIsMissing() throws IOException {
    Files.writeString(
        home.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
         "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 4294967295}, "unk_token": "?"}}
        """);
    try (TextTokenizer tokenizer = open(home)) {
      assertEquals(TokenIds.of(0), tokenizer.encode("a", true));
      for (String text : new String[] {"c", "b"}) {
        InfernetException e =
            assertThrows(InfernetException.class, () -> tokenizer.encode(text, true));
        assertTrue(e.getMessage().contains("does not fit this text"), e.getMessage());
      }
    }
  }

  /**
   * A table in which "a" becomes "bc".
   *
   * @param value where the replacement begins
   */
  private static String charsMap(int value) {
    int[] units = new int[512];
    // From the root to base 256; from there by 'a' to itself with a value.
    units[0] = 256 << 10;
    units[256 ^ 'a'] = 'a' << 10 | 1 << 8 | 'a';
    units[256] = 1 << 31 | value;
    return base64(units, "bc\0");
  }

  private static String base64(int[] units, String replacements) {
    byte[] texts = replacements.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(4 + 4 * units.length + texts.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(4 * units.length);
    Arrays.stream(units).forEach(bytes::putInt);
    bytes.put(texts);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  @Test
  void takesTablesThatHoldTogether() throws IOException {
    Path folder = TestModels.install("storyteller", home).folder();
    Path file = folder.resolve("tokenizer.json");
    String json = Files.readString(file);
    TokenIds expected;
    try (TextTokenizer tokenizer = open(folder)) {
      expected = tokenizer.encode("bc!", false);
    }
    Files.writeString(
        file,
        json.substring(0, json.lastIndexOf('}'))
            + ",\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"%s\"}}"
                .formatted(charsMap(0)));
    try (TextTokenizer tokenizer = open(folder)) {
      assertEquals(expected, tokenizer.encode("a!", false));
    }
  }

  @Test
  void knowsTablesThatLeadOutOfThemselves() {
    assertTrue(PrecompiledCharsMap.isWhole(charsMap(3)));
    assertEquals(false, PrecompiledCharsMap.isWhole(charsMap(4)));
    assertEquals(false, PrecompiledCharsMap.isWhole(charsMap(0).substring(4)));
    assertEquals(false, PrecompiledCharsMap.isWhole("@@@@"));
    int[] outside = new int[256];
    outside[0] = 256 << 10;
    assertEquals(false, PrecompiledCharsMap.isWhole(base64(outside, "")));
    // The replacement begins within a character.
    int[] units = new int[512];
    units[0] = 256 << 10;
    units[256 ^ 'a'] = 'a' << 10 | 1 << 8 | 'a';
    units[256] = 1;
    assertTrue(PrecompiledCharsMap.isWhole(base64(units, "bc")));
    assertEquals(false, PrecompiledCharsMap.isWhole(base64(units, "\u00e9")));
  }
}

package io.infernet.inference.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.testing.TestModels;
import io.infernet.libp2p.testing.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VocabularyTest {

  private static final List<String> TEXTS =
      List.of("a", "ab", " ", "  ", "é", "日本語", "🙂", "\n", "{\"k\": [1, 2]}", "xyz", "</s>");

  @TempDir Path home;

  private TextTokenizer open(Path folder) {
    return TextTokenizer.open(folder, TestModels.config(home).nativesFolder(), 100_000);
  }

  private static String text(Vocabulary vocabulary, TokenIds ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < ids.size(); i++) {
      bytes.writeBytes(vocabulary.bytes(ids.get(i)));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void knowsTheBytesOfByteLevelTokens() throws IOException {
    Path folder = TestModels.install("storyteller", home).folder();
    Vocabulary vocabulary = Vocabulary.read(folder);
    vocabulary.requireBytes();
    assertEquals(4096, vocabulary.size());
    assertEquals(OptionalInt.of(0), vocabulary.id("<|endoftext|>"));
    assertEquals(OptionalInt.empty(), vocabulary.id("<s>"));
    assertEquals(0, vocabulary.bytes(0).length);
    try (TextTokenizer tokenizer = open(folder)) {
      Property.forAll(
          200,
          random -> {
            int[] ids = random.ints(1 + random.nextInt(30), 0, 4096).toArray();
            TokenIds tokens = TokenIds.of(ids);
            assertEquals(tokenizer.decode(tokens, true), text(vocabulary, tokens));
          });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TokenizerFiles.BYTE_FALLBACK, TokenizerFiles.UNIGRAM})
  void knowsTheBytesOfTokensWithSpaceMarks(String kind) throws IOException {
    Vocabulary vocabulary = Vocabulary.read(TokenizerFiles.write(kind, home));
    vocabulary.requireBytes();
    assertArrayEquals(new byte[] {0x0a}, vocabulary.bytes(3 + 0x0a));
    assertArrayEquals(new byte[] {(byte) 0xff}, vocabulary.bytes(3 + 0xff));
    assertEquals(" a", text(vocabulary, TokenIds.of(vocabulary.id("▁a").getAsInt())));
    int mark = vocabulary.id("<mark>").getAsInt();
    assertEquals("<mark>", text(vocabulary, TokenIds.of(1, mark, 2)));
    assertEquals(vocabulary.size() - 1, vocabulary.baseSize());
    try (TextTokenizer tokenizer = open(home)) {
      for (String text : TEXTS) {
        TokenIds ids = tokenizer.encode(text, false);
        assertEquals(
            tokenizer.decode(ids, true), text(vocabulary, ids).replaceFirst("^ ", ""), text);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TokenizerFiles.BYTE_FALLBACK, TokenizerFiles.UNIGRAM})
  void streamsAsDecodingAllAtOnceDoes(String kind) throws IOException {
    try (TextTokenizer tokenizer = open(TokenizerFiles.write(kind, home))) {
      streams(tokenizer, 259, Vocabulary.read(home).size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TokenizerFiles.BYTE_FALLBACK, TokenizerFiles.UNIGRAM})
  void streamsBytesThatAreNoTextWithoutEnd(String kind) throws IOException {
    try (TextTokenizer tokenizer = open(TokenizerFiles.write(kind, home))) {
      StreamingDetokenizer stream = tokenizer.stream();
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 1000; i++) {
        text.append(stream.append(3 + 0x80));
      }
      assertEquals("\uFFFD".repeat(1000), text + stream.finish());
      // What is out stays, where decoding all at once shows the whole run of bytes as broken.
      StreamingDetokenizer broken = tokenizer.stream();
      String out = broken.append(3 + '&') + broken.append(3 + 0x80) + broken.finish();
      assertEquals("&\uFFFD", out);
      assertEquals("\uFFFD\uFFFD", tokenizer.decode(TokenIds.of(3 + '&', 3 + 0x80), true));
    }
  }

  @Test
  void streamsWordPiecesAsDecodingAllAtOnceDoes() throws IOException {
    try (TextTokenizer tokenizer = open(TestModels.install("tiny-bert", home).folder())) {
      streams(tokenizer, 0, 2000);
    }
  }

  private static void streams(TextTokenizer tokenizer, int first, int end) {
    Property.forAll(
        300,
        random -> {
          TokenIds ids =
              random.nextBoolean()
                  ? TokenIds.of(random.ints(1 + random.nextInt(40), first, end).toArray())
                  : tokenizer.encode(
                      Property.pick(random, TEXTS)
                          + Property.pick(random, TEXTS)
                          + Property.pick(random, TEXTS),
                      false);
          StreamingDetokenizer stream = tokenizer.stream();
          StringBuilder text = new StringBuilder();
          for (int i = 0; i < ids.size(); i++) {
            text.append(stream.append(ids.get(i)));
          }
          text.append(stream.finish());
          assertEquals(tokenizer.decode(ids, true), text.toString(), ids::toString);
        });
  }

  @Test
  void ordersTokensByTheirBytes() throws IOException {
    Vocabulary vocabulary = Vocabulary.read(TokenizerFiles.write(TokenizerFiles.UNIGRAM, home));
    int[] sorted = vocabulary.sorted();
    assertEquals(vocabulary.size() - 3, sorted.length, "all but the special ones");
    for (int i = 1; i < sorted.length; i++) {
      assertTrue(
          Arrays.compareUnsigned(vocabulary.bytes(sorted[i - 1]), vocabulary.bytes(sorted[i]))
              <= 0);
    }
  }

  @Test
  void saysWhenTheBytesOfTokensAreUnknown() throws IOException {
    Vocabulary words = Vocabulary.read(TestModels.install("tiny-bert", home).folder());
    assertEquals(OptionalInt.of(2), words.id("[CLS]"));
    assertThrows(UnsupportedModelException.class, words::requireBytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{\"model\": 1}",
        "{\"model\": {\"vocab\": 1}}",
        "{\"model\": {\"vocab\": {\"a\": -1}}}",
        "{\"model\": {\"vocab\": {\"a\": 99999999}}}",
        "{\"model\": {\"vocab\": {\"a\": \"b\"}}}",
        "{\"model\": {\"vocab\": [[1, 2]]}}",
        "{\"model\": {\"vocab\": [[\"a\"",
        "{\"added_tokens\": [{\"content\": \"a\"}]}"
      })
  void refusesDamagedFiles(String json) throws IOException {
    Files.writeString(home.resolve("tokenizer.json"), json);
    assertThrows(DamagedModelException.class, () -> Vocabulary.read(home));
  }
}

package io.infernet.inference.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.Golden;
import io.infernet.inference.testing.TestModels;
import io.infernet.libp2p.testing.Property;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTokenizerTest {

  private static final int MAX_CHARS = 20_000;

  @TempDir static Path home;
  private static Path natives;
  private static InstalledModel model;
  private static TextTokenizer tokenizer;

  @BeforeAll
  static void open() throws IOException {
    natives = TestModels.config(home).nativesFolder();
    model = TestModels.install("storyteller", home);
    tokenizer = TextTokenizer.open(model.folder(), natives, MAX_CHARS);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void givesTheReferenceIds() {
    for (Golden golden : Golden.of("storyteller")) {
      assertEquals(golden.ids(), tokenizer.encode(golden.text(), false));
      assertEquals(golden.text(), tokenizer.decode(golden.ids(), true));
    }
  }

  @Test
  void cutsNothingOff() {
    String text = "once upon a time ".repeat(1_000);
    assertEquals(text, tokenizer.decode(tokenizer.encode(text, false), true));
    assertTrue(tokenizer.encode(text, false).size() > 2_000);
  }

  @Test
  void boundsTheText() {
    InfernetException error =
        assertThrows(
            InfernetException.class, () -> tokenizer.encode("x".repeat(MAX_CHARS + 1), false));
    assertEquals("the text has 20001 characters; at most 20000 are taken", error.getMessage());
  }

  @Test
  void keepsOrLeavesOutSpecialTokens() {
    TokenIds ids = tokenizer.encode("a<|endoftext|>b", false);
    assertEquals(0, ids.get(1));
    assertEquals("a<|endoftext|>b", tokenizer.decode(ids, false));
    assertEquals("ab", tokenizer.decode(ids, true));
  }

  @Test
  void saysWhatIsWrongWithItsFile(@TempDir Path folder) throws IOException {
    DamagedModelException error =
        assertThrows(
            DamagedModelException.class, () -> TextTokenizer.open(folder, natives, MAX_CHARS));
    assertTrue(error.getMessage().contains("tokenizer.json is missing"), error.getMessage());
    Files.writeString(folder.resolve("tokenizer.json"), "{\"version\":");
    error =
        assertThrows(
            DamagedModelException.class, () -> TextTokenizer.open(folder, natives, MAX_CHARS));
    assertTrue(error.getMessage().contains("cannot be read"), error.getMessage());
  }

  @Test
  void streamsAnyTextWithoutBreakingCharacters() {
    Property.forAll(
        300,
        random -> {
          String text = text(random);
          TokenIds ids = tokenizer.encode(text, false);
          StreamingDetokenizer stream = tokenizer.stream();
          StringBuilder out = new StringBuilder();
          for (int i = 0; i < ids.size(); i++) {
            String piece = stream.append(ids.get(i));
            assertFalse(
                !piece.isEmpty() && Character.isLowSurrogate(piece.charAt(0)), "half a character");
            out.append(piece);
            String so = out.toString();
            assertTrue(text.startsWith(so), () -> "'" + so + "' is not the beginning of " + text);
          }
          assertEquals(text, out.append(stream.finish()).toString());
        });
  }

  @Test
  void streamsAnyTokensAsDecodingThemAtOnceDoes() {
    Property.forAll(
        300,
        random -> {
          // The single bytes are tokens 1 to 256: most sequences of them are no UTF-8.
          int bound = random.nextBoolean() ? 257 : 4096;
          int[] ids = new int[1 + random.nextInt(150)];
          for (int i = 0; i < ids.length; i++) {
            ids[i] = 1 + random.nextInt(bound - 1);
          }
          StreamingDetokenizer stream = tokenizer.stream();
          StringBuilder out = new StringBuilder();
          for (int id : ids) {
            out.append(stream.append(id));
          }
          out.append(stream.finish());
          assertEquals(tokenizer.decode(TokenIds.of(ids), true), out.toString());
        });
  }

  @Test
  void givesOutWholeCharactersAtOnce() {
    TokenIds ids = tokenizer.encode("aé😀", false);
    StreamingDetokenizer stream = tokenizer.stream();
    StringBuilder pieces = new StringBuilder();
    for (int i = 0; i < ids.size(); i++) {
      pieces.append(stream.append(ids.get(i))).append('|');
    }
    assertEquals("aé😀", pieces.toString().replace("|", ""));
    assertEquals("", stream.finish());
    assertTrue(pieces.toString().endsWith("|||😀|"), pieces.toString());
  }

  @Test
  void showsACharacterThatWasNeverFinished() {
    TokenIds ids = tokenizer.encode("😀", false);
    StreamingDetokenizer stream = tokenizer.stream();
    for (int i = 0; i < ids.size() - 1; i++) {
      assertEquals("", stream.append(ids.get(i)));
    }
    assertEquals("\uFFFD", stream.finish());
  }

  @Test
  void findsTheModelsChatTemplate() throws IOException {
    CheckpointLimits limits = CheckpointLimits.defaults();
    ChatTemplate template =
        ChatTemplate.read(model.folder(), limits, Clock.systemUTC()).orElseThrow();
    assertEquals(
        "Tell me\n\nOnce",
        template.render(
            List.of(new ChatMessage("user", "Tell me"), new ChatMessage("assistant", "Once")),
            true));
    Path tiny = TestModels.install("tiny-llama3", home).folder();
    assertTrue(ChatTemplate.read(tiny, limits, Clock.systemUTC()).isEmpty());
    Files.writeString(tiny.resolve("chat_template.jinja"), "{{ eos_token }}{{ bos_token }}!");
    assertEquals(
        "<|endoftext|>!",
        ChatTemplate.read(tiny, limits, Clock.systemUTC()).orElseThrow().render(List.of(), true));
  }

  /** Characters of all lengths in UTF-8, joined emoji, combining marks, runs of spaces. */
  private static String text(RandomGenerator random) {
    StringBuilder text = new StringBuilder();
    int length = 1 + random.nextInt(60);
    while (text.length() < length) {
      switch (random.nextInt(8)) {
        case 0 -> text.append(" ".repeat(1 + random.nextInt(4)));
        case 1 -> text.append("👩‍👩‍👧‍👦");
        case 2 -> text.append("e\u0301");
        case 3 -> text.append((char) ('a' + random.nextInt(26)));
        case 4 -> text.append("the ");
        default -> {
          int point = random.nextInt(random.nextBoolean() ? 0x800 : 0x110000);
          boolean usable =
              Character.isDefined(point) && !(point >= 0xD800 && point < 0xE000) && point != 0xFFFD;
          if (usable) {
            text.appendCodePoint(point);
          }
        }
      }
    }
    return text.toString();
  }
}

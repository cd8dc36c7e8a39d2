package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.StreamingDetokenizer;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.testing.Property;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AnswerBuilderTest {

  /** A token is a byte of UTF-8. */
  private static final TextCodec BYTES =
      new TextCodec() {
        @Override
        public TokenIds encode(String text) {
          byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
          int[] ids = new int[bytes.length];
          for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i] & 0xff;
          }
          return TokenIds.of(ids);
        }

        @Override
        public TokenIds encode(List<ChatMessage> messages) {
          throw new UnsupportedOperationException();
        }

        @Override
        public int vocabularySize() {
          return 256;
        }

        @Override
        public String text(int token) {
          return decode(TokenIds.of(token));
        }

        @Override
        public StreamingDetokenizer stream() {
          return new StreamingDetokenizer(this::decode);
        }

        private String decode(TokenIds ids) {
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          for (int id : ids.toArray()) {
            bytes.write(id);
          }
          return bytes.toString(StandardCharsets.UTF_8);
        }
      };

  private static boolean addAll(AnswerBuilder answer, String text, StringBuilder told) {
    TokenIds ids = BYTES.encode(text);
    for (int i = 0; i < ids.size(); i++) {
      boolean goOn = answer.add(ids.get(i), Optional.empty());
      answer.takeText().ifPresent(news -> told.append(news.delta()));
      if (!goOn) {
        return false;
      }
    }
    return true;
  }

  @Test
  void neverTellsPartOfACharacter() {
    AnswerBuilder answer = new AnswerBuilder(BYTES, List.of(), false);
    TokenIds ids = BYTES.encode("aé€😀");
    StringBuilder told = new StringBuilder();
    for (int i = 0; i < ids.size(); i++) {
      answer.add(ids.get(i), Optional.empty());
      answer
          .takeText()
          .ifPresent(
              news -> {
                assertFalse(news.delta().contains("\uFFFD"), news.delta());
                told.append(news.delta());
              });
    }
    answer.end();
    answer.takeText().ifPresent(news -> told.append(news.delta()));

    assertEquals("aé€😀", told.toString());
    assertEquals(ids.size(), answer.tokens().size());
    assertEquals(ids, answer.ids());
  }

  @Test
  void holdsBackWhatMayBecomeAStopText() {
    AnswerBuilder answer = new AnswerBuilder(BYTES, List.of("END"), false);
    StringBuilder told = new StringBuilder();
    assertTrue(addAll(answer, "the EN", told));
    assertEquals("the ", told.toString());

    assertTrue(addAll(answer, "C", told));
    assertEquals("the ENC", told.toString());

    assertFalse(addAll(answer, " END and more", told));
    answer.end();
    assertEquals("the ENC ", told.toString());
    assertEquals("the ENC ", answer.text());
    assertTrue(answer.isStopped());
    assertEquals("the ENC END".length(), answer.size());
    assertEquals("the ENC ".length(), answer.tokens().size());
  }

  @Test
  void tellsTheRestWhenNoStopTextCame() {
    AnswerBuilder answer = new AnswerBuilder(BYTES, List.of("END"), false);
    StringBuilder told = new StringBuilder();
    addAll(answer, "in the EN", told);
    answer.end();
    answer.takeText().ifPresent(news -> told.append(news.delta()));

    assertEquals("in the EN", told.toString());
    assertEquals(9, answer.tokens().size());
    assertFalse(answer.isStopped());
  }

  @Test
  void tellsTheSameTextAndTokensHoweverItComes() {
    Property.forAll(
        300,
        random -> {
          String whole =
              Property.pick(
                  random, List.of("abcabcabd", "xxSTOPyy", "é€é", "aab", "ünïcödé stop STO"));
          List<String> stops = Property.pick(random, List.of(List.of(), List.of("STOP", "abd")));
          AnswerBuilder answer = new AnswerBuilder(BYTES, stops, false);
          StringBuilder told = new StringBuilder();
          int tokens = 0;
          for (int id : BYTES.encode(whole).toArray()) {
            boolean goOn = answer.add(id, Optional.empty());
            if (random.nextBoolean()) {
              Optional<ChatEvent.Text> news = answer.takeText();
              news.ifPresent(text -> told.append(text.delta()));
              tokens += news.map(text -> text.tokens().size()).orElse(0);
            }
            if (!goOn) {
              break;
            }
          }
          answer.end();
          Optional<ChatEvent.Text> last = answer.takeText();
          last.ifPresent(text -> told.append(text.delta()));
          tokens += last.map(text -> text.tokens().size()).orElse(0);

          int end = whole.length();
          for (String stop : stops) {
            int at = whole.indexOf(stop);
            end = at >= 0 ? Math.min(end, at) : end;
          }
          assertEquals(whole.substring(0, end), told.toString());
          assertEquals(told.toString(), answer.text());
          assertEquals(tokens, answer.tokens().size());
          assertEquals(
              told.toString().getBytes(StandardCharsets.UTF_8).length, answer.tokens().size());
        });
  }

  @Test
  void givesScoresOnlyWhenTheyAreWanted() {
    TokenScore score = new TokenScore(-0.5, List.of(new TokenScore.Alternative(98, -2)));
    AnswerBuilder with = new AnswerBuilder(BYTES, List.of(), true);
    AnswerBuilder without = new AnswerBuilder(BYTES, List.of(), false);
    with.add('a', Optional.of(score));
    without.add('a', Optional.of(score));

    assertEquals(
        new AnswerToken(
            'a',
            "a",
            Optional.of(
                new AnswerToken.Score(-0.5, List.of(new AnswerToken.Alternative(98, "b", -2))))),
        with.tokens().get(0));
    assertEquals(new AnswerToken('a', "a", Optional.empty()), without.tokens().get(0));
  }

  @Test
  void findsNoStopTextInTheEchoedPrompt() {
    AnswerBuilder answer = new AnswerBuilder(BYTES, List.of("END"), false);
    answer.echo(BYTES.encode("END é"), List.of());
    StringBuilder told = new StringBuilder();
    answer.takeText().ifPresent(news -> told.append(news.delta()));
    assertEquals("END é", told.toString());

    addAll(answer, " goes on END", told);
    answer.end();

    assertEquals("END é goes on ", answer.text());
    assertEquals("END é goes on ", told.toString());
    assertEquals(12, answer.size(), "the prompt is not part of the answer's length");
  }
}

package io.infernet.inference.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class StreamingDetokenizerTest {

  /** Tokens are code points; 0 has no text, as special tokens have none. */
  private static String decode(TokenIds ids) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < ids.size(); i++) {
      if (ids.get(i) > 0) {
        text.appendCodePoint(ids.get(i));
      }
    }
    return text.toString();
  }

  @Test
  void goesOnAfterAnyNumberOfTokensWithoutText() {
    for (int silent = 0; silent < 200; silent++) {
      StreamingDetokenizer stream = new StreamingDetokenizer(StreamingDetokenizerTest::decode);
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < silent; i++) {
        text.append(stream.append(0));
      }
      for (int i = 0; i < 200; i++) {
        text.append(stream.append('a' + i % 26));
      }
      text.append(stream.finish());
      assertEquals("abcdefghijklmnopqrstuvwxyz".repeat(8).substring(0, 200), text.toString());
    }
  }
}

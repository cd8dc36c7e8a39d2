package io.infernet.inference.engine.remote;

import io.infernet.inference.tokenizer.TokenIds;

/**
 * Text as token ids, for models whose tokenizer nobody but their server knows: each id is a Unicode
 * code point. Stateless.
 */
public final class CodePoints {

  /** Ids are below this. */
  public static final int VOCABULARY_SIZE = Character.MAX_CODE_POINT + 1;

  private static final int REPLACEMENT = 0xFFFD;

  private CodePoints() {}

  /** The ids of a text. Half a surrogate pair becomes U+FFFD. */
  public static TokenIds ids(String text) {
    return TokenIds.of(text.codePoints().map(CodePoints::whole).toArray());
  }

  /** The text of ids. What is no code point becomes U+FFFD. */
  public static String text(TokenIds ids) {
    StringBuilder text = new StringBuilder(ids.size());
    for (int i = 0; i < ids.size(); i++) {
      text.appendCodePoint(whole(ids.get(i)));
    }
    return text.toString();
  }

  /** Bytes of the ids' text in UTF-8. */
  public static int utf8Length(TokenIds ids) {
    int length = 0;
    for (int i = 0; i < ids.size(); i++) {
      length += utf8Length(ids.get(i));
    }
    return length;
  }

  static int utf8Length(int codePoint) {
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_0000 ? 3 : 4;
  }

  private static int whole(int codePoint) {
    boolean whole =
        Character.isValidCodePoint(codePoint)
            && (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE);
    return whole ? codePoint : REPLACEMENT;
  }
}

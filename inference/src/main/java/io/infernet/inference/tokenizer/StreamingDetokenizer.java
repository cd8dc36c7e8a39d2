package io.infernet.inference.tokenizer;

import java.util.Arrays;
import java.util.function.Function;

/**
 * Turns an answer's tokens into text as they come. What it has given out never changes, and no
 * character is given out in parts: bytes that may still become one are held back. All it gave out,
 * put together, is what decoding all tokens at once gives. Confined to one thread.
 *
 * <p>Implementation notes. A token's text depends on its neighbours (a space is dropped at the
 * beginning, bytes join to characters), so a short window of tokens is decoded each time: first
 * those whose text is out, kept for their influence, then those whose text is not. The window moves
 * on when its text ends in a whole character. A decoder shows an unfinished character as one
 * U+FFFD, or one for each of its bytes, of which there are at most three; so only the last three
 * U+FFFD can still change.
 */
public final class StreamingDetokenizer {

  private static final char REPLACEMENT = '\uFFFD';
  private static final int MAX_UNFINISHED = 3;

  /**
   * Tokens in the window before it is moved by force. Only text of nothing but broken characters
   * comes so far.
   */
  private static final int MAX_WINDOW = 64;

  private final Function<TokenIds, String> decoder;

  /** The tokens of the window; [0, context) are those whose text is all out. */
  private int[] window = new int[MAX_WINDOW + 1];

  private int size;
  private int context;

  /** How much of the window's text is out. */
  private int given;

  /**
   * @param decoder gives the text of a sequence of tokens
   */
  public StreamingDetokenizer(Function<TokenIds, String> decoder) {
    this.decoder = decoder;
  }

  /**
   * Takes the next token.
   *
   * @return the text that is certain now; may be empty
   */
  public String append(int token) {
    window[size++] = token;
    String text = text(size);
    int end = text.length();
    while (end > given
        && text.length() - end < MAX_UNFINISHED
        && text.charAt(end - 1) == REPLACEMENT) {
      end--;
    }
    String piece = text.substring(Math.min(given, end), end);
    given = Math.max(given, end);
    boolean whole = end == text.length();
    if ((whole && !piece.isEmpty()) || size > MAX_WINDOW) {
      piece += text.substring(given);
      moveOn();
    }
    return piece;
  }

  /** The rest, when no more tokens come: an unfinished character as U+FFFD. */
  public String finish() {
    String text = text(size);
    String rest = text.substring(Math.min(given, text.length()));
    given = text.length();
    return rest;
  }

  /** Keeps the tokens whose text has just come out as context of those to come. */
  private void moveOn() {
    System.arraycopy(window, context, window, 0, size - context);
    size -= context;
    context = size;
    given = text(size).length();
  }

  private String text(int count) {
    return decoder.apply(TokenIds.of(Arrays.copyOf(window, count)));
  }
}

package io.infernet.inference.tokenizer;

import java.util.Arrays;
import java.util.function.Function;

/**
 * Turns an answer's tokens into text as they come. What it has given out never changes, and no
 * character is given out in parts: bytes that may still become one are held back. All it gave out,
 * put together, is what decoding all tokens at once gives; only where bytes that are no UTF-8
 * follow bytes that are, tokenizers with byte tokens show all of them as broken when they see them
 * at once. Confined to one thread.
 *
 * <p>Implementation notes. A token's text depends on its neighbours (a space is dropped at the
 * beginning, bytes join to characters), so a short window of tokens is decoded each time: first
 * those whose text is out, kept for their influence, then those whose text is not. The window moves
 * on when its text ends in a whole character. Decoders show an unfinished character as one U+FFFD,
 * or one for each of its bytes, of which there are at most three; so only the last three U+FFFD can
 * still change. But those with byte tokens show a whole run of them as U+FFFD while its last
 * character is unfinished: then what is out seems to have changed, until the character is whole.
 */
public final class StreamingDetokenizer {

  private static final char REPLACEMENT = '\uFFFD';
  private static final int MAX_UNFINISHED = 3;

  /** Tokens in the window before the first are let go. Only broken characters come so far. */
  private static final int MAX_WINDOW = 64;

  /** How many then stay: more than have any influence on what comes. */
  private static final int KEPT = 16;

  private final Function<TokenIds, String> decoder;

  /** The tokens of the window; [0, context) are those whose text is all out. */
  private final int[] window = new int[MAX_WINDOW];

  private int size;
  private int context;

  /** What of the window's text is out. */
  private String out = "";

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
    String text = text();
    if (!text.startsWith(out)) {
      boolean unfinished = text.endsWith("\uFFFD") && size - context <= MAX_UNFINISHED;
      if (unfinished) {
        return "";
      }
      // Bytes that are no character after all: what is out stays, and they stand by themselves.
      drop(context);
      out = "";
      text = text();
    }
    int end = text.length();
    while (end > out.length()
        && text.length() - end < MAX_UNFINISHED
        && text.charAt(end - 1) == REPLACEMENT) {
      end--;
    }
    String piece = text.substring(out.length(), end);
    out = text.substring(0, end);
    if (end == text.length() && !piece.isEmpty()) {
      drop(Math.max(context, size - KEPT));
      context = size;
      out = text();
    } else if (size == MAX_WINDOW) {
      int held = text.length() - end;
      drop(size - KEPT);
      String rest = text();
      out = rest.substring(0, Math.max(0, rest.length() - held));
    }
    return piece;
  }

  /** The rest, when no more tokens come: an unfinished character as U+FFFD. */
  public String finish() {
    String text = text();
    if (!text.startsWith(out)) {
      drop(context);
      out = "";
      text = text();
    }
    String rest = text.substring(out.length());
    out = text;
    return rest;
  }

  /** Lets the first tokens go. */
  private void drop(int count) {
    System.arraycopy(window, count, window, 0, size - count);
    size -= count;
    context = Math.max(0, context - count);
  }

  private String text() {
    return decoder.apply(TokenIds.of(Arrays.copyOf(window, size)));
  }
}

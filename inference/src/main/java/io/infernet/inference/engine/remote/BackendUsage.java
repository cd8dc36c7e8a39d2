package io.infernet.inference.engine.remote;

/**
 * How many tokens a backend can have used. Nobody here can count them, but a token is at least a
 * byte of text, apart from those that a template puts around it. Provider and client apply the same
 * bounds, so that no provider bills for tokens that cannot have been. Stateless.
 */
public final class BackendUsage {

  /** What templates add to a prompt: marks, a date, a system prompt of the model's own. */
  private static final int TEMPLATE_TOKENS = 4_096;

  /** Tokens of an answer that have no text, such as marks between thought and answer. */
  private static final int SILENT_TOKENS = 64;

  /** Longest text of one token, in code points; runs of spaces are the longest. */
  private static final int MAX_TOKEN_LENGTH = 256;

  /** Bytes of a prompt for each of its tokens, where a server was cut off before it said. */
  private static final int USUAL_TOKEN_BYTES = 4;

  private BackendUsage() {}

  /** The most tokens of a prompt of so many bytes. */
  public static int maxPromptTokens(int promptBytes) {
    return promptBytes + TEMPLATE_TOKENS;
  }

  /** The most tokens of an answer of so many bytes. */
  public static int maxCompletionTokens(int maxTokens, int answerBytes) {
    return Math.min(maxTokens, answerBytes + SILENT_TOKENS);
  }

  /** The longest text of an answer of so many tokens, in code points. */
  public static int maxAnswerLength(int maxTokens) {
    return (int) Math.min(Integer.MAX_VALUE, (long) maxTokens * MAX_TOKEN_LENGTH);
  }

  static int usualPromptTokens(int promptBytes) {
    return Math.max(1, promptBytes / USUAL_TOKEN_BYTES);
  }
}

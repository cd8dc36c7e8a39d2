package io.infernet.inference.engine;

/**
 * What an answer cost in tokens.
 *
 * @param promptTokens of the prompt
 * @param completionTokens of the whole answer, resumed tokens included, the stop token not
 */
public record Usage(int promptTokens, int completionTokens) {

  /** Prompt and answer. */
  public int totalTokens() {
    return promptTokens + completionTokens;
  }
}

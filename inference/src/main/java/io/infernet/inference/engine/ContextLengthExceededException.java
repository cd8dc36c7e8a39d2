package io.infernet.inference.engine;

import io.infernet.inference.InfernetException;
import io.infernet.inference.model.ModelName;

/** The prompt leaves no room for an answer, or a text is longer than its encoder reads. */
public class ContextLengthExceededException extends InfernetException {

  private static final long serialVersionUID = 1L;

  private ContextLengthExceededException(String message) {
    super(message);
  }

  /**
   * Of a text that is to be encoded.
   *
   * @param number which text of the request, from 0
   * @param tokens its length
   * @param contextLength the most that the model reads
   */
  public static ContextLengthExceededException ofText(
      ModelName model, int number, int tokens, int contextLength) {
    return new ContextLengthExceededException(
        "text %d has %d tokens, but %s reads at most %d; shorten or split it"
            .formatted(number, tokens, model, contextLength));
  }

  /**
   * Of a text that was not counted to its end.
   *
   * @param tokens that it has at least
   * @param contextLength the most that the model takes
   */
  public static ContextLengthExceededException beyond(
      ModelName model, long tokens, int contextLength) {
    return new ContextLengthExceededException(
        "the text has more than %d tokens, but %s takes %d; shorten it"
            .formatted(tokens, model, contextLength));
  }

  /**
   * @param model the model's name
   * @param promptTokens length of the prompt
   * @param contextLength what prompt and answer may have together
   */
  public ContextLengthExceededException(ModelName model, int promptTokens, int contextLength) {
    super(
        "the prompt has "
            + promptTokens
            + " tokens, but "
            + model
            + " takes "
            + contextLength
            + " for prompt and answer together; shorten the prompt");
  }
}

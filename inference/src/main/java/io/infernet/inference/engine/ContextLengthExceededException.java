package io.infernet.inference.engine;

import io.infernet.inference.InfernetException;
import io.infernet.inference.model.ModelName;

/** The prompt leaves no room for an answer. */
public class ContextLengthExceededException extends InfernetException {

  private static final long serialVersionUID = 1L;

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

package io.infernet.node.batch.file;

import static java.util.Objects.requireNonNull;

import io.infernet.node.job.EncodeRequest;
import io.infernet.node.job.Prompt;

/** What is asked for in one line. */
public sealed interface ItemInput {

  /** Something to continue. */
  record ToGenerate(Prompt prompt) implements ItemInput {
    public ToGenerate {
      requireNonNull(prompt, "prompt is null");
    }
  }

  /** Something to turn into a vector, or to classify. */
  record ToEncode(EncodeRequest.Input input) implements ItemInput {
    public ToEncode {
      requireNonNull(input, "input is null");
    }
  }
}

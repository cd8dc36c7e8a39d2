package io.infernet.inference.checkpoint;

import java.util.List;

/** What becomes of the hidden states of an encoder. */
public sealed interface EncoderHead {

  /**
   * One vector for each text.
   *
   * @param width numbers of a vector
   * @param shortened lengths to which the model's vectors may be cut, because it was trained so
   *     (Matryoshka); empty for none
   */
  record Embedding(int width, List<Integer> shortened) implements EncoderHead {
    public Embedding {
      shortened = List.copyOf(shortened);
    }
  }

  /**
   * A score for each label.
   *
   * @param labels names of the classes
   * @param problem what the scores mean
   */
  record Classification(List<String> labels, Problem problem) implements EncoderHead {
    public Classification {
      labels = List.copyOf(labels);
    }
  }

  /** Kinds of classification, as {@code problem_type} names them. */
  enum Problem {
    /** One label applies: softmax. */
    SINGLE_LABEL_CLASSIFICATION,
    /** Each label may apply: sigmoid. */
    MULTI_LABEL_CLASSIFICATION,
    /** Numbers as they are. */
    REGRESSION
  }
}

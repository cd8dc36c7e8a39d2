package io.infernet.inference.engine;

import io.infernet.inference.checkpoint.EncoderHead;
import java.util.List;

/** What an encoder made of the texts of an {@link EncodingRequest}, in their order. */
public sealed interface EncodingResult {

  /** Tokens that were read, special tokens included, for each text. */
  List<Integer> tokens();

  /** How many tokens were read in all. */
  default int totalTokens() {
    return tokens().stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * Texts as vectors.
   *
   * @param vectors one for each text, all of the same length; the receiver's own
   * @param shortened lengths to which the model's vectors may be cut; empty for none
   */
  record Embeddings(List<float[]> vectors, List<Integer> shortened, List<Integer> tokens)
      implements EncodingResult {
    public Embeddings {
      shortened = List.copyOf(shortened);
      vectors = List.copyOf(vectors);
      tokens = List.copyOf(tokens);
    }
  }

  /**
   * Texts as members of classes.
   *
   * @param labels names of the classes
   * @param problem what the scores mean
   * @param scores one row for each text, with a score for each label; the receiver's own
   */
  record Classifications(
      List<String> labels, EncoderHead.Problem problem, List<float[]> scores, List<Integer> tokens)
      implements EncodingResult {
    public Classifications {
      labels = List.copyOf(labels);
      scores = List.copyOf(scores);
      tokens = List.copyOf(tokens);
    }
  }
}

package io.infernet.inference.encoding;

import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.tokenizer.TypedTokens;
import java.util.List;

/** From what an encoder computes to what is told of it. Stateless. */
final class Encodings {

  private Encodings() {}

  /**
   * The result of a request.
   *
   * @param rows a vector or logits for each text
   */
  static EncodingResult result(EncoderHead head, List<float[]> rows, List<TypedTokens> texts) {
    List<Integer> tokens = texts.stream().map(TypedTokens::size).toList();
    if (head instanceof EncoderHead.Classification classes) {
      return new EncodingResult.Classifications(
          classes.labels(),
          classes.problem(),
          rows.stream().map(row -> scores(row, classes.problem())).toList(),
          tokens);
    }
    EncoderHead.Embedding vectors = (EncoderHead.Embedding) head;
    return new EncodingResult.Embeddings(rows, vectors.shortened(), tokens);
  }

  private static float[] scores(float[] logits, EncoderHead.Problem problem) {
    return switch (problem) {
      case SINGLE_LABEL_CLASSIFICATION -> softmax(logits);
      case MULTI_LABEL_CLASSIFICATION -> sigmoid(logits);
      case REGRESSION -> logits;
    };
  }

  private static float[] softmax(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += StrictMath.exp(logit - max);
    }
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) (StrictMath.exp(logits[i] - max) / sum);
    }
    return probabilities;
  }

  private static float[] sigmoid(float[] logits) {
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) (1 / (1 + StrictMath.exp(-logits[i])));
    }
    return probabilities;
  }
}

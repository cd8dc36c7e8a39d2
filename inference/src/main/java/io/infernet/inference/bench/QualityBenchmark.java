package io.infernet.inference.bench;

import io.infernet.inference.batching.Chunk;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Logits;
import io.infernet.inference.batching.Step;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Measures what a model loses when it is computed with other numbers: both predict the same text,
 * and every prediction is compared over the whole vocabulary. Confined to the thread that owns the
 * decoders.
 */
public final class QualityBenchmark {

  /** The text that comes with the program: 1,300 words of a tale and of plain explanation. */
  private static final String TEXT = "quality.txt";

  /** Tokens computed in one step, so that the logits of a large vocabulary stay small. */
  private static final int CHUNK = 32;

  /**
   * What was measured. Log-probabilities are natural.
   *
   * @param predictions how many tokens were predicted
   * @param referencePerplexity e to the mean of the reference's negative log-probability
   * @param perplexity the same of the variant
   * @param meanDivergence mean Kullback-Leibler divergence of the variant from the reference, in
   *     nats a token
   * @param worstDivergence the largest of them
   * @param sameFirstChoice share of predictions in which both have the same likeliest token
   */
  public record Result(
      int predictions,
      double referencePerplexity,
      double perplexity,
      double meanDivergence,
      double worstDivergence,
      double sameFirstChoice) {}

  private QualityBenchmark() {}

  /** The text that the program comes with. */
  public static String text() {
    try (InputStream in = QualityBenchmark.class.getResourceAsStream(TEXT)) {
      if (in == null) {
        throw new IllegalStateException(TEXT + " is not part of this build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Has both predict a text, window by window.
   *
   * @param reference computes with the numbers as stored
   * @param variant computes with others
   * @param ids the text
   * @param window tokens after which the context begins anew; both must hold as many
   * @throws InterruptedException when the thread is interrupted between two steps
   */
  public static Result measure(Decoder reference, Decoder variant, int[] ids, int window)
      throws InterruptedException {
    if (ids.length < 2 || window < 2) {
      throw new IllegalArgumentException("nothing to predict");
    }
    int vocabulary = reference.vocabSize();
    double referenceLoss = 0;
    double loss = 0;
    double divergence = 0;
    double worst = 0;
    int same = 0;
    int predictions = 0;
    double[] expected = new double[vocabulary];
    double[] actual = new double[vocabulary];
    for (int start = 0; start < ids.length - 1; start += window) {
      // The last token of a window is only predicted.
      int end = Math.min(start + window, ids.length - 1);
      for (int from = start; from < end; from += CHUNK) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        int[] piece = Arrays.copyOfRange(ids, from, Math.min(from + CHUNK, end));
        Step step = new Step(List.of(new Chunk(0, from - start, piece, Logits.ALL)), false);
        float[] expectedRows = reference.step(step).logits();
        float[] actualRows = variant.step(step).logits();
        for (int i = 0; i < piece.length; i++) {
          int expectedFirst = logProbabilities(expectedRows, i * vocabulary, expected);
          int actualFirst = logProbabilities(actualRows, i * vocabulary, actual);
          int next = ids[from + i + 1];
          referenceLoss -= expected[next];
          loss -= actual[next];
          same += expectedFirst == actualFirst ? 1 : 0;
          double difference = divergence(expected, actual);
          divergence += difference;
          worst = Math.max(worst, difference);
          predictions++;
        }
      }
    }
    return new Result(
        predictions,
        Math.exp(referenceLoss / predictions),
        Math.exp(loss / predictions),
        divergence / predictions,
        worst,
        (double) same / predictions);
  }

  /** Fills {@code into} from a row of logits; gives the likeliest token. */
  private static int logProbabilities(float[] logits, int row, double[] into) {
    int first = 0;
    for (int i = 1; i < into.length; i++) {
      first = logits[row + i] > logits[row + first] ? i : first;
    }
    double max = logits[row + first];
    double sum = 0;
    for (int i = 0; i < into.length; i++) {
      sum += Math.exp(logits[row + i] - max);
    }
    double shift = max + Math.log(sum);
    for (int i = 0; i < into.length; i++) {
      into[i] = logits[row + i] - shift;
    }
    return first;
  }

  /** KL(expected ‖ actual) in nats. */
  private static double divergence(double[] expected, double[] actual) {
    double sum = 0;
    for (int i = 0; i < expected.length; i++) {
      sum += Math.exp(expected[i]) * (expected[i] - actual[i]);
    }
    return Math.max(0, sum);
  }
}

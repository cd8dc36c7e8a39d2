package io.infernet.inference.engine.djl;

import io.infernet.inference.tokenizer.TypedTokens;
import java.util.Arrays;
import java.util.Map;

/**
 * BERT and its relatives in plain Java and double precision, one text at a time, written from the
 * papers without a thought of speed: what the engine is compared with.
 */
final class ReferenceEncoder {

  /** Names of a family's tensors; {@code %d} is the layer. */
  record Names(
      String prefix,
      boolean types,
      String query,
      String key,
      String value,
      String out,
      String attentionNorm,
      String inner,
      String outer,
      String outputNorm) {

    static Names bert(String prefix) {
      String layer = prefix + "encoder.layer.%d.";
      return new Names(
          prefix,
          true,
          layer + "attention.self.query",
          layer + "attention.self.key",
          layer + "attention.self.value",
          layer + "attention.output.dense",
          layer + "attention.output.LayerNorm",
          layer + "intermediate.dense",
          layer + "output.dense",
          layer + "output.LayerNorm");
    }

    static Names distilBert(String prefix) {
      String layer = prefix + "transformer.layer.%d.";
      return new Names(
          prefix,
          false,
          layer + "attention.q_lin",
          layer + "attention.k_lin",
          layer + "attention.v_lin",
          layer + "attention.out_lin",
          layer + "sa_layer_norm",
          layer + "ffn.lin1",
          layer + "ffn.lin2",
          layer + "output_layer_norm");
    }
  }

  private final Map<String, double[]> tensors;
  private final Names names;
  private final int layers;
  private final int heads;
  private final int width;
  private final int firstPosition;
  private final double epsilon;

  ReferenceEncoder(
      Map<String, double[]> tensors,
      Names names,
      int layers,
      int heads,
      int firstPosition,
      double epsilon) {
    this.tensors = tensors;
    this.names = names;
    this.layers = layers;
    this.heads = heads;
    this.firstPosition = firstPosition;
    this.epsilon = epsilon;
    width = tensors.get(names.prefix + "embeddings.LayerNorm.bias").length;
  }

  /** The last hidden states, [tokens, width]. */
  double[][] hiddenStates(TypedTokens text) {
    int count = text.size();
    double[][] x = new double[count][width];
    double[] words = tensors.get(names.prefix + "embeddings.word_embeddings.weight");
    double[] positions = tensors.get(names.prefix + "embeddings.position_embeddings.weight");
    for (int t = 0; t < count; t++) {
      for (int i = 0; i < width; i++) {
        x[t][i] = words[text.ids().get(t) * width + i] + positions[(t + firstPosition) * width + i];
        if (names.types) {
          x[t][i] +=
              tensors
                  .get(names.prefix + "embeddings.token_type_embeddings.weight")[
                  text.types().get(t) * width + i];
        }
      }
      x[t] = norm(x[t], names.prefix + "embeddings.LayerNorm");
    }
    for (int layer = 0; layer < layers; layer++) {
      x = layer(x, layer);
    }
    return x;
  }

  private double[][] layer(double[][] x, int layer) {
    int count = x.length;
    int dim = width / heads;
    double[][] q = new double[count][];
    double[][] k = new double[count][];
    double[][] v = new double[count][];
    for (int t = 0; t < count; t++) {
      q[t] = linear(x[t], names.query.formatted(layer));
      k[t] = linear(x[t], names.key.formatted(layer));
      v[t] = linear(x[t], names.value.formatted(layer));
    }
    double[][] y = new double[count][];
    for (int t = 0; t < count; t++) {
      double[] attended = new double[width];
      for (int h = 0; h < heads; h++) {
        double[] weights = new double[count];
        double sum = 0;
        for (int s = 0; s < count; s++) {
          double score = 0;
          for (int i = h * dim; i < (h + 1) * dim; i++) {
            score += q[t][i] * k[s][i];
          }
          weights[s] = Math.exp(score / Math.sqrt(dim));
          sum += weights[s];
        }
        for (int s = 0; s < count; s++) {
          for (int i = h * dim; i < (h + 1) * dim; i++) {
            attended[i] += weights[s] / sum * v[s][i];
          }
        }
      }
      double[] z =
          norm(
              sum(x[t], linear(attended, names.out.formatted(layer))),
              names.attentionNorm.formatted(layer));
      double[] inner = linear(z, names.inner.formatted(layer));
      for (int i = 0; i < inner.length; i++) {
        inner[i] = gelu(inner[i]);
      }
      y[t] =
          norm(
              sum(z, linear(inner, names.outer.formatted(layer))),
              names.outputNorm.formatted(layer));
    }
    return y;
  }

  /** y = W x + b. */
  double[] linear(double[] x, String name) {
    double[] weight = tensors.get(name + ".weight");
    double[] y = tensors.get(name + ".bias").clone();
    for (int row = 0; row < y.length; row++) {
      for (int i = 0; i < x.length; i++) {
        y[row] += weight[row * x.length + i] * x[i];
      }
    }
    return y;
  }

  private double[] norm(double[] x, String name) {
    double mean = 0;
    for (double number : x) {
      mean += number / x.length;
    }
    double variance = 0;
    for (double number : x) {
      variance += (number - mean) * (number - mean) / x.length;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] =
          (x[i] - mean) / Math.sqrt(variance + epsilon) * tensors.get(name + ".weight")[i]
              + tensors.get(name + ".bias")[i];
    }
    return y;
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  private static double gelu(double x) {
    return 0.5 * x * (1 + erf(x / Math.sqrt(2)));
  }

  /** The error function, by a series of which all terms have one sign: Abramowitz, Stegun 7.1.6. */
  static double erf(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; n < 400; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return Math.abs(x) > 6 ? Math.signum(x) : 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  /** The mean over all tokens, divided by its Euclidean length. */
  static double[] normalizedMean(double[][] states) {
    return normalized(mean(states));
  }

  /** The mean over all tokens. */
  static double[] mean(double[][] states) {
    double[] mean = new double[states[0].length];
    for (double[] state : states) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += state[i] / states.length;
      }
    }
    return mean;
  }

  /** A vector divided by its Euclidean length. */
  static double[] normalized(double[] vector) {
    double square = 0;
    for (double number : vector) {
      square += number * number;
    }
    double length = Math.sqrt(square);
    return Arrays.stream(vector).map(number -> number / length).toArray();
  }

  /**
   * All ways of pooling one behind the other, as sentence-transformers does: first token, largest,
   * mean, sum by the root of the length, mean weighted by position, last token.
   */
  static double[] allPooled(double[][] states) {
    int width = states[0].length;
    double[] all = new double[6 * width];
    double[] mean = mean(states);
    double weights = states.length * (states.length + 1) / 2.0;
    for (int i = 0; i < width; i++) {
      all[i] = states[0][i];
      all[width + i] = Double.NEGATIVE_INFINITY;
      for (int t = 0; t < states.length; t++) {
        all[width + i] = Math.max(all[width + i], states[t][i]);
        all[4 * width + i] += states[t][i] * (t + 1) / weights;
      }
      all[2 * width + i] = mean[i];
      all[3 * width + i] = mean[i] * Math.sqrt(states.length);
      all[5 * width + i] = states[states.length - 1][i];
    }
    return all;
  }
}

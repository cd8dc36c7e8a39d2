package io.infernet.inference.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What a decoder computes, written down once more as plainly as possible: float64, no cache, no
 * fusing, from the {@code config.json} itself and the families' published definitions. Slow, for
 * tests that compare the engine with it. Confined to one thread.
 *
 * <p>It gives the golden results of the tiny checkpoints. Of what they do not cover it was compared
 * with llama.cpp in float32, with the weights of a {@code RandomCheckpoint}, 40 tokens: linear and
 * yarn positions, Phi 3 with either list of longrope, Mixtral and Qwen3-MoE agree within 5e-6 in
 * log-probability; Gemma 3 within 2.4e-3, because llama.cpp's GELU is a table of float16, and
 * within 2e-6 when the feed-forward blocks give zero.
 */
public final class ReferenceDecoder implements AutoCloseable {

  private final JsonNode config;
  private final Checkpoint checkpoint;
  private final String family;
  private final String root;
  private final Map<String, double[][]> weights = new HashMap<>();
  private final int hidden;
  private final int heads;
  private final int kvHeads;
  private final int headDim;

  /** Opens a model folder. */
  public ReferenceDecoder(Path folder) {
    try {
      JsonNode file = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
      family = file.path("architectures").path(0).asText().replaceAll("For.*", "");
      config = file.has("text_config") ? file.path("text_config") : file;
      root = file.has("text_config") ? "language_model.model." : "model.";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    checkpoint = Checkpoint.open(folder, CheckpointLimits.defaults());
    hidden = config.path("hidden_size").asInt();
    heads = config.path("num_attention_heads").asInt();
    kvHeads = integer("num_key_value_heads", heads);
    headDim = integer("head_dim", hidden / heads);
  }

  /** The natural-log probabilities of the next token after each of {@code ids}. */
  public double[][] logprobs(int[] ids) {
    double[][] embedding = matrix(root + "embed_tokens.weight");
    double[][] x = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      x[t] = embedding[ids[t]].clone();
      if (gemma()) {
        scale(x[t], Math.sqrt(hidden));
      }
    }
    for (int layer = 0; layer < config.path("num_hidden_layers").asInt(); layer++) {
      layer(x, layer);
    }
    boolean tied = config.path("tie_word_embeddings").asBoolean(gemma());
    double[][] head = tied ? embedding : matrix("lm_head.weight");
    double[][] all = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      all[t] = product(head, norm(x[t], root + "norm.weight"));
      double cap = number(config, "final_logit_softcapping", 0);
      if (cap > 0) {
        bend(all[t], cap);
      }
      double max = Arrays.stream(all[t]).max().orElseThrow();
      double sum = Arrays.stream(all[t]).map(z -> Math.exp(z - max)).sum();
      for (int i = 0; i < all[t].length; i++) {
        all[t][i] -= max + Math.log(sum);
      }
    }
    return all;
  }

  private void layer(double[][] x, int number) {
    String layer = root + "layers." + number + ".";
    double[][] attended = attention(normAll(x, layer + "input_layernorm.weight"), layer, number);
    if (gemma()) {
      attended = normAll(attended, layer + "post_attention_layernorm.weight");
    }
    add(x, attended);
    double[][] h =
        normAll(
            x,
            layer
                + (gemma() ? "pre_feedforward_layernorm" : "post_attention_layernorm")
                + ".weight");
    double[][] fed = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      fed[t] = feedForward(h[t], layer, number);
    }
    if (gemma()) {
      fed = normAll(fed, layer + "post_feedforward_layernorm.weight");
    }
    add(x, fed);
  }

  private double[][] attention(double[][] h, String layer, int number) {
    int length = h.length;
    double[][][] q = new double[length][][];
    double[][][] k = new double[length][][];
    double[][][] v = new double[length][][];
    double[][] turns = turns(number, length);
    for (int t = 0; t < length; t++) {
      if (family.equals("Phi3")) {
        double[] all = linear(layer + "self_attn.qkv_proj", h[t], false);
        q[t] = split(Arrays.copyOfRange(all, 0, heads * headDim));
        k[t] = split(Arrays.copyOfRange(all, heads * headDim, (heads + kvHeads) * headDim));
        v[t] = split(Arrays.copyOfRange(all, (heads + kvHeads) * headDim, all.length));
      } else {
        boolean bias = family.equals("Qwen2") || config.path("attention_bias").asBoolean(false);
        q[t] = split(linear(layer + "self_attn.q_proj", h[t], bias));
        k[t] = split(linear(layer + "self_attn.k_proj", h[t], bias));
        v[t] = split(linear(layer + "self_attn.v_proj", h[t], bias));
      }
      for (int i = 0; i < heads; i++) {
        q[t][i] = turn(headNorm(q[t][i], layer + "self_attn.q_norm.weight"), turns, t);
      }
      for (int i = 0; i < kvHeads; i++) {
        k[t][i] = turn(headNorm(k[t][i], layer + "self_attn.k_norm.weight"), turns, t);
      }
    }
    double scale =
        gemma()
            ? Math.pow(number(config, "query_pre_attn_scalar", 256), -0.5)
            : Math.pow(headDim, -0.5);
    double cap = number(config, "attn_logit_softcapping", 0);
    int window = window(number);
    double[][] out = new double[length][];
    for (int t = 0; t < length; t++) {
      double[] joined = new double[heads * headDim];
      int first = window > 0 ? Math.max(0, t - window + 1) : 0;
      for (int i = 0; i < heads; i++) {
        int kv = i / (heads / kvHeads);
        double[] scores = new double[t + 1];
        for (int j = first; j <= t; j++) {
          scores[j] = dot(q[t][i], k[j][kv]) * scale;
        }
        if (cap > 0) {
          bend(scores, cap);
        }
        double[] shares = softmax(Arrays.copyOfRange(scores, first, t + 1));
        for (int j = first; j <= t; j++) {
          for (int d = 0; d < headDim; d++) {
            joined[i * headDim + d] += shares[j - first] * v[j][kv][d];
          }
        }
      }
      boolean bias = !family.equals("Qwen2") && config.path("attention_bias").asBoolean(false);
      out[t] = linear(layer + "self_attn.o_proj", joined, bias);
    }
    return out;
  }

  private double[] headNorm(double[] head, String name) {
    return family.startsWith("Qwen3") || family.equals("Gemma3") ? norm(head, name) : head;
  }

  private double[] feedForward(double[] h, String layer, int number) {
    if (family.equals("Mixtral")) {
      String moe = layer + "block_sparse_moe.";
      return mixture(
          h,
          moe + "gate",
          config.path("num_experts_per_tok").asInt(),
          true,
          e ->
              gated(
                  h,
                  moe + "experts." + e + ".w1",
                  moe + "experts." + e + ".w3",
                  moe + "experts." + e + ".w2",
                  false));
    }
    String mlp = layer + "mlp.";
    if (family.equals("Qwen3Moe") && mixes(number)) {
      return mixture(
          h,
          mlp + "gate",
          config.path("num_experts_per_tok").asInt(),
          config.path("norm_topk_prob").asBoolean(false),
          e ->
              gated(
                  h,
                  mlp + "experts." + e + ".gate_proj",
                  mlp + "experts." + e + ".up_proj",
                  mlp + "experts." + e + ".down_proj",
                  false));
    }
    if (family.equals("Phi3")) {
      double[] both = linear(mlp + "gate_up_proj", h, false);
      int inner = both.length / 2;
      double[] gate = Arrays.copyOfRange(both, 0, inner);
      for (int i = 0; i < inner; i++) {
        gate[i] = activation(gate[i]) * both[inner + i];
      }
      return linear(mlp + "down_proj", gate, false);
    }
    return gated(
        h,
        mlp + "gate_proj",
        mlp + "up_proj",
        mlp + "down_proj",
        config.path("mlp_bias").asBoolean(false));
  }

  private boolean mixes(int layer) {
    for (JsonNode dense : config.path("mlp_only_layers")) {
      if (dense.asInt() == layer) {
        return false;
      }
    }
    return (layer + 1) % integer("decoder_sparse_step", 1) == 0;
  }

  private interface Expert {
    double[] of(int number);
  }

  private double[] mixture(
      double[] h, String router, int perToken, boolean normalised, Expert expert) {
    double[] shares = softmax(linear(router, h, false));
    List<Integer> best =
        IntStream.range(0, shares.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer e) -> -shares[e]))
            .limit(perToken)
            .toList();
    double sum = normalised ? best.stream().mapToDouble(e -> shares[e]).sum() : 1;
    double[] y = new double[hidden];
    for (int e : best) {
      double[] part = expert.of(e);
      for (int i = 0; i < hidden; i++) {
        y[i] += part[i] * shares[e] / sum;
      }
    }
    return y;
  }

  private double[] gated(double[] h, String gate, String up, String down, boolean bias) {
    double[] g = linear(gate, h, bias);
    double[] u = linear(up, h, bias);
    for (int i = 0; i < g.length; i++) {
      g[i] = activation(g[i]) * u[i];
    }
    return linear(down, g, bias);
  }

  private double activation(double x) {
    if (gemma()) {
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }
    return x / (1 + Math.exp(-x));
  }

  /** Gemma 2 and 3, which share much. */
  private boolean gemma() {
    return family.startsWith("Gemma");
  }

  private boolean slides(int layer) {
    if (config.path("layer_types").isArray()) {
      return config.path("layer_types").path(layer).asText().equals("sliding_attention");
    }
    return switch (family) {
      case "Mistral", "Mixtral", "Phi3" -> true;
      case "Qwen2", "Qwen3" ->
          config.path("use_sliding_window").asBoolean(false)
              && layer >= config.path("max_window_layers").asInt();
      case "Gemma2" -> layer % 2 == 0;
      case "Gemma3" -> (layer + 1) % integer("sliding_window_pattern", 6) != 0;
      default -> false;
    };
  }

  private int window(int layer) {
    return slides(layer) ? config.path("sliding_window").asInt(0) : 0;
  }

  // Rotary positions: cosine and sine of each pair, times the magnitude.

  /**
   * The angles of a layer.
   *
   * @return frequencies first, then a single number: the magnitude
   */
  private double[][] turns(int layer, int length) {
    JsonNode rope =
        config.hasNonNull("rope_scaling")
            ? config.path("rope_scaling")
            : config.path("rope_parameters");
    double base = number(config, "rope_theta", family.equals("Gemma3") ? 1e6 : 1e4);
    if (family.equals("Gemma3")) {
      String kind = slides(layer) ? "sliding_attention" : "full_attention";
      if (rope.has(kind)) {
        rope = rope.path(kind);
      } else if (slides(layer)) {
        rope = new ObjectMapper().createObjectNode();
        base = number(config, "rope_local_base_freq", 1e4);
      }
    }
    base = number(rope, "rope_theta", base);
    double part = number(rope, "partial_rotary_factor", number(config, "partial_rotary_factor", 1));
    int dims = (int) (headDim * part);
    int pairs = dims / 2;
    int stated = config.path("max_position_embeddings").asInt();
    double original =
        number(
            rope,
            "original_max_position_embeddings",
            number(config, "original_max_position_embeddings", stated));
    double factor = number(rope, "factor", stated / original);
    double[] wavelengths = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      wavelengths[i] = 2 * Math.PI * Math.pow(base, 2.0 * i / dims);
    }
    double magnitude = 1;
    String type = rope.path("rope_type").asText(rope.path("type").asText("default"));
    switch (type) {
      case "default" -> {}
      case "linear" -> scale(wavelengths, factor);
      case "llama3" -> {
        double low = number(rope, "low_freq_factor", 1);
        double high = number(rope, "high_freq_factor", 4);
        for (int i = 0; i < pairs; i++) {
          if (wavelengths[i] > original / low) {
            wavelengths[i] *= factor;
          } else if (wavelengths[i] >= original / high) {
            double smooth = (original / wavelengths[i] - low) / (high - low);
            wavelengths[i] /= (1 - smooth) / factor + smooth;
          }
        }
      }
      case "yarn" -> {
        double fast = number(rope, "beta_fast", 32);
        double slow = number(rope, "beta_slow", 1);
        // Where the number of turns within the original context is beta: a number of a pair.
        double from = pairs * Math.log(original / (2 * Math.PI * fast)) / Math.log(base);
        double to = pairs * Math.log(original / (2 * Math.PI * slow)) / Math.log(base);
        from = Math.max(Math.floor(from), 0);
        to = Math.min(Math.ceil(to), dims - 1);
        for (int i = 0; i < pairs; i++) {
          double ramp = i <= from ? 0 : i >= to ? 1 : (i - from) / (to - from);
          wavelengths[i] = 1 / (ramp / (factor * wavelengths[i]) + (1 - ramp) / wavelengths[i]);
        }
        magnitude = number(rope, "attention_factor", 0.1 * Math.log(factor) + 1);
      }
      case "longrope" -> {
        JsonNode divisors = rope.path(length > original ? "long_factor" : "short_factor");
        for (int i = 0; i < pairs; i++) {
          wavelengths[i] *= divisors.path(i).asDouble();
        }
        magnitude =
            number(
                rope,
                "attention_factor",
                factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
      }
      default -> throw new IllegalArgumentException(type);
    }
    return new double[][] {wavelengths, {magnitude}};
  }

  private static double[] turn(double[] head, double[][] turns, int position) {
    int pairs = turns[0].length;
    double magnitude = turns[1][0];
    double[] turned = head.clone();
    for (int i = 0; i < pairs; i++) {
      double angle = 2 * Math.PI * position / turns[0][i];
      double cos = Math.cos(angle) * magnitude;
      double sin = Math.sin(angle) * magnitude;
      turned[i] = head[i] * cos - head[i + pairs] * sin;
      turned[i + pairs] = head[i + pairs] * cos + head[i] * sin;
    }
    return turned;
  }

  // Small arithmetic.

  private double[][] normAll(double[][] x, String name) {
    return Arrays.stream(x).map(row -> norm(row, name)).toArray(double[][]::new);
  }

  private double[] norm(double[] x, String name) {
    double[] weight = matrix(name)[0];
    double root = Math.sqrt(dot(x, x) / x.length + number(config, "rms_norm_eps", 1e-6));
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] / root * (gemma() ? 1 + weight[i] : weight[i]);
    }
    return y;
  }

  private double[] linear(String module, double[] x, boolean bias) {
    double[] y = product(matrix(module + ".weight"), x);
    if (bias) {
      double[] b = matrix(module + ".bias")[0];
      for (int i = 0; i < y.length; i++) {
        y[i] += b[i];
      }
    }
    return y;
  }

  private static double[] product(double[][] matrix, double[] x) {
    double[] y = new double[matrix.length];
    for (int row = 0; row < matrix.length; row++) {
      y[row] = dot(matrix[row], x);
    }
    return y;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void add(double[][] x, double[][] y) {
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < x[t].length; i++) {
        x[t][i] += y[t][i];
      }
    }
  }

  private static void scale(double[] x, double factor) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
  }

  private static void bend(double[] x, double cap) {
    for (int i = 0; i < x.length; i++) {
      x[i] = cap * Math.tanh(x[i] / cap);
    }
  }

  private static double[] softmax(double[] x) {
    double max = Arrays.stream(x).max().orElseThrow();
    double[] y = Arrays.stream(x).map(z -> Math.exp(z - max)).toArray();
    scale(y, 1 / Arrays.stream(y).sum());
    return y;
  }

  private double[][] split(double[] x) {
    double[][] parts = new double[x.length / headDim][];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Arrays.copyOfRange(x, i * headDim, (i + 1) * headDim);
    }
    return parts;
  }

  private int integer(String field, int otherwise) {
    return config.hasNonNull(field) ? config.path(field).asInt() : otherwise;
  }

  private static double number(JsonNode node, String field, double otherwise) {
    return node.hasNonNull(field) ? node.path(field).asDouble() : otherwise;
  }

  /** A stored matrix by rows; a vector is its only row. */
  private double[][] matrix(String name) {
    return weights.computeIfAbsent(name, this::load);
  }

  private double[][] load(String name) {
    TensorInfo info = checkpoint.tensor(name);
    int columns = Math.toIntExact(info.shape().get(info.shape().size() - 1));
    int count = Math.toIntExact(info.size() / info.dtype().bytes());
    double[][] rows = new double[count / columns][columns];
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(info.size())).order(ByteOrder.LITTLE_ENDIAN);
    try {
      checkpoint.read(name, bytes::put);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    bytes.flip();
    for (int i = 0; i < count; i++) {
      rows[i / columns][i % columns] =
          switch (info.dtype()) {
            case F32 -> bytes.getFloat();
            case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
            default -> throw new IllegalArgumentException(name + " is " + info.dtype());
          };
    }
    return rows;
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}

package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Typed, range-checked access to a {@code config.json}. A field that is null counts as missing, as
 * in Hugging Face's own files. Errors name the field.
 */
public final class ConfigReader {

  /** Above every size of a real model, and small enough that products of two stay in a long. */
  private static final int MAX_COUNT = 1 << 24;

  private static final int MAX_IDS = 64;
  private static final int MAX_LABELS = 1 << 16;
  private static final int MAX_LABEL = 1_000;

  private final JsonNode json;
  private final String what;

  /**
   * @param json the configuration
   * @param what names it in errors, such as {@code config.json}
   */
  public ConfigReader(JsonNode json, String what) {
    this.json = json;
    this.what = what;
  }

  /** The first entry of {@code architectures}. */
  String architecture() {
    JsonNode name = json.path("architectures").path(0);
    if (!name.isTextual()) {
      throw new DamagedModelException(what + " names no architecture");
    }
    String text = name.asText();
    return text.length() > 80 ? text.substring(0, 80) + "…" : text;
  }

  /** A number above 0 that must be there. */
  public int count(String field) {
    if (!has(json, field)) {
      throw new DamagedModelException(what + ": " + field + " is missing");
    }
    return count(field, 0);
  }

  /** A number above 0. */
  public int count(String field, int otherwise) {
    return count(json, field, otherwise);
  }

  /** A number that is 0 or more. */
  public int countOrZero(String field, int otherwise) {
    return count(json, field, otherwise, 0);
  }

  private int count(JsonNode node, String field, int otherwise) {
    return count(node, field, otherwise, 1);
  }

  private int count(JsonNode node, String field, int otherwise, int min) {
    if (!has(node, field)) {
      return otherwise;
    }
    JsonNode value = node.path(field);
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < min
        || value.intValue() > MAX_COUNT) {
      throw bad(field, value);
    }
    return value.intValue();
  }

  /** A finite number that is 0 or more. */
  public double number(String field, double otherwise) {
    return number(json, field, otherwise);
  }

  private double number(JsonNode node, String field, double otherwise) {
    if (!has(node, field)) {
      return otherwise;
    }
    JsonNode value = node.path(field);
    if (!value.isNumber() || !(value.doubleValue() >= 0) || value.doubleValue() > 1e30) {
      throw bad(field, value);
    }
    return value.doubleValue();
  }

  /** A truth value. */
  public boolean flag(String field, boolean otherwise) {
    if (!has(json, field)) {
      return otherwise;
    }
    JsonNode value = json.path(field);
    if (!value.isBoolean()) {
      throw bad(field, value);
    }
    return value.booleanValue();
  }

  /** One token id, a list of them, or none. */
  public List<Integer> ids(String field) {
    if (!has(json, field)) {
      return List.of();
    }
    JsonNode value = json.path(field);
    List<Integer> ids = new ArrayList<>();
    for (JsonNode id : value.isArray() ? value : List.of(value)) {
      if (!id.isIntegralNumber()
          || !id.canConvertToInt()
          || id.intValue() < 0
          || ids.size() == MAX_IDS) {
        throw bad(field, value);
      }
      ids.add(id.intValue());
    }
    return ids;
  }

  /** Refuses models in which {@code field} is set. */
  void refuse(String field) {
    if (has(json, field)) {
      throw new UnsupportedModelException("this version does not run models with " + field);
    }
  }

  /** Refuses models in which {@code field} is set to something else than {@code expected}. */
  void expect(String field, Object expected) {
    JsonNode value = json.path(field);
    boolean same =
        expected instanceof Number number
            ? value.doubleValue() == number.doubleValue()
            : value.asText().equals(expected);
    if (has(json, field) && !same) {
      throw new UnsupportedModelException(
          "this version does not run models with %s %s, only %s"
              .formatted(field, shown(value), expected));
    }
  }

  /** Refuses models in which the flag {@code field} is on. */
  void refuseFlag(String field) {
    if (flag(field, false)) {
      throw new UnsupportedModelException("this version does not run models with " + field);
    }
  }

  /** The bend of a feed-forward block, as Hugging Face names it. */
  Activation activation(String field, String otherwise) {
    String name = has(json, field) ? json.path(field).asText() : otherwise;
    return switch (name) {
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      case "silu", "swish" -> Activation.SILU;
      default ->
          throw new UnsupportedModelException(
              "this version does not run models with %s %s"
                  .formatted(field, shown(json.path(field))));
    };
  }

  /** The bend of a dense layer, as sentence-transformers names it: a Python class. */
  EncoderConfig.Dense.Activation denseActivation(String field) {
    String name = json.path(field).asText("torch.nn.modules.activation.Tanh");
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "Tanh" -> EncoderConfig.Dense.Activation.TANH;
      case "ReLU" -> EncoderConfig.Dense.Activation.RELU;
      case "Identity" -> EncoderConfig.Dense.Activation.NONE;
      default ->
          throw new UnsupportedModelException(
              "this version does not run models with %s %s"
                  .formatted(field, shown(json.path(field))));
    };
  }

  /**
   * The labels of a classifier and what its numbers mean, by the rules of Hugging Face's
   * text-classification pipeline.
   */
  EncoderHead.Classification classification() {
    List<String> labels = new ArrayList<>();
    if (has(json, "id2label")) {
      JsonNode names = json.path("id2label");
      for (int i = 0; i < names.size(); i++) {
        JsonNode name = names.path(Integer.toString(i));
        if (!name.isTextual() || name.asText().length() > MAX_LABEL || i == MAX_LABELS) {
          throw bad("id2label", names);
        }
        labels.add(name.asText());
      }
    } else {
      int count = count("num_labels", 2);
      if (count > MAX_LABELS) {
        throw bad("num_labels", json.path("num_labels"));
      }
      for (int i = 0; i < count; i++) {
        labels.add("LABEL_" + i);
      }
    }
    if (labels.isEmpty()) {
      throw bad("id2label", json.path("id2label"));
    }
    String otherwise =
        labels.size() == 1 ? "multi_label_classification" : "single_label_classification";
    String type = has(json, "problem_type") ? json.path("problem_type").asText() : otherwise;
    for (EncoderHead.Problem problem : EncoderHead.Problem.values()) {
      if (problem.name().toLowerCase(Locale.ROOT).equals(type)) {
        return new EncoderHead.Classification(labels, problem);
      }
    }
    throw new UnsupportedModelException(
        "this version does not run models with problem_type " + shown(json.path("problem_type")));
  }

  /**
   * The lengths to which vectors may be cut, from {@code matryoshka_dimensions}.
   *
   * @param width of the whole vector
   */
  List<Integer> shortenedWidths(int width) {
    List<Integer> widths = ids("matryoshka_dimensions");
    for (int shortened : widths) {
      if (shortened < 1 || shortened > width) {
        throw bad("matryoshka_dimensions", json.path("matryoshka_dimensions"));
      }
    }
    return widths;
  }

  /** Base of the rotary wavelengths; newer files keep it in {@code rope_parameters}. */
  double ropeTheta() {
    double theta =
        number(json, "rope_theta", number(json.path("rope_parameters"), "rope_theta", 10_000));
    if (theta <= 1) {
      throw bad("rope_theta", json.path("rope_theta"));
    }
    return theta;
  }

  /** How positions are stretched, from {@code rope_scaling} or {@code rope_parameters}. */
  RopeScaling ropeScaling() {
    JsonNode scaling =
        has(json, "rope_scaling") ? json.path("rope_scaling") : json.path("rope_parameters");
    String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    switch (type) {
      case "default":
        return new RopeScaling.None();
      case "linear":
        return new RopeScaling.Linear(positive(scaling, "factor"));
      case "llama3":
        RopeScaling.Llama3 llama3 =
            new RopeScaling.Llama3(
                positive(scaling, "factor"),
                positive(scaling, "low_freq_factor"),
                positive(scaling, "high_freq_factor"),
                count(scaling, "original_max_position_embeddings", 8192));
        if (llama3.highFrequencyFactor() <= llama3.lowFrequencyFactor()) {
          throw bad("high_freq_factor", scaling.path("high_freq_factor"));
        }
        return llama3;
      default:
        throw new UnsupportedModelException(
            "this version does not run models with rope_scaling of type "
                + shown(
                    scaling.path("rope_type").isMissingNode()
                        ? scaling.path("type")
                        : scaling.path("rope_type"))
                + ", only default, linear and llama3");
    }
  }

  private double positive(JsonNode node, String field) {
    double value = number(node, field, 0);
    if (value <= 0) {
      throw bad(field, node.path(field));
    }
    return value;
  }

  private static boolean has(JsonNode node, String field) {
    return !node.path(field).isMissingNode() && !node.path(field).isNull();
  }

  private DamagedModelException bad(String field, JsonNode value) {
    return new DamagedModelException(what + ": " + field + " cannot be " + shown(value));
  }

  private static String shown(JsonNode value) {
    String text = value.isMissingNode() ? "missing" : value.toString();
    return text.length() > 80 ? text.substring(0, 80) + "…" : text;
  }
}

package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Typed, range-checked access to a {@code config.json}. A field that is null counts as missing, as
 * in Hugging Face's own files. Errors name the field.
 */
public final class ConfigReader {

  /** Above every size of a real model, and small enough that products of two stay in a long. */
  private static final int MAX_COUNT = 1 << 24;

  private static final int MAX_IDS = 64;
  private static final int MAX_LIST = 4_096;
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
    return shortened(name.asText());
  }

  /** A number above 0 that must be there. */
  public int count(String field) {
    if (!has(field)) {
      throw new DamagedModelException(what + ": " + field + " is missing");
    }
    return count(field, 0);
  }

  /** A number above 0. */
  public int count(String field, int otherwise) {
    return countFrom(1, field, otherwise);
  }

  /** A number that is 0 or more. */
  public int countOrZero(String field, int otherwise) {
    return countFrom(0, field, otherwise);
  }

  private int countFrom(int min, String field, int otherwise) {
    if (!has(field)) {
      return otherwise;
    }
    JsonNode value = json.path(field);
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < min
        || value.intValue() > MAX_COUNT) {
      throw bad(field);
    }
    return value.intValue();
  }

  /** A finite number that is 0 or more. */
  public double number(String field, double otherwise) {
    if (!has(field)) {
      return otherwise;
    }
    JsonNode value = json.path(field);
    if (!value.isNumber() || !(value.doubleValue() >= 0) || value.doubleValue() > 1e30) {
      throw bad(field);
    }
    return value.doubleValue();
  }

  /** A finite number that is 0 or more, with different values for a missing field and a null. */
  double number(String field, double missing, double none) {
    return number(field, json.path(field).isNull() ? none : missing);
  }

  /** A truth value. */
  public boolean flag(String field, boolean otherwise) {
    if (!has(field)) {
      return otherwise;
    }
    JsonNode value = json.path(field);
    if (!value.isBoolean()) {
      throw bad(field);
    }
    return value.booleanValue();
  }

  /** One token id, a list of them, or none. */
  public List<Integer> ids(String field) {
    if (!has(field)) {
      return List.of();
    }
    JsonNode value = json.path(field);
    List<Integer> ids = new ArrayList<>();
    for (JsonNode id : value.isArray() ? value : List.of(value)) {
      if (!id.isIntegralNumber()
          || !id.canConvertToInt()
          || id.intValue() < 0
          || ids.size() == MAX_IDS) {
        throw bad(field);
      }
      ids.add(id.intValue());
    }
    return ids;
  }

  /** Refuses models in which {@code field} is set to something that does anything. */
  void refuse(String field) {
    JsonNode value = json.path(field);
    boolean neutral =
        value.isBoolean()
            ? !value.booleanValue()
            : value.isNumber() && (value.doubleValue() == 0 || value.doubleValue() == 1);
    if (has(field) && !neutral) {
      throw new UnsupportedModelException(
          "this version does not run models with %s %s".formatted(field, shown(value)));
    }
  }

  /** Refuses models in which {@code field} is set to something else than {@code expected}. */
  void expect(String field, String expected) {
    if (!text(field, expected).equals(expected)) {
      throw new UnsupportedModelException(
          "this version does not run models with %s %s, only %s"
              .formatted(field, shown(json.path(field)), expected));
    }
  }

  /** Refuses fields of other names, so that none is overlooked. */
  void onlyFields(String... names) {
    List<String> known = List.of(names);
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (!known.contains(field.getKey())) {
        throw new UnsupportedModelException(
            "this version knows no %s in %s".formatted(shortened(field.getKey()), what));
      }
    }
  }

  /** A word that names a constant, which must be there. */
  <E extends Enum<E>> E oneOf(String field, Class<E> type) {
    return oneOf(field, json.path(field), type);
  }

  /** The same, where {@code value} is a part of the field. */
  <E extends Enum<E>> E oneOf(String field, JsonNode value, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(value.asText())) {
        return constant;
      }
    }
    throw new DamagedModelException(what + ": " + field + " cannot be " + shown(value));
  }

  /** Refuses models in which the flag {@code field} is on. */
  void refuseFlag(String field) {
    if (flag(field, false)) {
      throw new UnsupportedModelException("this version does not run models with " + field);
    }
  }

  /** The bend of a feed-forward block, as Hugging Face names it. */
  Activation activation(String field, String otherwise) {
    return switch (text(field, otherwise)) {
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
    if (has("id2label")) {
      JsonNode names = json.path("id2label");
      for (int i = 0; i < names.size(); i++) {
        JsonNode name = names.path(Integer.toString(i));
        if (!name.isTextual() || name.asText().length() > MAX_LABEL || i == MAX_LABELS) {
          throw bad("id2label");
        }
        labels.add(name.asText());
      }
    } else {
      int count = count("num_labels", 2);
      if (count > MAX_LABELS) {
        throw bad("num_labels");
      }
      for (int i = 0; i < count; i++) {
        labels.add("LABEL_" + i);
      }
    }
    if (labels.isEmpty()) {
      throw bad("id2label");
    }
    String otherwise =
        labels.size() == 1 ? "multi_label_classification" : "single_label_classification";
    String type = has("problem_type") ? json.path("problem_type").asText() : otherwise;
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
        throw bad("matryoshka_dimensions");
      }
    }
    return widths;
  }

  /** A number above 0 that must be there, with a bound of its own. */
  int count(String field, int min, int max) {
    int value = count(field);
    if (value < min || value > max) {
      throw bad(field);
    }
    return value;
  }

  /** A finite number above 0 that must be there. */
  double positive(String field) {
    double value = number(field, 0);
    if (value <= 0) {
      throw bad(field);
    }
    return value;
  }

  /** A finite number above 0; 0 counts as missing. */
  double positive(String field, double otherwise) {
    double value = number(field, otherwise);
    return value == 0 ? otherwise : value;
  }

  /** A list of so many finite numbers above 0, which must be there. */
  List<Double> positives(String field, int size) {
    JsonNode value = json.path(field);
    List<Double> numbers = new ArrayList<>();
    for (JsonNode number : value) {
      if (!number.isNumber() || !(number.doubleValue() > 0) || number.doubleValue() > 1e30) {
        throw bad(field);
      }
      numbers.add(number.doubleValue());
    }
    if (!value.isArray() || numbers.size() != size) {
      throw new DamagedModelException(
          "%s: %s has %d numbers instead of %d".formatted(what, field, numbers.size(), size));
    }
    return numbers;
  }

  /** A text. */
  public String text(String field, String otherwise) {
    if (!has(field)) {
      return otherwise;
    }
    if (!json.path(field).isTextual()) {
      throw bad(field);
    }
    return json.path(field).asText();
  }

  /** A list of so many texts, or none at all. */
  List<String> texts(String field, int size) {
    List<String> texts = new ArrayList<>();
    if (has(field)) {
      for (JsonNode text : json.path(field)) {
        if (!text.isTextual()) {
          throw bad(field);
        }
        texts.add(text.asText());
      }
      if (!json.path(field).isArray() || texts.size() != size) {
        throw new DamagedModelException(
            "%s: %s has %d entries instead of %d".formatted(what, field, texts.size(), size));
      }
    }
    return texts;
  }

  /** A list of numbers that are 0 or more; empty when it is missing. */
  List<Integer> counts(String field) {
    List<Integer> counts = new ArrayList<>();
    if (has(field)) {
      for (JsonNode count : json.path(field)) {
        if (!count.isIntegralNumber()
            || !count.canConvertToInt()
            || count.intValue() < 0
            || counts.size() == MAX_LIST) {
          throw bad(field);
        }
        counts.add(count.intValue());
      }
    }
    return counts;
  }

  /** An object within this one; empty when it is missing. */
  ConfigReader section(String field) {
    JsonNode value = json.path(field);
    if (has(field) && !value.isObject()) {
      throw bad(field);
    }
    return new ConfigReader(value, what);
  }

  /**
   * The same with values for what is missing.
   *
   * @param defaults a JSON object
   */
  ConfigReader withDefaults(String defaults) {
    ObjectNode all =
        (ObjectNode) BoundedJson.parse(defaults.getBytes(StandardCharsets.UTF_8), "defaults");
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (!field.getValue().isNull()) {
        all.set(field.getKey(), field.getValue());
      }
    }
    return new ConfigReader(all, what);
  }

  /** Whether a field is there and not null. */
  boolean has(String field) {
    return !json.path(field).isMissingNode() && !json.path(field).isNull();
  }

  /** What is wrong with a field. */
  DamagedModelException bad(String field) {
    return new DamagedModelException(what + ": " + field + " cannot be " + shown(json.path(field)));
  }

  private static String shown(JsonNode value) {
    return shortened(value.isMissingNode() ? "missing" : value.toString());
  }

  /** Enough of a text from outside to know it by. */
  static String shortened(String text) {
    return text.length() > 80 ? text.substring(0, 80) + "…" : text;
  }
}

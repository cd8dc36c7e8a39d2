package io.infernet.inference.checkpoint;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A plain TorchScript model: a folder with {@value #MODEL_FILE}, {@code tokenizer.json} and a
 * descriptor, {@value #FILE}, such as
 *
 * <pre>{@code
 * {"task": "embed", "inputs": ["input_ids", "attention_mask"], "output": "last_hidden_state",
 *  "pooling": "mean", "normalize": true, "vocab_size": 30522, "max_tokens": 512}
 * }</pre>
 *
 * <p>Only {@code task}, {@code vocab_size} and {@code max_tokens} must be there, and {@code
 * id2label} for a classifier.
 *
 * @param inputs what its {@code forward} takes, in order
 * @param output which part of what it returns counts
 * @param pooling how the states of all tokens become one vector; {@link Pooling#NONE} when the
 *     output is one vector a text already
 * @param normalized whether vectors are divided by their Euclidean length
 * @param head what the numbers mean
 * @param vocabSize number of token ids
 * @param contextLength the most tokens of one text
 */
public record ScriptConfig(
    List<Input> inputs,
    Output output,
    Pooling pooling,
    boolean normalized,
    EncoderHead head,
    int vocabSize,
    int contextLength)
    implements ModelDescription {

  /** The descriptor. */
  public static final String FILE = "torchscript.json";

  /** The archive. */
  public static final String MODEL_FILE = "model.pt";

  private static final int MAX_OUTPUTS = 64;
  private static final int MAX_NAME = 200;

  /** An argument of {@code forward}: [texts, tokens], 64-bit integers. */
  public enum Input {
    /** The token ids. */
    INPUT_IDS,
    /** 1 for each token; there is no padding, so it is nothing but ones. */
    ATTENTION_MASK,
    /** Which text of a pair a token belongs to. */
    TOKEN_TYPE_IDS,
    /** 0, 1, 2, … */
    POSITION_IDS
  }

  /** Which part of the result counts. */
  public sealed interface Output {}

  /** The result itself, or that of its parts, when it is a tuple. */
  public record Place(int index) implements Output {}

  /** The entry of a dictionary. */
  public record Key(String name) implements Output {}

  /** From the states of all tokens, [texts, tokens, width], to [texts, width]. */
  public enum Pooling {
    NONE,
    MEAN,
    CLS,
    MAX,
    LAST
  }

  public ScriptConfig {
    inputs = List.copyOf(inputs);
    requireNonNull(output, "output is null");
    requireNonNull(pooling, "pooling is null");
    requireNonNull(head, "head is null");
  }

  @Override
  public String family() {
    return "torchscript";
  }

  @Override
  public ModelTask task() {
    return head instanceof EncoderHead.Classification ? ModelTask.CLASSIFY : ModelTask.EMBED;
  }

  @Override
  public List<Integer> stopIds() {
    return List.of();
  }

  /** Whether a folder holds such a model. */
  public static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(FILE));
  }

  /**
   * Reads the descriptor.
   *
   * @throws DamagedModelException when it is malformed
   * @throws UnsupportedModelException when this version does not run such models, naming the option
   */
  static ScriptConfig read(Path folder, CheckpointLimits limits) {
    JsonNode json = BoundedJson.read(folder.resolve(FILE), limits.maxConfigBytes());
    ConfigReader config = new ConfigReader(json, FILE);
    config.onlyFields(
        "task",
        "inputs",
        "output",
        "pooling",
        "normalize",
        "vocab_size",
        "max_tokens",
        "dimensions",
        "id2label",
        "problem_type",
        "matryoshka_dimensions");
    ModelTask task = config.oneOf("task", ModelTask.class);
    if (task == ModelTask.GENERATE) {
      throw new UnsupportedModelException(
          "this version runs TorchScript models that embed or classify, not such that generate");
    }
    boolean classifies = task == ModelTask.CLASSIFY;
    int width = config.count("dimensions", 1 << 20);
    return new ScriptConfig(
        inputs(json, config),
        output(json.path("output")),
        json.has("pooling") ? config.oneOf("pooling", Pooling.class) : Pooling.NONE,
        config.flag("normalize", false),
        classifies
            ? config.classification()
            : new EncoderHead.Embedding(width, config.shortenedWidths(width)),
        config.count("vocab_size"),
        config.count("max_tokens"));
  }

  private static List<Input> inputs(JsonNode json, ConfigReader config) {
    if (!json.has("inputs")) {
      return List.of(Input.INPUT_IDS, Input.ATTENTION_MASK);
    }
    List<Input> inputs = new ArrayList<>();
    for (JsonNode name : json.path("inputs")) {
      Input input = config.oneOf("inputs", name, Input.class);
      if (inputs.contains(input)) {
        throw new DamagedModelException(FILE + ": inputs lists " + name + " twice");
      }
      inputs.add(input);
    }
    if (!inputs.contains(Input.INPUT_IDS)) {
      throw new DamagedModelException(FILE + ": inputs must list input_ids");
    }
    return inputs;
  }

  private static Output output(JsonNode node) {
    if (node.isMissingNode()) {
      return new Place(0);
    }
    if (node.isInt() && node.intValue() >= 0 && node.intValue() < MAX_OUTPUTS) {
      return new Place(node.intValue());
    }
    if (node.isTextual() && !node.asText().isEmpty() && node.asText().length() <= MAX_NAME) {
      return new Key(node.asText());
    }
    throw new DamagedModelException(FILE + ": output must be a number or a name");
  }
}

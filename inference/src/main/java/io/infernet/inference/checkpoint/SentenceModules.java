package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.inference.checkpoint.EncoderConfig.Dense;
import io.infernet.inference.checkpoint.EncoderConfig.Pooling;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What follows the transformer in a model of sentence-transformers: {@code modules.json} and the
 * folders that it names. A model without one is pooled by the mean, as that library does.
 *
 * @param pooling how hidden states become one vector
 * @param dense layers after that
 * @param normalized whether the vector is divided by its length
 * @param width numbers of the vector
 * @param maxTokens the most tokens of a text, where it is limited
 */
record SentenceModules(
    List<Pooling> pooling,
    List<Dense> dense,
    boolean normalized,
    int width,
    OptionalInt maxTokens) {

  /** The list of modules. */
  static final String FILE = "modules.json";

  /** Options of the transformer module. */
  static final String TRANSFORMER_FILE = "sentence_bert_config.json";

  /** Prompts and versions. */
  static final String SENTENCE_FILE = "config_sentence_transformers.json";

  private static final int MAX_MODULES = 8;
  private static final Pattern FOLDER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

  static SentenceModules read(Path folder, int hiddenSize, CheckpointLimits limits) {
    if (!Files.exists(folder.resolve(FILE))) {
      return new SentenceModules(
          List.of(Pooling.MEAN), List.of(), false, hiddenSize, OptionalInt.empty());
    }
    List<Pooling> pooling = List.of();
    List<Dense> dense = new ArrayList<>();
    boolean normalized = false;
    int width = hiddenSize;
    JsonNode modules = BoundedJson.readArray(folder.resolve(FILE), limits.maxConfigBytes());
    if (modules.size() > MAX_MODULES) {
      throw new DamagedModelException(FILE + " lists more than " + MAX_MODULES + " modules");
    }
    for (int i = 0; i < modules.size(); i++) {
      String type = modules.get(i).path("type").asText();
      String path = modules.get(i).path("path").asText();
      String kind = type.substring(type.lastIndexOf('.') + 1);
      boolean inPlace =
          switch (kind) {
            case "Transformer" -> i == 0 && path.isEmpty();
            case "Pooling" -> i == 1;
            case "Dense" -> i > 1 && !normalized;
            case "Normalize" -> i > 1;
            default -> false;
          };
      if (!inPlace) {
        throw new UnsupportedModelException(
            "this version does not run models with the sentence-transformers module %s at place %d"
                .formatted(kind.length() > 80 ? kind.substring(0, 80) + "…" : kind, i));
      }
      switch (kind) {
        case "Pooling" -> {
          pooling = pooling(config(folder, path, limits));
          width = pooling.size() * hiddenSize;
        }
        case "Dense" -> {
          Dense layer = dense(config(folder, path, limits), path, width);
          dense.add(layer);
          width = layer.width();
        }
        case "Normalize" -> normalized = true;
        default -> {
          // The transformer itself.
        }
      }
    }
    if (pooling.isEmpty()) {
      throw new UnsupportedModelException(
          "this version does not run models whose " + FILE + " has no Pooling");
    }
    refusePrompts(folder, limits);
    return new SentenceModules(pooling, dense, normalized, width, maxTokens(folder, limits));
  }

  private static ConfigReader config(Path folder, String path, CheckpointLimits limits) {
    if (!FOLDER.matcher(path).matches()) {
      throw new DamagedModelException(FILE + " names a folder that cannot be");
    }
    return new ConfigReader(
        BoundedJson.read(folder.resolve(path).resolve("config.json"), limits.maxConfigBytes()),
        path + "/config.json");
  }

  private static List<Pooling> pooling(ConfigReader config) {
    if (!config.flag("include_prompt", true)) {
      throw new UnsupportedModelException(
          "this version does not run models with include_prompt false");
    }
    List<Pooling> ways =
        Arrays.stream(Pooling.values()).filter(way -> config.flag(way.option(), false)).toList();
    if (ways.isEmpty()) {
      throw new UnsupportedModelException("this version knows no pooling of this model's kind");
    }
    return ways;
  }

  private static Dense dense(ConfigReader config, String path, int width) {
    int in = config.count("in_features");
    if (in != width) {
      throw new DamagedModelException(
          "%s/config.json: in_features is %d where %d come in".formatted(path, in, width));
    }
    return new Dense(
        "linear",
        path + "/" + Checkpoint.SINGLE_FILE,
        config.count("out_features"),
        config.flag("bias", true),
        config.denseActivation("activation_function"),
        false);
  }

  private static OptionalInt maxTokens(Path folder, CheckpointLimits limits) {
    Path file = folder.resolve(TRANSFORMER_FILE);
    if (!Files.exists(file)) {
      return OptionalInt.empty();
    }
    ConfigReader config =
        new ConfigReader(BoundedJson.read(file, limits.maxConfigBytes()), TRANSFORMER_FILE);
    if (config.flag("do_lower_case", false)) {
      throw new UnsupportedModelException(
          "this version does not run models with do_lower_case in " + TRANSFORMER_FILE);
    }
    int most = config.countOrZero("max_seq_length", 0);
    return most == 0 ? OptionalInt.empty() : OptionalInt.of(most);
  }

  private static void refusePrompts(Path folder, CheckpointLimits limits) {
    Path file = folder.resolve(SENTENCE_FILE);
    if (Files.exists(file)) {
      new ConfigReader(BoundedJson.read(file, limits.maxConfigBytes()), SENTENCE_FILE)
          .refuse("default_prompt_name");
    }
  }

  /** Files beside the usual ones that decide what the vectors are, relative to the folder. */
  static List<String> files(Path folder, CheckpointLimits limits) {
    Set<String> files = new LinkedHashSet<>();
    for (String name : List.of(FILE, TRANSFORMER_FILE, SENTENCE_FILE)) {
      if (Files.exists(folder.resolve(name))) {
        files.add(name);
      }
    }
    if (files.contains(FILE)) {
      for (JsonNode module : BoundedJson.readArray(folder.resolve(FILE), limits.maxConfigBytes())) {
        String path = module.path("path").asText();
        for (String name : List.of("config.json", Checkpoint.SINGLE_FILE)) {
          if (FOLDER.matcher(path).matches() && Files.exists(folder.resolve(path).resolve(name))) {
            files.add(path + "/" + name);
          }
        }
      }
    }
    return List.copyOf(files);
  }
}

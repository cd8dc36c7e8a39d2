package io.infernet.inference.engine.djl;

import io.infernet.inference.testing.TestModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Writes small encoders of random weights, in float32, as folders: their numbers are in {@link
 * #tensors} for a reference to read. The tokenizer is tiny-bert's.
 */
final class RandomEncoder {

  static final int VOCABULARY = 2000;
  static final int WIDTH = 24;
  static final int INNER = 40;
  static final int LAYERS = 2;
  static final int HEADS = 3;
  static final int POSITIONS = 40;

  private final Random random;
  private final Map<String, int[]> shapes = new LinkedHashMap<>();
  private final Map<String, double[]> tensors = new LinkedHashMap<>();

  RandomEncoder(long seed) {
    random = new Random(seed);
  }

  /** A tensor of numbers around {@code center}. */
  RandomEncoder tensor(String name, double center, double spread, int... shape) {
    int count = 1;
    for (int dimension : shape) {
      count *= dimension;
    }
    double[] numbers = new double[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (center + spread * random.nextGaussian());
    }
    shapes.put(name, shape);
    tensors.put(name, numbers);
    return this;
  }

  /** A linear layer with a bias. */
  RandomEncoder linear(String name, int rows, int columns) {
    return tensor(name + ".weight", 0, 1 / Math.sqrt(columns), rows, columns)
        .tensor(name + ".bias", 0, 0.1, rows);
  }

  /** A layer norm. */
  RandomEncoder norm(String name) {
    return tensor(name + ".weight", 1, 0.1, WIDTH).tensor(name + ".bias", 0, 0.1, WIDTH);
  }

  /** The transformer, by the names that the reference reads. */
  RandomEncoder body(ReferenceEncoder.Names names, int types) {
    String embeddings = names.prefix() + "embeddings.";
    tensor(embeddings + "word_embeddings.weight", 0, 1, VOCABULARY, WIDTH);
    tensor(embeddings + "position_embeddings.weight", 0, 1, POSITIONS, WIDTH);
    if (names.types()) {
      tensor(embeddings + "token_type_embeddings.weight", 0, 1, types, WIDTH);
    }
    norm(embeddings + "LayerNorm");
    for (int layer = 0; layer < LAYERS; layer++) {
      for (String name : List.of(names.query(), names.key(), names.value(), names.out())) {
        linear(name.formatted(layer), WIDTH, WIDTH);
      }
      norm(names.attentionNorm().formatted(layer));
      linear(names.inner().formatted(layer), INNER, WIDTH);
      linear(names.outer().formatted(layer), WIDTH, INNER);
      norm(names.outputNorm().formatted(layer));
    }
    return this;
  }

  Map<String, double[]> tensors() {
    return tensors;
  }

  /** Renames tensors, as old files call them. */
  RandomEncoder rename(String from, String to) {
    for (String name : List.copyOf(tensors.keySet())) {
      if (name.contains(from)) {
        tensors.put(name.replace(from, to), tensors.remove(name));
        shapes.put(name.replace(from, to), shapes.remove(name));
      }
    }
    return this;
  }

  /** Writes the folder {@code models/NAME} of a home. */
  void write(Path home, String name, String config) throws IOException {
    Path folder = home.resolve("models").resolve(name);
    Path bert = TestModels.install("tiny-bert", home).folder();
    Files.createDirectories(folder);
    Files.copy(bert.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(folder.resolve("config.json"), config);
    Files.write(folder.resolve("model.safetensors"), bytes());
  }

  /** The tensors as a safetensors file. */
  byte[] bytes() {
    List<String> header = new ArrayList<>();
    long at = 0;
    for (Map.Entry<String, double[]> tensor : tensors.entrySet()) {
      long end = at + 4L * tensor.getValue().length;
      header.add(
          "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(tensor.getKey(), Arrays.toString(shapes.get(tensor.getKey())), at, end));
      at = end;
    }
    StringBuilder json = new StringBuilder("{" + String.join(",", header) + "}");
    while (json.length() % 8 != 0) {
      json.append(' ');
    }
    ByteBuffer file = ByteBuffer.allocate(8 + json.length() + (int) at);
    file.order(ByteOrder.LITTLE_ENDIAN).putLong(json.length());
    file.put(json.toString().getBytes(StandardCharsets.UTF_8));
    tensors
        .values()
        .forEach(
            numbers -> {
              for (double number : numbers) {
                file.putFloat((float) number);
              }
            });
    return file.array();
  }
}

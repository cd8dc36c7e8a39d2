package io.infernet.inference.checkpoint;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes checkpoints with weights made up, in the Hugging Face layout: to measure the speed of a
 * size nobody has at hand, and to test families. Weights are normally distributed with variance 1 /
 * columns, so that values keep their size from layer to layer and logits are about 1; the factors
 * of norms lie about 1. The same description and seed give the same bytes. Stateless.
 *
 * @param config the {@code config.json} of a decoder
 * @param dtype BF16, F16 or F32
 * @param shards number of files
 * @param seed of the weights
 */
public record RandomCheckpoint(byte[] config, DType dtype, int shards, long seed) {

  /** Values are drawn from a table of so many quantiles. */
  private static final int TABLE = 1 << 16;

  private static final int BUFFER_BYTES = 1 << 20;

  /** How far norms' factors and biases are spread. */
  private static final double SMALL = 0.1;

  public RandomCheckpoint {
    requireNonNull(dtype, "dtype is null");
    config = config.clone();
    if (dtype != DType.BF16 && dtype != DType.F16 && dtype != DType.F32) {
      throw new IllegalArgumentException("weights cannot be made up as " + dtype);
    }
    if (shards < 1 || shards > 99_999) {
      throw new IllegalArgumentException("number of files out of range: " + shards);
    }
  }

  /** In one file, always with the same weights. */
  public static RandomCheckpoint of(byte[] config, DType dtype) {
    return new RandomCheckpoint(config, dtype, 1, 1);
  }

  @Override
  public byte[] config() {
    return config.clone();
  }

  /** What the tensors take, in bytes. */
  public long bytes() {
    return model().tensors().parameters() * dtype.bytes();
  }

  private ModelConfig model() {
    return ModelConfig.of(BoundedJson.parse(config, "config.json"));
  }

  /**
   * Writes {@code config.json} and the tensors into a folder that exists; there is no tokenizer.
   *
   * @throws UnsupportedModelException when the configuration is of no decoder that this version
   *     runs
   * @throws IOException when the disk does not take it
   */
  public void writeTo(Path folder) throws IOException {
    ModelConfig model = model();
    List<TensorSpec> tensors = model.tensors().all();
    Files.write(folder.resolve("config.json"), config);
    Map<String, String> fileOf = new LinkedHashMap<>();
    int from = 0;
    long written = 0;
    for (int shard = 1; shard <= shards; shard++) {
      String name =
          shards == 1
              ? Checkpoint.SINGLE_FILE
              : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", shard, shards);
      int to = from;
      long share = bytes() * shard / shards;
      while (to < tensors.size() && (shard == shards || written < share)) {
        written += size(tensors.get(to));
        fileOf.put(tensors.get(to).name(), name);
        to++;
      }
      write(folder.resolve(name), tensors.subList(from, to), from, model.norms().onePlus());
      from = to;
    }
    if (shards > 1) {
      Files.write(folder.resolve(Checkpoint.INDEX_FILE), index(fileOf));
    }
  }

  private long size(TensorSpec tensor) {
    return tensor.elements() * dtype.bytes();
  }

  private void write(Path file, List<TensorSpec> tensors, int first, boolean onePlus)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer header = header(tensors);
      while (header.hasRemaining()) {
        channel.write(header);
      }
      for (int i = 0; i < tensors.size(); i++) {
        fill(
            tensors.get(i),
            new SplittableRandom(seed * 1_000_003 + first + i),
            onePlus,
            buffer,
            channel);
      }
    }
  }

  private void fill(
      TensorSpec tensor,
      SplittableRandom random,
      boolean onePlus,
      ByteBuffer buffer,
      FileChannel channel)
      throws IOException {
    boolean matrix = tensor.shape().size() == 2;
    boolean norm = !matrix && tensor.name().endsWith(".weight");
    double deviation = matrix ? 1 / Math.sqrt(tensor.shape().get(1)) : SMALL;
    int[] table = table(norm && !onePlus ? 1 : 0, deviation);
    long left = tensor.elements();
    while (left > 0) {
      int count = (int) Math.min(left, BUFFER_BYTES / dtype.bytes());
      for (int i = 0; i < count; i += 4) {
        long bits = random.nextLong();
        for (int j = i; j < Math.min(i + 4, count); j++) {
          int value = table[(int) bits & (TABLE - 1)];
          bits >>>= 16;
          if (dtype == DType.F32) {
            buffer.putInt(value);
          } else {
            buffer.putShort((short) value);
          }
        }
      }
      drain(buffer, channel);
      left -= count;
    }
  }

  /** Evenly spread quantiles of a normal distribution, as bits of the number format. */
  private int[] table(double mean, double deviation) {
    int[] table = new int[TABLE];
    for (int i = 0; i < TABLE; i++) {
      table[i] = bits((float) (mean + deviation * quantile((i + 0.5) / TABLE)));
    }
    return table;
  }

  private int bits(float value) {
    int bits = Float.floatToIntBits(value);
    return switch (dtype) {
      case F32 -> bits;
      case BF16 -> (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
      default -> half(value);
    };
  }

  /** IEEE binary16, rounded to nearest; what is too small for a normal number becomes 0. */
  private static int half(float value) {
    int bits = Float.floatToIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int rounded = (bits & 0x7fffffff) + 0x0fff + (bits >>> 13 & 1);
    int exponent = (rounded >>> 23) - 127 + 15;
    return exponent <= 0 ? sign : sign | exponent << 10 | rounded >>> 13 & 0x3ff;
  }

  /**
   * The inverse of the normal distribution, by Winitzki's approximation of the inverse error
   * function: off by 0.005 at most, which nobody sees in random numbers.
   */
  private static double quantile(double p) {
    double x = 2 * p - 1;
    double a = 0.147;
    double log = StrictMath.log(1 - x * x);
    double b = 2 / (Math.PI * a) + log / 2;
    return Math.signum(x) * Math.sqrt(2 * (Math.sqrt(b * b - log / a) - b));
  }

  private static void drain(ByteBuffer buffer, FileChannel channel) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }

  private ByteBuffer header(List<TensorSpec> tensors) {
    List<TensorInfo> infos = new ArrayList<>();
    long offset = 0;
    for (TensorSpec tensor : tensors) {
      infos.add(new TensorInfo(tensor.name(), dtype, tensor.shape(), offset, size(tensor)));
      offset += size(tensor);
    }
    return SafetensorsHeader.of(infos);
  }

  private byte[] index(Map<String, String> fileOf) {
    List<String> entries = new ArrayList<>();
    fileOf.forEach((tensor, file) -> entries.add("\"%s\":\"%s\"".formatted(tensor, file)));
    return "{\"metadata\":{\"total_size\":%s},\"weight_map\":{%s}}"
        .formatted(bytes(), String.join(",", entries))
        .getBytes(StandardCharsets.UTF_8);
  }
}

package io.infernet.inference.model;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a model is, to the last bit of its weights: two nodes that hold the same manifest make the
 * same answers. Its {@link #cid} names it on the network. A variant is a manifest of its own.
 *
 * @param name with the variant, if there is one
 * @param task what it is for
 * @param family the architecture's short name, such as {@code llama}
 * @param storedAs the number format of the weights on disk, such as {@code bf16}
 * @param contextLength the most tokens that prompt and answer may have together
 * @param defaults how it wants to be sampled
 * @param files what it consists of, by path
 */
public record ModelManifest(
    ModelName name,
    ModelTask task,
    String family,
    String storedAs,
    int contextLength,
    GenerationDefaults defaults,
    List<ModelFile> files) {

  /** Most files a model may have. */
  public static final int MAX_FILES = 1_000;

  /** Version of the rules by which {@code engine.Sampler} draws a token. */
  private static final int SAMPLER_VERSION = 2;

  /** JSON, multicodec table. */
  private static final long JSON_CODEC = 0x0200;

  /** Of the private use area of the multicodec table: what a backend serves under a name. */
  private static final long BACKEND_CODEC = 0x30_1BE5;

  /** The family of models that a backend serves: what is behind the name is not known. */
  private static final String BACKEND = "backend";

  /** More than any prompt may have. */
  private static final int UNKNOWN_CONTEXT = 1 << 20;

  private static final Pattern WORD = Pattern.compile("[a-z0-9_]{1,32}");

  public ModelManifest {
    requireNonNull(name, "name is null");
    requireNonNull(task, "task is null");
    requireNonNull(defaults, "defaults is null");
    if (!WORD.matcher(family).matches() || !WORD.matcher(storedAs).matches()) {
      throw new IllegalArgumentException("not a word: " + family + ", " + storedAs);
    }
    if (contextLength < 1) {
      throw new IllegalArgumentException("contextLength out of range: " + contextLength);
    }
    if (files.isEmpty() != family.equals(BACKEND) || files.size() > MAX_FILES) {
      throw new IllegalArgumentException("number of files out of range: " + files.size());
    }
    files = files.stream().sorted(Comparator.comparing(ModelFile::path)).toList();
    if (files.stream().map(ModelFile::path).distinct().count() != files.size()) {
      throw new IllegalArgumentException("a file is listed twice");
    }
  }

  /** A model that writes text. */
  public ModelManifest(
      ModelName name,
      String family,
      String storedAs,
      int contextLength,
      GenerationDefaults defaults,
      List<ModelFile> files) {
    this(name, ModelTask.GENERATE, family, storedAs, contextLength, defaults, files);
  }

  /**
   * A model that some server behind a provider serves under {@code name}. Nothing else is known of
   * it, and its answers cannot be checked by computing them again. Everybody who knows the name
   * knows this manifest.
   */
  public static ModelManifest ofBackend(ModelName name) {
    return new ModelManifest(
        name,
        BACKEND,
        BACKEND,
        UNKNOWN_CONTEXT,
        new GenerationDefaults(0, 0, 1, List.of()),
        List.of());
  }

  /** Whether that CID is of a manifest made by {@link #ofBackend}. */
  public static boolean isBackend(Cid manifest) {
    return manifest.codec() == BACKEND_CODEC;
  }

  /** Whether this was made by {@link #ofBackend}. */
  public boolean isBackend() {
    return family.equals(BACKEND);
  }

  /** Size of all files in bytes. */
  public long size() {
    return files.stream().mapToLong(ModelFile::size).sum();
  }

  /** The same model in another variant. */
  public ModelManifest as(ModelName variant) {
    return new ModelManifest(variant, task, family, storedAs, contextLength, defaults, files);
  }

  /**
   * The content identifier of {@link #encode}: version 1, sha2-256, codec json; a codec of its own
   * for a backend's model, so that a receipt shows what it is for.
   */
  public Cid cid() {
    return Cid.of(isBackend() ? BACKEND_CODEC : JSON_CODEC, Multihash.sha256(encode()));
  }

  /**
   * The canonical encoding: JSON in UTF-8 with keys in alphabetical order, files by path, no white
   * space, and decimals without exponent or trailing zeros. Of a backend's model only the name.
   */
  public byte[] encode() {
    if (isBackend()) {
      return "{\"backend\":\"%s\",\"format\":1}".formatted(name).getBytes(StandardCharsets.UTF_8);
    }
    // Nothing here needs escaping: the constructors allow only plain characters. Numbers are
    // strings to the formatter, which writes %d with the digits of the user's language.
    String fileList =
        files.stream()
            .map(
                file ->
                    "{\"path\":\"%s\",\"sha256\":\"%s\",\"size\":%s}"
                        .formatted(file.path(), file.sha256(), file.size()))
            .collect(Collectors.joining(",", "[", "]"));
    String json =
        "{\"context\":%s,\"family\":\"%s\",\"files\":%s,\"format\":1,\"minP\":%s,\"name\":\"%s\",\"repetition\":%s,\"sampler\":%s,\"stop\":%s,\"stored\":\"%s\",%s\"temperature\":%s,\"topK\":%s,\"topP\":%s,\"variant\":\"%s\"}"
            .formatted(
                contextLength,
                family,
                fileList,
                decimal(defaults.minP()),
                name.name(),
                decimal(defaults.repetitionPenalty()),
                SAMPLER_VERSION,
                defaults.stopIds().toString().replace(" ", ""),
                storedAs,
                // Left out for models that write, which were named before there were others.
                task == ModelTask.GENERATE ? "" : "\"task\":\"%s\",".formatted(task),
                decimal(defaults.temperature()),
                defaults.topK(),
                decimal(defaults.topP()),
                name.variant().map(Variant::toString).orElse("stored"));
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private static String decimal(double value) {
    return BigDecimal.valueOf(Math.round(value * 1e6), 6).stripTrailingZeros().toPlainString();
  }
}

package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * A model's configuration and tensors, from a folder in the Hugging Face layout: one {@code
 * model.safetensors}, or several files and their index. Safe from any thread; its owner closes it.
 */
public final class Checkpoint implements AutoCloseable {

  /** The tensors, when they are one file. */
  public static final String SINGLE_FILE = "model.safetensors";

  /** The list of files, when they are several. */
  public static final String INDEX_FILE = "model.safetensors.index.json";

  /** What older models come with. */
  private static final String PICKLED_FILE = "pytorch_model.bin";

  private static final Pattern SHARD =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,100}\\.safetensors");

  private final Path folder;
  private final ModelDescription description;
  private final List<SafetensorsFile> files;
  private final Map<String, SafetensorsFile> fileOf;

  private Checkpoint(
      Path folder,
      ModelDescription description,
      List<SafetensorsFile> files,
      Map<String, SafetensorsFile> fileOf) {
    this.folder = folder;
    this.description = description;
    this.files = files;
    this.fileOf = fileOf;
  }

  /**
   * Opens a model folder and checks the headers of its files.
   *
   * @throws DamagedModelException when something is missing or malformed
   * @throws UnsupportedModelException when this version does not run such models
   */
  public static Checkpoint open(Path folder, CheckpointLimits limits) {
    return open(folder, limits, file -> file);
  }

  /**
   * Opens a model folder whose files are to be mapped by others; files in which numbers are not
   * aligned are copied for that.
   *
   * @param copies where copies are kept; made when it is missing
   * @param key distinguishes models whose copies are there
   */
  public static Checkpoint openAligned(
      Path folder, CheckpointLimits limits, Path copies, String key) {
    return open(
        folder,
        limits,
        file -> {
          if (!AlignedCopy.isNeeded(file)) {
            return file;
          }
          Path copy = copies.resolve(key + "-" + file.path().getFileName() + ".aligned");
          AlignedCopy.write(file, copy);
          file.close();
          return SafetensorsFile.open(copy, limits);
        });
  }

  private static Checkpoint open(
      Path folder, CheckpointLimits limits, UnaryOperator<SafetensorsFile> adopt) {
    ModelDescription description = ModelDescription.read(folder, limits);
    List<SafetensorsFile> files = new ArrayList<>();
    Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();
    try {
      for (String name : fileNames(folder, limits)) {
        SafetensorsFile file = SafetensorsFile.open(folder.resolve(name), limits);
        files.add(file);
        for (String tensor : file.tensors().keySet()) {
          if (fileOf.put(tensor, file) != null) {
            throw new DamagedModelException(
                "tensor %s is in two files of %s".formatted(tensor, folder));
          }
        }
      }
      checkIndex(folder, limits, fileOf);
      for (int i = 0; i < files.size(); i++) {
        SafetensorsFile adopted = adopt.apply(files.get(i));
        files.set(i, adopted);
        adopted.tensors().keySet().forEach(tensor -> fileOf.put(tensor, adopted));
      }
    } catch (RuntimeException e) {
      files.forEach(SafetensorsFile::close);
      throw e;
    }
    return new Checkpoint(
        folder,
        description instanceof ModelConfig config ? rooted(config, fileOf.keySet()) : description,
        files,
        fileOf);
  }

  /** With the names under which the tensors really are, where programs have used several. */
  private static ModelConfig rooted(ModelConfig config, Set<String> tensors) {
    for (TensorNames names : config.names().alternatives()) {
      ModelConfig candidate = config.withNames(names);
      if (tensors.contains(candidate.tensors().embedding().name())) {
        return candidate;
      }
    }
    return config;
  }

  /**
   * The names of the files that hold a folder's tensors, in order.
   *
   * @throws DamagedModelException when there are none or the index is malformed
   */
  public static List<String> fileNames(Path folder, CheckpointLimits limits) {
    if (Files.exists(folder.resolve(SINGLE_FILE))) {
      return List.of(SINGLE_FILE);
    }
    Path indexFile = folder.resolve(INDEX_FILE);
    if (!Files.exists(indexFile)) {
      throw new DamagedModelException(
          folder.resolve(SINGLE_FILE)
              + " is missing"
              + (Files.exists(folder.resolve(PICKLED_FILE))
                  ? "; %s is not read, it could run any program: save the model as safetensors"
                      .formatted(PICKLED_FILE)
                  : ""));
    }
    JsonNode index = BoundedJson.read(indexFile, limits.maxIndexBytes());
    List<String> names = new ArrayList<>();
    for (JsonNode value : index.path("weight_map")) {
      String name = value.asText();
      if (!SHARD.matcher(name).matches()) {
        throw new DamagedModelException(indexFile + " names a file that cannot be");
      }
      if (!names.contains(name)) {
        names.add(name);
      }
      if (names.size() > limits.maxShards()) {
        throw new DamagedModelException(
            indexFile + " names more than " + limits.maxShards() + " files");
      }
    }
    if (names.isEmpty()) {
      throw new DamagedModelException(indexFile + " names no files");
    }
    names.sort(null);
    return names;
  }

  /** Another program may believe the index where this one looks into the files. */
  private static void checkIndex(
      Path folder, CheckpointLimits limits, Map<String, SafetensorsFile> fileOf) {
    if (Files.exists(folder.resolve(SINGLE_FILE))) {
      return;
    }
    JsonNode index = BoundedJson.read(folder.resolve(INDEX_FILE), limits.maxIndexBytes());
    for (Map.Entry<String, JsonNode> entry : index.path("weight_map").properties()) {
      SafetensorsFile file = fileOf.get(entry.getKey());
      if (file == null || !file.path().endsWith(entry.getValue().asText())) {
        throw new DamagedModelException(
            "%s says that tensor %s is in %s, but it is not"
                .formatted(
                    folder.resolve(INDEX_FILE),
                    ConfigReader.shortened(entry.getKey()),
                    entry.getValue().asText()));
      }
    }
  }

  /** What kind of model it is. */
  public ModelDescription description() {
    return description;
  }

  /**
   * The configuration of a decoder.
   *
   * @throws UnsupportedModelException when it is none
   */
  public ModelConfig config() {
    if (description instanceof ModelConfig config) {
      return config;
    }
    throw new UnsupportedModelException(
        "the model in %s cannot write text: it is made to %s"
            .formatted(folder, description.task()));
  }

  /**
   * The configuration of an encoder.
   *
   * @throws UnsupportedModelException when it is none
   */
  public EncoderConfig encoderConfig() {
    if (description instanceof EncoderConfig config) {
      return config;
    }
    throw new UnsupportedModelException(
        "the model in %s gives no vectors or classes: it is made to %s"
            .formatted(folder, description.task()));
  }

  /** Whether there is a tensor of that name. */
  public boolean has(String name) {
    return fileOf.containsKey(name);
  }

  /**
   * Where a tensor lies.
   *
   * @throws DamagedModelException when there is none of that name
   */
  public TensorInfo tensor(String name) {
    return fileOf(name).tensors().get(name);
  }

  /**
   * Where a tensor of weights lies on disk.
   *
   * @throws DamagedModelException when there is none of that name, or of another shape
   * @throws UnsupportedModelException when its numbers are no plain floating-point ones
   */
  public StoredTensor stored(TensorSpec spec) {
    return fileOf(spec.name()).weights(spec).orElseThrow();
  }

  /**
   * Hands a tensor's bytes to {@code sink}, in order.
   *
   * @throws DamagedModelException when there is none of that name
   * @throws IOException when the sink fails
   */
  public void read(String name, ByteSink sink) throws IOException {
    fileOf(name).read(name, sink);
  }

  /**
   * Reads all weights and makes sure that each is a finite number. Takes the time of reading them
   * once, so it is done when a model is first met, not on every start.
   *
   * @throws DamagedModelException that names the first tensor with a weight that is none
   */
  public void requireFinite() {
    for (SafetensorsFile file : files) {
      for (TensorInfo tensor : file.tensors().values()) {
        if (tensor.dtype().isPlain() && !FiniteNumbers.in(file, tensor)) {
          throw new DamagedModelException(
              "tensor %s of %s has weights that are not finite numbers"
                  .formatted(tensor.name(), file.path()));
        }
      }
    }
  }

  private SafetensorsFile fileOf(String name) {
    SafetensorsFile file = fileOf.get(name);
    if (file == null) {
      throw new DamagedModelException("the model in %s has no tensor %s".formatted(folder, name));
    }
    return file;
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}

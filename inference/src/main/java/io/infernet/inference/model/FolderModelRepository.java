package io.infernet.inference.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.BoundedJson;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.ConfigReader;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.ModelDescription;
import io.infernet.inference.checkpoint.SafetensorsFile;
import io.infernet.inference.checkpoint.ScriptConfig;
import io.infernet.inference.checkpoint.TensorInfo;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models as folders in the Hugging Face layout, {@code models/NAME}, and the one that comes with
 * the program. Safe from any thread.
 */
public final class FolderModelRepository implements ModelRepository {

  private static final Logger LOG = LoggerFactory.getLogger(FolderModelRepository.class);

  /** What a model consists of beside its tensors; other files of the folder do not matter. */
  private static final List<String> TEXT_FILES =
      List.of(
          "chat_template.jinja",
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json");

  private static final List<String> NEEDED_FILES = List.of("config.json", "tokenizer.json");

  /** What a plain TorchScript model consists of. */
  private static final List<String> SCRIPT_FILES =
      List.of(ScriptConfig.FILE, ScriptConfig.MODEL_FILE, "tokenizer.json");

  /** What older models have instead of {@code tokenizer.json}. */
  private static final List<String> OTHER_TOKENIZERS =
      List.of(
          "tokenizer.model", "sentencepiece.bpe.model", "spiece.model", "vocab.json", "vocab.txt");

  /** What Hugging Face's generation takes when a model samples and says no more. */
  private static final int DEFAULT_TOP_K = 50;

  private final Path models;
  private final CheckpointLimits limits;
  private final EmbeddedModel embedded;
  private final FileHashes hashes;

  /**
   * @param models the folder of all models; made when it is missing
   * @param limits bounds on what is read
   */
  public FolderModelRepository(Path models, CheckpointLimits limits) {
    this.models = models;
    this.limits = limits;
    embedded = new EmbeddedModel(models);
    hashes = new FileHashes(models.resolve(".hashes.json"));
  }

  @Override
  public List<InstalledModel> list() {
    embedded.unpack();
    List<InstalledModel> found = new ArrayList<>();
    try (Stream<Path> folders = Files.list(models)) {
      for (Path folder : folders.filter(Files::isDirectory).sorted().toList()) {
        String name = folder.getFileName().toString();
        if (!name.startsWith(".")) {
          try {
            find(ModelName.parse(name)).ifPresent(found::add);
          } catch (InfernetException e) {
            LOG.warn("{} is left out: {}", name, e.getMessage());
          }
        }
      }
    } catch (IOException e) {
      throw new InfernetException("cannot read " + models + ": " + e.getMessage(), e);
    }
    return List.copyOf(found);
  }

  @Override
  public Optional<InstalledModel> find(ModelName name) {
    if (!name.isFolderName()) {
      return Optional.empty();
    }
    boolean isEmbedded = name.name().equals(EmbeddedModel.NAME);
    if (isEmbedded) {
      embedded.unpack();
    }
    Path folder = models.resolve(name.name());
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try {
      List<ModelFile> files = files(folder, isEmbedded);
      ModelDescription config = ModelDescription.read(folder, limits);
      return Optional.of(
          new InstalledModel(
              new ModelManifest(
                  name,
                  config.task(),
                  config.family(),
                  storedAs(folder),
                  config.contextLength(),
                  defaults(folder, config),
                  files),
              folder));
    } catch (DamagedModelException e) {
      throw new DamagedModelException(
          "model %s is damaged: %s; %s"
              .formatted(
                  name.name(),
                  e.getMessage(),
                  isEmbedded
                      ? "delete the folder " + folder + " and it will be unpacked again"
                      : "put its original files into " + folder),
          e);
    }
  }

  /** Says what to do about a tokenizer that is there, but not as Hugging Face's library has it. */
  private static void requireNoOtherTokenizer(Path folder, String missing) {
    for (String other : OTHER_TOKENIZERS) {
      if (missing.equals("tokenizer.json") && Files.exists(folder.resolve(other))) {
        throw new UnsupportedModelException(
            ("%s has its tokenizer as %s only; have it written as tokenizer.json once, with"
                    + " AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) of Python's"
                    + " transformers, or take the file from a later release of the model")
                .formatted(folder.getFileName(), other));
      }
    }
  }

  private List<ModelFile> files(Path folder, boolean isEmbedded) {
    List<ModelFile> files = new ArrayList<>();
    try {
      if (ScriptConfig.isIn(folder)) {
        for (String name : SCRIPT_FILES) {
          if (!Files.exists(folder.resolve(name))) {
            throw new DamagedModelException(folder.resolve(name) + " is missing");
          }
          files.add(hashes.describe(folder, name));
        }
        return files;
      }
      for (String name : TEXT_FILES) {
        if (Files.exists(folder.resolve(name))) {
          files.add(hashes.describe(folder, name));
        } else if (NEEDED_FILES.contains(name) && !isEmbedded) {
          requireNoOtherTokenizer(folder, name);
          throw new DamagedModelException(folder.resolve(name) + " is missing");
        }
      }
      for (String name : ModelDescription.otherFiles(folder, limits)) {
        files.add(hashes.describe(folder, name));
      }
      if (isEmbedded) {
        if (Files.exists(folder.resolve(Checkpoint.SINGLE_FILE))) {
          files.add(hashes.describe(folder, Checkpoint.SINGLE_FILE));
        }
        embedded.verify(files);
        return files;
      }
      if (Files.exists(folder.resolve(Checkpoint.INDEX_FILE))
          && !Files.exists(folder.resolve(Checkpoint.SINGLE_FILE))) {
        files.add(hashes.describe(folder, Checkpoint.INDEX_FILE));
      }
      for (String name : Checkpoint.fileNames(folder, limits)) {
        files.add(hashes.describe(folder, name));
      }
      return files;
    } catch (NoSuchFileException e) {
      throw new DamagedModelException(e.getFile() + " is missing", e);
    } catch (IOException e) {
      throw new DamagedModelException(
          "cannot read the model in %s: %s".formatted(folder, e.getMessage()), e);
    }
  }

  /** The format of most of the weights: some models keep a few small tensors in another. */
  private String storedAs(Path folder) {
    if (ScriptConfig.isIn(folder)) {
      return "torchscript";
    }
    String first = Checkpoint.fileNames(folder, limits).get(0);
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve(first), limits)) {
      return file.tensors().values().stream()
          .collect(
              Collectors.groupingBy(TensorInfo::dtype, Collectors.summingLong(TensorInfo::size)))
          .entrySet()
          .stream()
          .max(Map.Entry.<DType, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
          .orElseThrow(() -> new DamagedModelException(folder.resolve(first) + " has no tensors"))
          .getKey()
          .label();
    }
  }

  private GenerationDefaults defaults(Path folder, ModelDescription config) {
    Path file = folder.resolve("generation_config.json");
    if (!Files.exists(file)) {
      return new GenerationDefaults(0, 0, 1, config.stopIds());
    }
    JsonNode json = BoundedJson.read(file, limits.maxConfigBytes());
    ConfigReader reader = new ConfigReader(json, file.toString());
    List<Integer> stop = reader.ids("eos_token_id");
    boolean sampled = reader.flag("do_sample", false);
    try {
      return new GenerationDefaults(
          sampled ? reader.number("temperature", 1) : 0,
          sampled ? reader.countOrZero("top_k", DEFAULT_TOP_K) : 0,
          sampled ? reader.number("top_p", 1) : 1,
          sampled ? reader.number("min_p", 0) : 0,
          reader.number("repetition_penalty", 1),
          stop.isEmpty() ? config.stopIds() : stop);
    } catch (IllegalArgumentException e) {
      throw new DamagedModelException(file + ": " + e.getMessage(), e);
    }
  }
}

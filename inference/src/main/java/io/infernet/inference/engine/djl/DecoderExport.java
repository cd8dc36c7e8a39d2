package io.infernet.inference.engine.djl;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.model.InstalledModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a decoder into a folder from which plain PyTorch can run it ({@code torch.jit.load}): the
 * graph, the weights, and in {@value #FILE} how to call it. {@code scripts/gpu-check} reads that.
 */
public final class DecoderExport {

  /** Describes what lies beside it. */
  static final String FILE = "decoder.json";

  private final EngineConfig config;
  private final CheckpointLimits limits;

  /**
   * @param config its settings
   * @param limits bounds on what is read from checkpoints
   */
  public DecoderExport(EngineConfig config, CheckpointLimits limits) {
    this.config = requireNonNull(config, "config is null");
    this.limits = requireNonNull(limits, "limits is null");
  }

  /**
   * Writes a model.
   *
   * @param device that the graph is for
   * @param places tokens in its cache
   * @param folder made when it is not there; files of an earlier export are replaced
   * @throws InfernetException when it cannot be written
   */
  public void write(InstalledModel model, Device device, int places, Path folder) {
    DjlDecoderLoader.Parts parts =
        new DjlDecoderLoader(config, limits).parts(model, device, places);
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode description =
        mapper
            .createObjectNode()
            .put("model", model.name().toString())
            .put("device", device.toString())
            .put("graph", "graph.pt")
            .put("places", places)
            .put("context", parts.sizes().context())
            .put("vocab_size", parts.sizes().vocabSize())
            .put("hidden_size", parts.sizes().hiddenSize())
            .put("memory_bytes", parts.sizes().memoryBytes());
    ArrayNode files = description.putArray("files");
    try {
      Files.createDirectories(folder);
      for (int i = 0; i < parts.files().size(); i++) {
        String name = "weights-" + i + ".safetensors";
        copy(parts.files().get(i), folder.resolve(name));
        files.add(name);
      }
      Files.deleteIfExists(folder.resolve("graph.pt"));
      parts.archive().write(folder.resolve("graph.pt"));
      for (String name : List.of("config.json", "golden.json")) {
        if (Files.exists(model.folder().resolve(name))) {
          copy(model.folder().resolve(name), folder.resolve(name));
        }
      }
      mapper
          .writerWithDefaultPrettyPrinter()
          .writeValue(folder.resolve(FILE).toFile(), description);
    } catch (IOException e) {
      throw new InfernetException(
          "cannot export %s to %s: %s".formatted(model.name(), folder, e.getMessage()), e);
    }
  }

  /** As another name of the same file where the disk can do that. */
  private static void copy(Path from, Path to) throws IOException {
    Files.deleteIfExists(to);
    try {
      Files.createLink(to, from.toRealPath());
    } catch (IOException | UnsupportedOperationException e) {
      Files.copy(from, to);
    }
  }
}

package io.infernet.inference.bench;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.KnownDims;
import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.checkpoint.RandomCheckpoint;
import io.infernet.inference.model.GenerationDefaults;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelFile;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.multiformats.Multihash;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/** A model of known dimensions with weights made up, to measure speed where nobody has the real. */
public final class MadeUpModel {

  private static final String UNFINISHED = "unfinished-";
  private static final Duration STALE = Duration.ofHours(1);

  private MadeUpModel() {}

  /**
   * The model, written on first use.
   *
   * @param folder where such models are kept
   * @param name dimensions as {@link KnownDims} names them, with a variant if wanted
   * @param notice told in a sentence what takes time and room
   * @throws io.infernet.inference.checkpoint.UnsupportedModelException when the dimensions are not
   *     known
   * @throws InfernetException when the disk does not take it
   */
  public static InstalledModel of(Path folder, ModelName name, Consumer<String> notice) {
    byte[] config = KnownDims.config(name.name());
    String hash = HexFormat.of().formatHex(Multihash.sha256(config).digest());
    Path model = folder.resolve(name.name() + "-" + hash.substring(0, 8));
    try {
      if (!Files.exists(model)) {
        RandomCheckpoint checkpoint = RandomCheckpoint.of(config, DType.BF16);
        notice.accept(
            "making up %d MB of weights in %s; delete it when you are done"
                .formatted(checkpoint.bytes() / 1_000_000, model));
        write(checkpoint, model);
      }
    } catch (IOException e) {
      throw new InfernetException("cannot write " + model + ": " + e.getMessage(), e);
    }
    ModelConfig read = ModelConfig.read(model, CheckpointLimits.defaults());
    ModelManifest manifest =
        new ModelManifest(
            name,
            read.family(),
            DType.BF16.label(),
            read.contextLength(),
            new GenerationDefaults(0, 0, 1, List.of()),
            List.of(new ModelFile("config.json", config.length, hash)));
    return new InstalledModel(manifest, model);
  }

  /** Under another name first, so that half a model is never taken for one. */
  private static void write(RandomCheckpoint checkpoint, Path model) throws IOException {
    Path parent = Files.createDirectories(model.toAbsolutePath().getParent());
    deleteStale(parent);
    Path unfinished = Files.createTempDirectory(parent, UNFINISHED);
    try {
      checkpoint.writeTo(unfinished);
      Files.move(unfinished, model, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException e) {
      delete(unfinished);
      throw e;
    }
  }

  /** What killed runs left: nobody writes one for so long. */
  private static void deleteStale(Path parent) throws IOException {
    Instant limit = Instant.now().minus(STALE);
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, UNFINISHED + "*")) {
      for (Path folder : folders) {
        if (Files.getLastModifiedTime(folder).toInstant().isBefore(limit)) {
          delete(folder);
        }
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }
        });
    Files.delete(folder);
  }
}

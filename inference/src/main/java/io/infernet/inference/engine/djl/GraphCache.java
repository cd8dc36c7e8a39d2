package io.infernet.inference.engine.djl;

import io.infernet.inference.InfernetException;
import io.infernet.libp2p.multiformats.Cid;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Enumeration;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Converted models on disk, by manifest, device class and engine version. Files appear complete or
 * not at all; one that does not match its checksums is made anew. Safe from any thread and any
 * number of processes.
 */
final class GraphCache {

  private static final Logger LOG = LoggerFactory.getLogger(GraphCache.class);
  private static final String SUFFIX = ".pt";

  private static final Duration STALE = Duration.ofHours(1);

  private final Path folder;

  /**
   * @param folder made when it is missing
   */
  GraphCache(Path folder) {
    this.folder = folder;
  }

  /** Makes an archive into a file that does not exist yet. */
  @FunctionalInterface
  interface Conversion {
    void writeTo(Path file) throws IOException;
  }

  /**
   * The archive of a model, converted first when there is none. Archives of other versions of the
   * same model are deleted.
   *
   * @param kind device class and engine version
   * @throws InfernetException when the disk does not take it
   */
  Path get(Cid manifest, String kind, Conversion conversion) {
    return get(manifest, kind, SUFFIX, GraphCache::isWhole, conversion);
  }

  /**
   * The same for another kind of file.
   *
   * @param suffix of its name
   * @param whole whether a file is there and undamaged
   */
  Path get(Cid manifest, String kind, String suffix, Predicate<Path> whole, Conversion conversion) {
    Path file = folder.resolve(manifest + "-" + kind + suffix);
    try {
      if (whole.test(file)) {
        return file;
      }
      Files.createDirectories(folder);
      Path fresh = Files.createTempFile(folder, manifest.toString(), ".tmp");
      try {
        Files.delete(fresh);
        conversion.writeTo(fresh);
        Files.move(
            fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(fresh);
      }
      deleteOthers(manifest.toString(), suffix, file);
      return file;
    } catch (IOException e) {
      throw new InfernetException(
          "cannot write the converted model into %s: %s; check space and permissions"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  private void deleteOthers(String manifest, String suffix, Path keep) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path other : files.toList()) {
        String name = other.getFileName().toString();
        boolean older = name.startsWith(manifest) && name.endsWith(suffix) && !other.equals(keep);
        if (older || (name.endsWith(".tmp") && isStale(other))) {
          Files.deleteIfExists(other);
        }
      }
    }
  }

  /** Whether a killed process must have left it: who writes one does so without long pauses. */
  private static boolean isStale(Path file) throws IOException {
    Instant written = Files.getLastModifiedTime(file).toInstant();
    return written.isBefore(Instant.now().minus(STALE));
  }

  /** Whether the file is there and every entry has the checksum it was written with. */
  private static boolean isWhole(Path file) {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      byte[] buffer = new byte[1 << 16];
      for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
        ZipEntry entry = entries.nextElement();
        CRC32 crc = new CRC32();
        try (InputStream in = zip.getInputStream(entry)) {
          for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            crc.update(buffer, 0, count);
          }
        }
        if (crc.getValue() != entry.getCrc()) {
          LOG.warn("{} is damaged and is made anew", file);
          return false;
        }
      }
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      LOG.warn("{} is damaged and is made anew: {}", file, e.getMessage());
      return false;
    }
  }
}

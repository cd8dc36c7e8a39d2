package io.infernet.inference.engine.djl;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder into which DJL unpacks libtorch. DJL takes what it finds there for whole; loading a
 * library that was cut short, by a full disk or a killed process, can end the JVM. So this looks
 * first, and deletes what is not whole, which DJL then unpacks anew.
 */
final class NativeCache {

  private static final Logger LOG = LoggerFactory.getLogger(NativeCache.class);

  /** Where a jar of native libraries says what is in it. */
  private static final String PROPERTIES = "native/lib/pytorch.properties";

  /** What a killed process left half unpacked is of no use to anybody after this. */
  private static final Duration STALE = Duration.ofHours(1);

  private final Path folder;
  private final ClassLoader resources;
  private final Clock clock;

  /**
   * @param cache the folder that DJL was told
   * @param resources where the jars of native libraries are
   */
  NativeCache(Path cache, ClassLoader resources, Clock clock) {
    folder = requireNonNull(cache, "cache is null").resolve("pytorch");
    this.resources = requireNonNull(resources, "resources is null");
    this.clock = requireNonNull(clock, "clock is null");
  }

  /** Deletes libraries whose size is not what it should be, and what killed processes left. */
  void deleteDamaged() {
    deleteDamaged(false);
  }

  /**
   * The same, comparing every byte.
   *
   * @return whether anything was deleted
   */
  boolean deleteCorrupt() {
    return deleteDamaged(true);
  }

  private boolean deleteDamaged(boolean everyByte) {
    boolean deleted = false;
    try {
      deleteStale();
      for (URL url : Collections.list(resources.getResources(PROPERTIES))) {
        Properties jar = new Properties();
        try (InputStream in = url.openStream()) {
          jar.load(in);
        }
        Path unpacked =
            folder.resolve(
                "%s-%s-%s"
                    .formatted(
                        jar.getProperty("version"),
                        jar.getProperty("flavor"),
                        jar.getProperty("classifier")));
        Optional<Path> bad = damaged(jar, unpacked, everyByte);
        if (bad.isPresent()) {
          LOG.warn("{} is damaged, and libtorch is unpacked anew", bad.get());
          delete(unpacked);
          deleted = true;
        }
      }
    } catch (IOException e) {
      LOG.warn("cannot look after the native libraries in {}: {}", folder, e.toString());
    }
    return deleted;
  }

  /** The first library that is not as in the jar. */
  private Optional<Path> damaged(Properties jar, Path unpacked, boolean everyByte)
      throws IOException {
    if (!Files.isDirectory(unpacked)) {
      return Optional.empty();
    }
    for (String name : jar.getProperty("libraries", "").split(",")) {
      Path file = unpacked.resolve(name);
      URL original = resources.getResource("native/lib/" + name);
      if (original != null
          && (!Files.isRegularFile(file)
              || Files.size(file) != original.openConnection().getContentLengthLong()
              || (everyByte && crc(Files.newInputStream(file)) != crc(original.openStream())))) {
        return Optional.of(file);
      }
    }
    return jni(jar, unpacked, everyByte);
  }

  /** DJL's own library, which it puts beside those of libtorch. */
  private Optional<Path> jni(Properties jar, Path unpacked, boolean everyByte) throws IOException {
    String name = System.mapLibraryName("djl_torch");
    URL original =
        resources.getResource(
            "jnilib/%s/%s/%s"
                .formatted(jar.getProperty("classifier"), jar.getProperty("flavor"), name));
    if (original == null) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(unpacked, "*-" + name)) {
      for (Path file : files) {
        if (Files.size(file) != original.openConnection().getContentLengthLong()
            || (everyByte && crc(Files.newInputStream(file)) != crc(original.openStream()))) {
          return Optional.of(file);
        }
      }
    }
    return Optional.empty();
  }

  private static long crc(InputStream source) throws IOException {
    CRC32 crc = new CRC32();
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = source) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        crc.update(buffer, 0, count);
      }
    }
    return crc.getValue();
  }

  private void deleteStale() throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> stale = new ArrayList<>();
    FileTime limit = FileTime.from(clock.instant().minus(STALE));
    try (DirectoryStream<Path> halves = Files.newDirectoryStream(folder, "tmp*")) {
      for (Path half : halves) {
        if (Files.getLastModifiedTime(half).compareTo(limit) < 0) {
          stale.add(half);
        }
      }
    }
    for (Path half : stale) {
      delete(half);
    }
  }

  private static void delete(Path tree) throws IOException {
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}

package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.inference.InfernetException;
import io.infernet.inference.testing.FakeModels;
import io.infernet.libp2p.multiformats.Cid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GraphCacheTest {

  private static final Cid MODEL = FakeModels.installed("a").manifest().cid();

  @TempDir Path folder;

  private Set<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  private Path get(String kind) {
    return new GraphCache(folder)
        .get(MODEL, kind, ".bin", Files::exists, file -> Files.writeString(file, "converted"));
  }

  @Test
  void deletesWhatKilledLoadsLeftAndNothingThatIsBeingWritten() throws IOException {
    Path left = Files.writeString(folder.resolve(MODEL + "123.tmp"), "half");
    Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    Files.writeString(folder.resolve("other456.tmp"), "being written");
    get("one");
    assertEquals(Set.of(MODEL + "-one.bin", "other456.tmp"), names());
    get("two");
    assertEquals(Set.of(MODEL + "-two.bin", "other456.tmp"), names());
  }

  @Test
  void leavesNothingBehindWhenAConversionFails() throws IOException {
    InfernetException error =
        assertThrows(
            InfernetException.class,
            () ->
                new GraphCache(folder)
                    .get(
                        MODEL,
                        "one",
                        ".bin",
                        Files::exists,
                        file -> {
                          Files.writeString(file, "half");
                          throw new IOException("No space left on device");
                        }));
    assertEquals(
        "cannot write the converted model into "
            + folder
            + ": No space left on device; check space and permissions",
        error.getMessage());
    assertEquals(Set.of(), names());
  }
}

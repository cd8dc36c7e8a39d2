package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCacheTest {

  @TempDir Path folder;
  private Path unpacked;
  private NativeCache cache;

  @BeforeEach
  void unpack() throws IOException {
    String jni = System.mapLibraryName("djl_torch");
    Path jar = folder.resolve("natives.jar");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (Map.Entry<String, String> entry :
          Map.of(
                  "native/lib/pytorch.properties",
                  "version=9.9\nflavor=cpu\nclassifier=x-y\nlibraries=liba.so,libb.so\n",
                  "native/lib/liba.so",
                  "the first library",
                  "native/lib/libb.so",
                  "the second library",
                  "jnilib/x-y/cpu/" + jni,
                  "the bridge")
              .entrySet()) {
        out.putNextEntry(new ZipEntry(entry.getKey()));
        out.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
        out.closeEntry();
      }
    }
    unpacked = folder.resolve("pytorch").resolve("9.9-cpu-x-y");
    Files.createDirectories(unpacked);
    Files.writeString(unpacked.resolve("liba.so"), "the first library");
    Files.writeString(unpacked.resolve("libb.so"), "the second library");
    Files.writeString(unpacked.resolve("0.1-" + jni), "the bridge");
    cache =
        new NativeCache(
            folder, new URLClassLoader(new URL[] {jar.toUri().toURL()}, null), Clock.systemUTC());
  }

  @Test
  void keepsWhatIsWhole() {
    cache.deleteDamaged();
    assertFalse(cache.deleteCorrupt());
    assertTrue(Files.exists(unpacked.resolve("libb.so")));
  }

  @Test
  void deletesLibrariesThatWereCutShort() throws IOException {
    Files.writeString(unpacked.resolve("libb.so"), "the sec");
    cache.deleteDamaged();
    assertFalse(Files.exists(unpacked));
    cache.deleteDamaged();
  }

  @Test
  void deletesWhatIsMissingAPart() throws IOException {
    Files.delete(unpacked.resolve("liba.so"));
    cache.deleteDamaged();
    assertFalse(Files.exists(unpacked));
  }

  @Test
  void looksAtTheBridgeToo() throws IOException {
    Files.writeString(unpacked.resolve("0.1-" + System.mapLibraryName("djl_torch")), "the br");
    cache.deleteDamaged();
    assertFalse(Files.exists(unpacked));
  }

  @Test
  void findsWrongBytesWhenItReadsThem() throws IOException {
    Files.writeString(unpacked.resolve("liba.so"), "the f1rst library");
    cache.deleteDamaged();
    assertTrue(Files.exists(unpacked));
    assertTrue(cache.deleteCorrupt());
    assertFalse(Files.exists(unpacked));
  }

  @Test
  void deletesWhatKilledProcessesLeft() throws IOException {
    Path old = Files.createDirectories(folder.resolve("pytorch").resolve("tmp123"));
    Files.writeString(old.resolve("liba.so"), "the");
    Path fresh = Files.createDirectories(folder.resolve("pytorch").resolve("tmp456"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    cache.deleteDamaged();
    assertFalse(Files.exists(old));
    assertTrue(Files.exists(fresh));
    assertTrue(Files.exists(unpacked));
  }
}

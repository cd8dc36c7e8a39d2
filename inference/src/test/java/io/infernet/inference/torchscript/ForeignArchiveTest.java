package io.infernet.inference.torchscript;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.libp2p.testing.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignArchiveTest {

  private static final ArchiveLimits LIMITS =
      new ArchiveLimits(40, 20_000, 20_000, 10_000, 1000, 1000, 50);

  @TempDir Path folder;

  /** What torch.jit.save writes, but for what no model needs; values are replaced by tests. */
  private static Map<String, byte[]> files() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("m/data/0", new byte[24]);
    files.put(
        "m/data.pkl", PickleBytes.start().tensor("0", 6, 0, new long[] {6}, new long[] {1}).stop());
    files.put("m/code/__torch__.py", text("class Net(Module):\n  training : bool\n"));
    files.put("m/constants.pkl", PickleBytes.start().ops(")").stop());
    files.put("m/version", text("3\n"));
    return files;
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private Path write(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        boolean packed = file.getKey().endsWith(".py") || file.getKey().endsWith("packed");
        if (!packed) {
          CRC32 crc = new CRC32();
          crc.update(file.getValue());
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(file.getValue().length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(file.getValue());
        zip.closeEntry();
      }
    }
    return write(out.toByteArray());
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("model.pt"), bytes);
  }

  private void refuses(String named, Map<String, byte[]> files) throws IOException {
    refuses(named, write(files));
  }

  private void refuses(String named, Path file) {
    InfernetException e =
        assertThrows(InfernetException.class, () -> ForeignArchive.open(file, LIMITS));
    assertTrue(
        e instanceof DamagedModelException || e instanceof UnsupportedModelException, e.toString());
    assertTrue(e.getMessage().contains(named), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"embedder", "classifier"})
  void readsWhatPyTorchWrites(String name) throws IOException {
    byte[] bytes;
    try (InputStream in =
        ForeignArchive.class.getResourceAsStream(
            "/io/infernet/inference/torchscript/" + name + ".pt")) {
      bytes = in.readAllBytes();
    }
    try (ForeignArchive archive = ForeignArchive.open(write(bytes), LIMITS)) {
      assertTrue(archive.weightBytes() >= 96_000);
      assertTrue(archive.names().contains("code/__torch__/torch/nn/modules/sparse.py"));
      assertFalse(archive.names().stream().anyMatch(file -> file.endsWith("debug_pkl")));
      long[] size = {0};
      archive.read("data/0", piece -> size[0] += piece.remaining());
      assertTrue(size[0] > 0);
    }
  }

  @Test
  void givesOutWhatItChecked() throws IOException {
    Map<String, byte[]> files = files();
    try (ForeignArchive archive = ForeignArchive.open(write(files), LIMITS)) {
      assertEquals(files.size(), archive.names().size());
      for (String name : archive.names()) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        archive.read(
            name,
            piece -> {
              byte[] bytes = new byte[piece.remaining()];
              piece.get(bytes);
              out.writeBytes(bytes);
            });
        assertArrayEquals(files.get("m/" + name), out.toByteArray(), name);
      }
    }
  }

  @Test
  void refusesNamesThatLeadOutOrThatNoModelNeeds() throws IOException {
    for (String name :
        new String[] {
          "m/../../x",
          "/m/x",
          "m//x",
          "m/./x",
          "m\\x",
          "m/code/__torch__.exe",
          "m/bytecode.pkl",
          "m/code/ü.py",
          "m/x\ny"
        }) {
      Map<String, byte[]> files = files();
      files.put(name, new byte[1]);
      refuses("", files);
    }
    Map<String, byte[]> twoRoots = files();
    twoRoots.put("n/version", text("3\n"));
    refuses("one folder", twoRoots);
  }

  @Test
  void refusesArchivesWithMissingParts() throws IOException {
    for (String name : new String[] {"m/data.pkl", "m/constants.pkl", "m/version", "m/data/0"}) {
      Map<String, byte[]> files = files();
      files.remove(name);
      refuses("", files);
    }
    Map<String, byte[]> version = files();
    version.put("m/version", text("three"));
    refuses("version", version);
    Map<String, byte[]> order = files();
    order.put("m/byteorder", text("big"));
    refuses("byte order", order);
    assertThrows(
        DamagedModelException.class, () -> ForeignArchive.open(folder.resolve("none"), LIMITS));
  }

  @Test
  void refusesHostileContentsByName() throws IOException {
    Map<String, byte[]> files = files();
    files.put("m/data.pkl", PickleBytes.start().global("os", "system").stop());
    refuses("os.system", files);
    Map<String, byte[]> constants = files();
    constants.put("m/constants.pkl", PickleBytes.start().global("os", "system").stop());
    refuses("os.system", constants);
    Map<String, byte[]> source = files();
    source.put("m/code/__torch__/a.py", text("x = torch.from_file(\"/etc/passwd\")\n"));
    refuses("from_file", source);
  }

  @Test
  void refusesBombs() throws IOException {
    Map<String, byte[]> packed = files();
    packed.put("m/code/bomb.py", new byte[1_000_000]);
    refuses("bytes of source", packed);
    Map<String, byte[]> many = files();
    for (int i = 1; i < 50; i++) {
      many.put("m/data/" + i, new byte[1]);
    }
    refuses("at most 40", many);
    Map<String, byte[]> numbers = files();
    numbers.put("m/data.pkl", new byte[30_000]);
    refuses("at most 20000", numbers);
    // Says it is small, and unpacks to more than it says.
    byte[] lying = Files.readAllBytes(write(withSource("x = 1\n".repeat(2000))));
    ByteBuffer bytes = ByteBuffer.wrap(lying).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(central(bytes, "m/code/__torch__.py") + 24, 100);
    refuses("another size", write(lying));
  }

  private static Map<String, byte[]> withSource(String source) {
    Map<String, byte[]> files = files();
    files.put("m/code/__torch__.py", text(source));
    return files;
  }

  /** Where an entry of the central directory begins. */
  private static int central(ByteBuffer zip, String name) {
    int at = zip.getInt(zip.capacity() - 6);
    while (true) {
      byte[] actual = new byte[zip.getShort(at + 28)];
      zip.get(at + 46, actual);
      if (new String(actual, StandardCharsets.ISO_8859_1).equals(name)) {
        return at;
      }
      at += 46 + actual.length + zip.getShort(at + 30) + zip.getShort(at + 32);
    }
  }

  @Test
  void refusesEntriesThatShareTheirData() throws IOException {
    Map<String, byte[]> files = files();
    files.put("m/data/1", new byte[24]);
    byte[] zip = Files.readAllBytes(write(files));
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(central(bytes, "m/data/1") + 42, bytes.getInt(central(bytes, "m/data/0") + 42));
    refuses("not its own", write(zip));
  }

  @Test
  void refusesSameNamesAndBadChecksumsAndMoreBehindTheEnd() throws IOException {
    Map<String, byte[]> files = files();
    files.put("m/data/1", new byte[24]);
    byte[] zip = Files.readAllBytes(write(files));
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    int at = central(bytes, "m/data/1");
    bytes.put(at + 46 + "m/data/".length(), (byte) '0');
    refuses("twice", write(zip));

    byte[] damaged = Files.readAllBytes(write(files()));
    ByteBuffer crc = ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN);
    crc.putInt(central(crc, "m/version") + 16, 7);
    refuses("checksum", write(damaged));

    byte[] whole = Files.readAllBytes(write(files()));
    refuses("zip file", write(Arrays.copyOf(whole, whole.length + 1)));
    refuses("", write(Arrays.copyOf(whole, whole.length / 2)));
    refuses("", write(new byte[0]));
  }

  @Test
  void tellsOfNumbersThatDoNotMatchTheirChecksumWhenTheyAreRead() throws IOException {
    byte[] zip = Files.readAllBytes(write(files()));
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(central(bytes, "m/data/0") + 16, 7);
    try (ForeignArchive archive = ForeignArchive.open(write(zip), LIMITS)) {
      assertThrows(DamagedModelException.class, () -> archive.read("data/0", piece -> {}));
    }
  }

  @Test
  void opensOrSaysWhyWhateverTheBytesAre() throws IOException {
    byte[] seed = Files.readAllBytes(write(files()));
    Property.forAll(
        2_000,
        random -> {
          Path file = write(Property.mutate(random, seed));
          try {
            ForeignArchive.open(file, LIMITS).close();
          } catch (DamagedModelException | UnsupportedModelException e) {
            assertEquals(1, e.getMessage().lines().count());
          }
        });
  }
}

package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import io.infernet.inference.engine.djl.TorchScriptArchive.Tensor;
import io.infernet.inference.testing.TestModels;
import io.infernet.libp2p.testing.Property;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchScriptArchiveTest {

  @TempDir Path folder;

  @Test
  void storesAndAlignsWhateverIsWritten() {
    Property.forAll(
        50,
        random -> {
          Path file = folder.resolve("a.zip");
          List<byte[]> contents = new ArrayList<>();
          try (StoredZipWriter zip =
              new StoredZipWriter(
                  FileChannel.open(
                      file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
            for (int i = 0; i < 1 + random.nextInt(5); i++) {
              byte[] content = Property.bytes(random, 5_000);
              contents.add(content);
              zip.add("x/" + "n".repeat(random.nextInt(70)) + i, content);
            }
            zip.finish();
          }
          byte[] whole = Files.readAllBytes(file);
          try (ZipFile zip = new ZipFile(file.toFile());
              ZipInputStream stream = new ZipInputStream(Files.newInputStream(file))) {
            int i = 0;
            for (ZipEntry entry : zip.stream().toList()) {
              byte[] content = contents.get(i++);
              assertArrayEquals(content, zip.getInputStream(entry).readAllBytes());
              // Reading as a stream looks at the local headers and at the checksums.
              assertEquals(entry.getName(), stream.getNextEntry().getName());
              assertArrayEquals(content, stream.readAllBytes());
              assertEquals(ZipEntry.STORED, entry.getMethod());
              assertTrue(isAligned(whole, content), "data is not aligned");
            }
            assertEquals(contents.size(), i);
          }
          Files.delete(file);
        });
  }

  private static boolean isAligned(byte[] whole, byte[] content) {
    for (int at = 0; at + content.length <= whole.length; at += StoredZipWriter.ALIGNMENT) {
      if (Arrays.equals(whole, at, at + content.length, content, 0, content.length)) {
        return true;
      }
    }
    return false;
  }

  @Test
  void neverOverwritesAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("taken"), "");
    assertThrows(FileAlreadyExistsException.class, () -> new TorchScriptArchive("").write(file));
  }

  @Test
  void givesLibtorchTheTensorsItWasGiven() throws Exception {
    Libtorch.start(TestModels.config(folder).nativesFolder());
    String source =
        """
        class Model(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          some : Tensor
          none : Tensor
          list : List[Tensor]
          empty : List[Tensor]
          numbers : List[int]
          number : int
          def forward(self: __torch__.Model,
            n: int) -> List[Tensor]:
            sizes = torch.tensor([torch.numel(self.none), torch.len(self.empty), n], dtype=6)
            whole = torch.tensor(torch.add(self.numbers, [self.number]), dtype=6)
            return [self.some, sizes, whole, (self.list)[1]]
        """;
    Path file = folder.resolve("m.pt");
    new TorchScriptArchive(source)
        .tensor("some", Tensor.of(new float[] {7, -8}))
        .tensor("none", Tensor.empty())
        .list("list", List.of(Tensor.of(new float[] {1}), Tensor.of(new float[] {1.5f, 2})))
        .list("empty")
        .integers("numbers", List.of(3L, -1L, 1L << 33))
        .integer("number", 5)
        .write(file);
    try (Model model = Model.newInstance("m", "PyTorch")) {
      model.load(folder, "m.pt");
      try (IValue n = IValue.from(9L);
          IValue result = IValueUtils.runMethod((PtSymbolBlock) model.getBlock(), "forward", n);
          PtNDManager manager = (PtNDManager) model.getNDManager().newSubManager()) {
        List<float[]> values =
            Arrays.stream(result.toTensorArray(manager)).map(t -> t.toFloatArray()).toList();
        assertArrayEquals(new float[] {7, -8}, values.get(0));
        assertArrayEquals(new float[] {0, 0, 9}, values.get(1));
        assertArrayEquals(new float[] {3, -1, 1L << 33, 5}, values.get(2));
        assertArrayEquals(new float[] {1.5f, 2}, values.get(3));
      }
    }
  }
}

package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.infernet.inference.batching.Chunk;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Logits;
import io.infernet.inference.batching.Step;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.Device;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.TestModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MisalignedModelTest {

  @TempDir Path home;

  /** Makes the header one byte longer, as nothing forbids. */
  private static void misalign(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int header = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header + 1).array());
    out.write(bytes, 8, header);
    out.write(' ');
    out.write(bytes, 8 + header, bytes.length - 8 - header);
    Files.write(file, out.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny-llama3", "tiny-llama3:int8"})
  void runsModelsWhoseNumbersLieAtOddPlaces(String name) throws IOException {
    InstalledModel model = TestModels.install(name, home);
    float[] expected = logits(model);
    misalign(model.folder().resolve("model.safetensors"));
    assertArrayEquals(expected, logits(TestModels.install(name, home)));
  }

  private float[] logits(InstalledModel model) throws IOException {
    try (Decoder decoder =
        new DjlDecoderLoader(TestModels.config(home), CheckpointLimits.defaults())
            .load(model, Device.CPU, 64)) {
      Step step = new Step(List.of(new Chunk(0, 0, new int[] {1, 2, 3}, Logits.LAST)), false);
      // What lies behind the one row that was asked for means nothing.
      return Arrays.copyOf(decoder.step(step).logits(), decoder.vocabSize());
    }
  }
}

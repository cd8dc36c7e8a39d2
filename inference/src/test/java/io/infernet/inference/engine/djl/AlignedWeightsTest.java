package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.batching.Chunk;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Logits;
import io.infernet.inference.batching.Step;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.TensorSpec;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlignedWeightsTest {

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

  @Test
  void runsModelsWhoseNumbersLieAtOddPlaces() throws IOException {
    InstalledModel model = TestModels.install("tiny-llama3", home);
    float[] expected = logits(model);
    try (Checkpoint checkpoint = Checkpoint.open(model.folder(), CheckpointLimits.defaults())) {
      assertFalse(AlignedWeights.isNeeded(checkpoint));
    }
    misalign(model.folder().resolve("model.safetensors"));
    try (Checkpoint checkpoint = Checkpoint.open(model.folder(), CheckpointLimits.defaults())) {
      assertTrue(AlignedWeights.isNeeded(checkpoint));
    }
    assertArrayEquals(expected, logits(model));
  }

  private float[] logits(InstalledModel model) throws IOException {
    try (Decoder decoder =
        new DjlDecoderLoader(TestModels.config(home), CheckpointLimits.defaults())
            .load(
                new InstalledModel(
                    TestModels.install("tiny-llama3", home).manifest(), model.folder()),
                Device.CPU,
                64)) {
      Step step = new Step(List.of(new Chunk(0, 0, new int[] {1, 2, 3}, Logits.LAST)), false);
      // What lies behind the one row that was asked for means nothing.
      return Arrays.copyOf(decoder.step(step).logits(), decoder.vocabSize());
    }
  }

  @Test
  void copiesEveryTensorToAnAlignedPlace() throws IOException {
    InstalledModel model = TestModels.install("tiny-qwen2", home);
    Path copy = home.resolve("copy");
    try (Checkpoint checkpoint = Checkpoint.open(model.folder(), CheckpointLimits.defaults())) {
      AlignedWeights weights = new AlignedWeights(checkpoint);
      assertFalse(weights.isWhole(copy));
      weights.write(copy);
      assertTrue(weights.isWhole(copy));
      byte[] copied = Files.readAllBytes(copy);
      for (TensorSpec spec : checkpoint.config().tensors().all()) {
        ByteArrayOutputStream original = new ByteArrayOutputStream();
        checkpoint.read(
            spec.name(),
            bytes -> {
              while (bytes.hasRemaining()) {
                original.write(bytes.get());
              }
            });
        int from = (int) weights.source(copy).tensor(spec).position();
        assertEquals(0, from % 8);
        assertArrayEquals(
            original.toByteArray(),
            Arrays.copyOfRange(copied, from, from + original.size()),
            spec.name());
      }
    }
  }
}

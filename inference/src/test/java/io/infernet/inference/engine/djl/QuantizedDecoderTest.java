package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.batching.Chunk;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Logits;
import io.infernet.inference.batching.Step;
import io.infernet.inference.batching.StepOutput;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.Device;
import io.infernet.inference.testing.Golden;
import io.infernet.inference.testing.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole models in 8 and 4 bits. */
class QuantizedDecoderTest {

  private static final int EXTENT = 128;

  @TempDir Path home;

  private Decoder decoder(String name) throws IOException {
    return new DjlDecoderLoader(TestModels.config(home), CheckpointLimits.defaults())
        .load(TestModels.install(name, home), Device.CPU, 2 * EXTENT);
  }

  private static int[] text(String model) {
    return Golden.of(model).stream()
        .map(golden -> golden.ids().toArray())
        .max((a, b) -> Integer.compare(a.length, b.length))
        .orElseThrow();
  }

  private static StepOutput prompt(Decoder decoder, int[] ids) {
    return decoder.step(new Step(List.of(new Chunk(0, 0, ids, Logits.ALL)), true));
  }

  private static double[] logprobs(float[] logits, int row, int vocab) {
    double[] values = new double[vocab];
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < vocab; i++) {
      values[i] = logits[row * vocab + i];
      largest = Math.max(largest, values[i]);
    }
    double sum = 0;
    for (double value : values) {
      sum += Math.exp(value - largest);
    }
    double shift = largest + Math.log(sum);
    return Arrays.stream(values).map(value -> value - shift).toArray();
  }

  @ParameterizedTest
  @CsvSource({"int8, 0.005", "int4, 0.03"})
  void losesLittleOfATrainedModel(String variant, double bound) throws IOException {
    int[] ids = text("storyteller");
    float[] expected;
    int vocab;
    try (Decoder decoder = decoder("storyteller:fp32")) {
      vocab = decoder.vocabSize();
      expected = Arrays.copyOf(prompt(decoder, ids).logits(), ids.length * vocab);
    }
    try (Decoder decoder = decoder("storyteller:" + variant)) {
      float[] actual = prompt(decoder, ids).logits();
      double divergence = 0;
      for (int t = 0; t < ids.length; t++) {
        double[] p = logprobs(expected, t, vocab);
        double[] q = logprobs(actual, t, vocab);
        for (int i = 0; i < vocab; i++) {
          divergence += Math.exp(p[i]) * (p[i] - q[i]);
        }
      }
      assertTrue(divergence / ids.length < bound, variant + ": " + divergence / ids.length);
    }
  }

  @Test
  void saysInWhichNumbersItComputes() throws IOException {
    DjlDecoderLoader loader =
        new DjlDecoderLoader(TestModels.config(home), CheckpointLimits.defaults());
    assertEquals(
        "float32", loader.numbers(TestModels.install("storyteller:fp32", home), Device.CPU));
    assertEquals(
        "int8 and bfloat16",
        loader.numbers(TestModels.install("storyteller:int8", home), Device.CPU));
  }

  /** As an audit does: what was decoded token by token is computed again as a prompt. */
  @ParameterizedTest
  @ValueSource(strings = {"storyteller:int8", "storyteller:int4", "tiny-qwen2:int4"})
  void decodesWhatThePromptGives(String name) throws IOException {
    int[] ids = text(name.substring(0, name.indexOf(':')));
    try (Decoder decoder = decoder(name)) {
      float[] together = prompt(decoder, ids).hidden().clone();
      int width = decoder.hiddenSize();
      double error = 0;
      double all = 0;
      for (int t = 0; t < ids.length; t++) {
        float[] alone =
            decoder
                .step(
                    new Step(List.of(new Chunk(EXTENT, t, new int[] {ids[t]}, Logits.NONE)), true))
                .hidden();
        for (int i = 0; i < width; i++) {
          error += Math.pow(alone[i] - together[t * width + i], 2);
          all += Math.pow(together[t * width + i], 2);
        }
      }
      assertTrue(Math.sqrt(error / all) < 0.02, name + ": " + Math.sqrt(error / all));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny-llama3", "tiny-mistral", "tiny-qwen3", "tiny-gemma2"})
  void runsEveryFamily(String name) throws IOException {
    int[] ids = text(name);
    for (String variant : List.of(":int8", ":int4")) {
      try (Decoder decoder = decoder(name + variant)) {
        StepOutput output = prompt(decoder, ids);
        for (int i = 0; i < ids.length * decoder.vocabSize(); i++) {
          assertTrue(Float.isFinite(output.logits()[i]), name + variant);
        }
      }
    }
  }

  @Test
  void quantizesOnceAndAgainWhenTheFileIsDamaged() throws IOException {
    decoder("storyteller:int4").close();
    Path file;
    try (Stream<Path> files = Files.list(TestModels.config(home).graphFolder())) {
      file = files.filter(f -> f.toString().endsWith(".safetensors")).findFirst().orElseThrow();
    }
    byte[] whole = Files.readAllBytes(file);
    var written = Files.getLastModifiedTime(file);
    decoder("storyteller:int4").close();
    assertEquals(written, Files.getLastModifiedTime(file));
    byte[] damaged = whole.clone();
    damaged[damaged.length - 7] ^= 1;
    Files.write(file, damaged);
    decoder("storyteller:int4").close();
    assertEquals(-1, Arrays.mismatch(whole, Files.readAllBytes(file)));
  }
}

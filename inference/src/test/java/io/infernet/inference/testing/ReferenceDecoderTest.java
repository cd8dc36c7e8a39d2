package io.infernet.inference.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.inference.engine.TokenScore.Alternative;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference agrees with references that others made, before anything is compared with it. */
class ReferenceDecoderTest {

  /** Theirs are float32: about 2e-5 from float64. */
  private static final double TOLERANCE = 1e-4;

  @TempDir Path home;

  @ParameterizedTest
  @ValueSource(strings = {"tiny-llama3", "tiny-qwen2", "tiny-mistral", "tiny-qwen3", "tiny-gemma2"})
  void givesTheGoldenLogprobs(String name) throws IOException {
    try (ReferenceDecoder decoder = new ReferenceDecoder(TestModels.install(name, home).folder())) {
      for (Golden golden : Golden.of(name)) {
        double[][] logprobs = decoder.logprobs(golden.ids().toArray());
        for (int t = 0; t < logprobs.length; t++) {
          for (Alternative expected : golden.logprobs().get(t)) {
            assertEquals(
                expected.logprob(), logprobs[t][expected.id()], TOLERANCE, name + " after " + t);
          }
        }
      }
    }
  }
}

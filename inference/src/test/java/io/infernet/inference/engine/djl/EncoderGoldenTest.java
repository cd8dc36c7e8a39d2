package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.encoding.Encoder;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.EncoderGolden;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TypedTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EncoderGoldenTest {

  /** The references agree to about 5e-6. */
  private static final double TOLERANCE = 1e-4;

  @TempDir Path home;

  private Encoder load(String name) throws IOException {
    InstalledModel model = TestModels.install(name, home);
    return new DjlEncoderLoader(TestModels.config(home), CheckpointLimits.defaults()).load(model);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny-bert", "tiny-bert-classifier"})
  void computesTheReferenceNumbersOneByOneAndAllAtOnce(String name) throws IOException {
    List<EncoderGolden> goldens = EncoderGolden.of(name);
    try (Encoder encoder = load(name)) {
      List<TypedTokens> texts = goldens.stream().map(EncoderGolden::tokens).toList();
      List<float[]> together = encoder.encode(texts);
      for (int i = 0; i < goldens.size(); i++) {
        assertNumbers(goldens.get(i).output(), together.get(i), goldens.get(i).text());
        assertNumbers(
            goldens.get(i).output(),
            encoder.encode(texts.subList(i, i + 1)).get(0),
            goldens.get(i).text());
      }
    }
  }

  private static void assertNumbers(List<Double> expected, float[] actual, String what) {
    assertEquals(expected.size(), actual.length, what);
    double dot = 0;
    double square = 0;
    double expectedSquare = 0;
    for (int i = 0; i < actual.length; i++) {
      assertEquals(expected.get(i), actual[i], TOLERANCE, what);
      dot += expected.get(i) * actual[i];
      square += actual[i] * (double) actual[i];
      expectedSquare += expected.get(i) * expected.get(i);
    }
    assertTrue(dot / Math.sqrt(square * expectedSquare) > 0.9999, what);
  }
}

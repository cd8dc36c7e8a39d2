package io.infernet.inference.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.inference.InfernetException;
import io.infernet.inference.testing.EncoderGolden;
import io.infernet.inference.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncoderTokenizationTest {

  @TempDir Path home;

  private TextTokenizer open(String model, int maxChars) throws IOException {
    return TextTokenizer.open(
        TestModels.install(model, home).folder(),
        TestModels.config(home).nativesFolder(),
        maxChars);
  }

  @Test
  void givesTheReferenceIdsAndTypesOfTextsAndPairs() throws IOException {
    for (String model : new String[] {"tiny-bert", "tiny-bert-classifier"}) {
      try (TextTokenizer tokenizer = open(model, 10_000)) {
        for (EncoderGolden golden : EncoderGolden.of(model)) {
          assertEquals(
              golden.tokens(),
              golden.pair().isPresent()
                  ? tokenizer.encodeTyped(golden.text(), golden.pair().get())
                  : tokenizer.encodeTyped(golden.text()));
        }
      }
    }
  }

  @Test
  void cutsNothingOffAndRefusesWhatIsTooLong() throws IOException {
    try (TextTokenizer tokenizer = open("tiny-bert", 10_000)) {
      // Longer than the model_max_length of its configuration.
      assertEquals(202, tokenizer.encodeTyped("a ".repeat(200)).size());
      String half = "a".repeat(5001);
      assertThrows(InfernetException.class, () -> tokenizer.encodeTyped(half, half));
      assertThrows(InfernetException.class, () -> tokenizer.encodeTyped(half + half));
    }
  }
}

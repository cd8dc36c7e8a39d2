package io.infernet.inference.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelNameTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "storyteller",
        "a",
        "Qwen2.5-0.5B_x",
        "storyteller:bf16",
        "m:int4",
        "llama3.2:1b",
        "Qwen/Qwen2.5-7B-Instruct",
        "hf.co/someone/Some-GGUF:Q4_K_M",
        "a:int5",
        "a:bf16:x"
      })
  void readsWhatItWrites(String text) {
    assertEquals(text, ModelName.parse(text).toString());
  }

  @Test
  void separatesTheVariant() {
    assertEquals(new ModelName("m", Optional.of(Variant.INT8)), ModelName.parse("m:int8"));
    assertEquals(new ModelName("m", Optional.empty()), ModelName.parse("m"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ":", "a:", "../a", "a/../b", "a/./b", "/a", "a//b", "a/", ".a", "ä", "a b"})
  void refusesOtherTexts(String text) {
    InfernetException error = assertThrows(InfernetException.class, () -> ModelName.parse(text));
    assertEquals(1, error.getMessage().lines().count());
  }

  @Test
  void dropsTheTagThatMeansNone() {
    assertEquals(ModelName.parse("llama3.2"), ModelName.parse("llama3.2:latest"));
  }

  @Test
  void hasNoNameThatReadsAsAnother() {
    assertThrows(InfernetException.class, () -> new ModelName("m:int8", Optional.empty()));
    assertThrows(InfernetException.class, () -> new ModelName("m:latest", Optional.empty()));
  }

  @Test
  void tellsFolderNamesFromOthers() {
    assertTrue(ModelName.parse("m:int8").isFolderName());
    assertFalse(ModelName.parse("m:1b").isFolderName());
    assertFalse(ModelName.parse("a/b").isFolderName());
  }

  @Test
  void refusesLongNamesWithAShortMessage() {
    InfernetException error =
        assertThrows(InfernetException.class, () -> ModelName.parse("x".repeat(10_000)));
    assertTrue(error.getMessage().length() < 300);
  }
}

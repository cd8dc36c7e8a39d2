package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.testing.TestModels;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibtorchTest {

  @Test
  void asksTheProcessorForItsNumbers(@TempDir Path home) {
    Libtorch.start(TestModels.config(home).nativesFolder());
    Set<Arithmetic> numbers = Libtorch.processorNumbers();
    assertTrue(numbers.contains(Arithmetic.FLOAT32));
    assertEquals(numbers, Libtorch.processorNumbers());
  }
}

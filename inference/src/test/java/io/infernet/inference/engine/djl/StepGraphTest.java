package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.KnownDims;
import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.engine.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepGraphTest {

  @TempDir Path folder;

  @Test
  void theTextIsTheSameInAllLanguages() throws Exception {
    for (String name : KnownDims.names()) {
      Files.write(folder.resolve("config.json"), KnownDims.config(name));
      String here = text();
      Locale before = Locale.getDefault();
      // Its digits are not those of ASCII.
      Locale.setDefault(new Locale("fa", "IR"));
      try {
        assertEquals(here, text(), name);
      } finally {
        Locale.setDefault(before);
      }
    }
  }

  private String text() {
    StepGraph graph =
        new StepGraph(
            ModelConfig.read(folder, CheckpointLimits.defaults()),
            Arithmetic.BFLOAT16,
            new OneDnnLinear(),
            Device.CPU);
    return graph.label() + graph.source();
  }
}

package io.infernet.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineBenchCommandTest {

  @TempDir Path folder;

  @Test
  void saysWhatIsWrongWithItsOptions() {
    for (String[] wrong :
        new String[][] {
          {"--dims", "nosuch"},
          {"--dims", "qwen2.5-0.5b", "--quality"},
          {"--soak", "5", "--quality"},
          {"--soak", "0"},
          {"--soak", "5", "--prompt-tokens", "1000000"},
          {"--prompt-tokens", "0"},
          {"--prompt-tokens", "2147483647"},
          {"--output-tokens", "1"},
          {"--output-tokens", "2147483647"},
          {"--repeats", "2147483647"},
          {"--streams", "4,-1"},
          {"--load", "100000"},
          {"--load", "many"}
        }) {
      CliRun run = bench(wrong);
      String said = String.join(" ", wrong) + ": " + run.err();
      assertEquals(2, run.code(), said);
      assertEquals(1, run.err().lines().count(), said);
    }
  }

  @Test
  void namesTheDimensionsThatItKnows() {
    assertTrue(bench("--dims", "nosuch").err().contains("qwen2.5-0.5b"));
  }

  @Test
  void knowsNoModelThatIsNotInstalled() {
    assertEquals(3, bench("--model", "nosuch").code());
  }

  private CliRun bench(String... options) {
    String[] arguments = new String[options.length + 2];
    arguments[0] = "bench";
    arguments[1] = "engine";
    System.arraycopy(options, 0, arguments, 2, options.length);
    return CliRun.of(folder, arguments);
  }
}

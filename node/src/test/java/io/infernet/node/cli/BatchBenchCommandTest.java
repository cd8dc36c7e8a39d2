package io.infernet.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchBenchCommandTest {

  @TempDir Path folder;

  @Test
  void printsALineForEachRun() throws Exception {
    CliRun run = bench("--providers", "20", "--items", "500", "--seed", "7", "--json");

    assertEquals(0, run.code(), run.err());
    List<String> lines = run.out().lines().toList();
    assertEquals(2, lines.size(), run.out());
    JsonNode undisturbed = new ObjectMapper().readTree(lines.get(0));
    assertEquals("batch", undisturbed.get("bench").asText());
    assertEquals(0, undisturbed.get("failed").asInt());
    assertEquals(1, undisturbed.get("of_undisturbed").asDouble());
    assertEquals(0, undisturbed.get("unsettled").asInt());
    assertEquals(16, undisturbed.get("trace").asText().length());
    assertEquals(6, new ObjectMapper().readTree(lines.get(1)).get("failed").asInt());
  }

  @Test
  void printsATableForPeople() {
    CliRun run = bench("--providers", "5", "--items", "50", "--redundancy", "1");

    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().startsWith("FAILED"), run.out());
    assertEquals(3, run.out().lines().count(), run.out());
  }

  @Test
  void saysWhatIsWrongWithItsOptions() {
    for (String[] wrong :
        new String[][] {
          {"--providers", "0"},
          {"--providers", "1000000"},
          {"--redundancy", "6"},
          {"--spread", "nan"},
          {"--failing", "1", "--items", "10"}
        }) {
      CliRun run = bench(wrong);
      assertEquals(2, run.code(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
  }

  private CliRun bench(String... options) {
    String[] arguments = new String[options.length + 2];
    arguments[0] = "bench";
    arguments[1] = "batch";
    System.arraycopy(options, 0, arguments, 2, options.length);
    return CliRun.of(folder, arguments);
  }
}

package io.infernet.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DhtBenchCommandTest {

  @TempDir Path folder;

  @Test
  void printsALineForEachNumberOfNodes() throws Exception {
    CliRun run =
        bench(
            "--nodes", "10,20", "--lookups", "20", "--churn-minutes", "2", "--seed", "5", "--json");

    assertEquals(0, run.code(), run.err());
    List<String> lines = run.out().lines().toList();
    assertEquals(2, lines.size(), run.out());
    JsonNode line = new ObjectMapper().readTree(lines.get(0));
    assertEquals("dht", line.get("bench").asText());
    assertEquals(10, line.get("nodes").asInt());
    assertEquals(20, line.get("lookups").asInt());
    assertEquals(1, line.get("exact").asDouble());
    assertEquals(5, line.get("seed").asInt());
    assertEquals(16, line.get("trace").asText().length());
    assertEquals(20, new ObjectMapper().readTree(lines.get(1)).get("nodes").asInt());
  }

  @Test
  void printsATableForPeople() {
    CliRun run =
        bench(
            "--nodes",
            "20",
            "--lookups",
            "10",
            "--churn",
            "0",
            "--attackers",
            "0.2",
            "--attack",
            "spam,sybil");

    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().startsWith("NODES"), run.out());
  }

  @Test
  void saysWhatIsWrongWithItsOptions() {
    for (String[] wrong :
        new String[][] {
          {"--nodes", "1"},
          {"--latency", "fast"},
          {"--latency", "300-50"},
          {"--attack", "rudeness"},
          {"--attackers", "0.99"}
        }) {
      CliRun run = bench(wrong);
      assertEquals(2, run.code(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
  }

  private CliRun bench(String... options) {
    String[] arguments = new String[options.length + 2];
    arguments[0] = "bench";
    arguments[1] = "dht";
    System.arraycopy(options, 0, arguments, 2, options.length);
    return CliRun.of(folder, arguments);
  }
}

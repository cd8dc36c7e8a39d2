package io.infernet.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GossipBenchCommandTest {

  @TempDir Path folder;

  @Test
  void printsALineForEachSizeOfMessages() throws Exception {
    CliRun run = bench("--nodes", "20", "--messages", "2", "--size", "100,20000", "--json");

    assertEquals(0, run.code(), run.err());
    List<String> lines = run.out().lines().toList();
    assertEquals(2, lines.size(), run.out());
    JsonNode small = new ObjectMapper().readTree(lines.get(0));
    assertEquals("gossip", small.get("bench").asText());
    assertEquals(20, small.get("nodes").asInt());
    assertEquals(4, small.get("droppers").asInt());
    assertEquals(100, small.get("message_bytes").asInt());
    assertEquals(1, small.get("reached").asDouble());
    assertTrue(small.get("copies_per_node").asDouble() <= small.get("degree").asDouble());
    assertEquals(16, small.get("trace").asText().length());
    assertEquals(20_000, new ObjectMapper().readTree(lines.get(1)).get("message_bytes").asInt());
  }

  @Test
  void printsATableForPeople() {
    CliRun run =
        bench(
            "--nodes",
            "20",
            "--messages",
            "1",
            "--size",
            "100",
            "--attackers",
            "0.1",
            "--attack",
            "covert-flash,sybil");

    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().startsWith("SIZE"), run.out());
    assertTrue(run.out().contains("100.000 %"), run.out());
  }

  @Test
  void saysWhatIsWrongWithItsOptions() {
    for (String[] wrong :
        new String[][] {
          {"--attack", "rudeness"},
          {"--nodes", "2"},
          {"--droppers", "0.8", "--attackers", "0.8"},
          {"--size", "10000000"},
          {"--dials", "5000"}
        }) {
      CliRun run = bench(wrong);
      assertEquals(2, run.code(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
  }

  private CliRun bench(String... options) {
    String[] arguments = new String[options.length + 2];
    arguments[0] = "bench";
    arguments[1] = "gossip";
    System.arraycopy(options, 0, arguments, 2, options.length);
    return CliRun.of(folder, arguments);
  }
}

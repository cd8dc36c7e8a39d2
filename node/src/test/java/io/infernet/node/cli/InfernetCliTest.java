package io.infernet.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InfernetCliTest {

  @TempDir Path folder;

  @Test
  void withoutAVerbItShowsTheHelpAndFails() {
    CliRun run = CliRun.of(folder);

    assertEquals(2, run.code());
    assertTrue(run.err().startsWith("Usage: infernet"), run.err());
    assertEquals("", run.out());
  }

  @Test
  void versionIsOneLine() {
    CliRun run = CliRun.of(folder, "--version");

    assertEquals(0, run.code());
    assertTrue(run.out().matches("infernet \\d+\\.\\d+\\.\\d+\\S*\n"), run.out());
  }

  @Test
  void unknownVerbOrFlagIsOneLineAndAUsageError() {
    CliRun verb = CliRun.of(folder, "frobnicate");
    CliRun flag = CliRun.of(folder, "id", "--frobnicate");

    assertEquals(2, verb.code());
    assertEquals("infernet: unknown: 'frobnicate' (see `infernet --help`)\n", verb.err());
    assertEquals(2, flag.code());
    assertEquals("infernet: unknown: '--frobnicate' (see `infernet id --help`)\n", flag.err());
  }

  @Test
  void everyVerbHasHelp() {
    for (String verb : new InfernetCli(CliRun.context(folder)).verbs()) {
      CliRun run = CliRun.of(folder, verb, "--help");
      assertEquals(0, run.code(), verb);
      assertTrue(run.out().startsWith("Usage: infernet " + verb), run.out());
    }
  }

  @Test
  void initTwiceKeepsTheIdentity() throws IOException {
    CliRun first = CliRun.of(folder, "init", "--json");
    CliRun second = CliRun.of(folder, "init", "--json");
    CliRun id = CliRun.of(folder, "id");

    JsonNode made = new ObjectMapper().readTree(first.out());
    JsonNode kept = new ObjectMapper().readTree(second.out());
    assertEquals(0, first.code());
    assertEquals(2, made.get("created").size());
    assertEquals(0, kept.get("created").size());
    assertEquals(made.get("peer_id"), kept.get("peer_id"));
    assertEquals(made.get("peer_id").asText() + "\n", id.out());
  }

  @Test
  void idWithoutAHomeSaysWhatToDo() {
    CliRun run = CliRun.of(folder.resolve("missing"), "id");

    assertEquals(1, run.code());
    assertEquals(1, run.err().lines().count());
    assertTrue(run.err().contains("infernet init"), run.err());
    assertFalse(Files.exists(folder.resolve("missing")));
  }

  @Test
  void damagedConfigIsOneLineAndTheTraceComesOnlyWithDebug() throws IOException {
    Files.writeString(folder.resolve("config.toml"), "[api]\nport = 1\n");

    CliRun quiet = CliRun.of(folder, "config", "show");
    CliRun debug = CliRun.of(folder, "config", "show", "--debug");

    assertEquals(1, quiet.code());
    assertEquals(
        "infernet: "
            + folder.resolve("config.toml")
            + ": unknown key api.port: [api] has address, key, max_body_bytes, max_requests\n",
        quiet.err());
    assertTrue(debug.err().contains("\tat io.infernet"), debug.err());
  }

  @Test
  void configShowSaysWhereEachValueComesFrom() throws IOException {
    Files.writeString(folder.resolve("config.toml"), "[models]\nwarm = [\"storyteller\"]\n");

    JsonNode settings =
        new ObjectMapper().readTree(CliRun.of(folder, "config", "show", "--json").out());

    for (JsonNode setting : settings) {
      if (setting.get("key").asText().equals("models.warm")) {
        assertEquals("storyteller", setting.get("value").get(0).asText());
        assertEquals(folder.resolve("config.toml").toString(), setting.get("source").asText());
      } else {
        assertEquals("default", setting.get("source").asText());
      }
    }
    assertTrue(
        CliRun.of(folder, "config", "show")
            .out()
            .contains("models.warm                   [\"storyteller\"]"));
  }

  @Test
  void gpusTellsOfThisMachine() throws IOException {
    CliRun text = CliRun.of(folder, "gpus");
    JsonNode machine = new ObjectMapper().readTree(CliRun.of(folder, "gpus", "--json").out());

    assertEquals(0, text.code());
    assertTrue(machine.get("cores").asInt() > 0);
    assertTrue(machine.get("memory").asLong() > 0);
    assertTrue(text.out().contains("tier       " + machine.get("tier").asText()), text.out());
    assertEquals(machine.get("gpus").isEmpty(), !text.err().isEmpty(), text.err());
  }
}

package io.infernet.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The binary as people have it: launcher, natives, model and all. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class BinaryIT {

  private static final Path BINARY = Path.of(System.getProperty("infernet.binary"));

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() {
    processes.forEach(Process::destroyForcibly);
  }

  @Test
  void shortVerbsPrintTheirAnswerAndNothingElse() throws Exception {
    Run version = run("--version");
    assertEquals(0, version.code());
    assertTrue(version.out().matches("infernet \\S+\n"), version.out());
    assertEquals("", version.err());

    assertEquals(0, run("init").code());
    Run id = run("id");
    assertTrue(id.out().matches("16Uiu2\\w+\n"), id.out());
    assertEquals("", id.err());
  }

  @Test
  void runWithoutANodeAnswersOnThisMachine() throws Exception {
    Run run =
        run("run", "storyteller", "Call me", "--temperature", "0", "--max-tokens", "8", "--json");

    assertEquals(0, run.code(), run.err());
    assertEquals("", run.err());
    JsonNode answer = new ObjectMapper().readTree(run.out());
    assertTrue(answer.get("local").asBoolean());
    // What golden.json of other prompts shows of the engine; here, that the whole way is the same.
    assertEquals(" a man, and I'll tell you", answer.get("text").asText());
  }

  @Test
  void servedNodeAnswersAndEndsWithZero() throws Exception {
    Process node = serve();
    Run run = run("run", "storyteller", "Call me", "--temperature", "0", "--max-tokens", "3");

    assertEquals(" a man,\n", run.out(), run.err());
    assertTrue(Files.exists(folder.resolve("home/node.json")));
    node.destroy();
    assertTrue(node.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, node.exitValue());
    assertFalse(Files.exists(folder.resolve("home/node.json")));
  }

  @Test
  void killedNodeLeavesNothingInTheWay() throws Exception {
    Process killed = serve();
    killed.destroyForcibly().waitFor();
    assertTrue(Files.exists(folder.resolve("home/node.json")));

    Run status = run("status", "--json");
    assertFalse(new ObjectMapper().readTree(status.out()).get("running").asBoolean());
    serve();
    assertTrue(
        new ObjectMapper().readTree(run("status", "--json").out()).get("running").asBoolean());
    Run second = run("serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0");
    assertEquals(1, second.code());
    assertTrue(second.err().contains("is in use by another node (pid "), second.err());
  }

  @Test
  void copyInAnyFolderWorksAndMakesItsOwnArchiveOfClasses() throws Exception {
    Path copy = folder.resolve("a folder/infernet it is");
    Files.createDirectories(copy.getParent());
    Files.copy(BINARY, copy);
    assertTrue(copy.toFile().setExecutable(true));

    Path cache = folder.resolve("cache");
    Run first = run(copy, Map.of("XDG_CACHE_HOME", cache.toString()), "--version");
    Path archives = cache.resolve("infernet");
    try (WatchService changes = archives.getFileSystem().newWatchService()) {
      archives.register(changes, StandardWatchEventKinds.ENTRY_DELETE);
      // It is made in the background; the folder of its making goes when it is there.
      while (!names(archives).matches("\\S+\\.jsa")) {
        changes.take().reset();
      }
    }
    Run second = run(copy, Map.of("XDG_CACHE_HOME", cache.toString()), "--version");

    for (Run run : List.of(first, second)) {
      assertEquals(0, run.code(), run.err());
      assertEquals("", run.err());
    }
  }

  private static String names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.joining(" "));
    }
  }

  @Test
  void withoutJavaItSaysWhatIsMissing() throws Exception {
    Run run = run(BINARY, Map.of("JAVA_HOME", folder.toString()), "--version");

    assertEquals(1, run.code());
    assertEquals(
        "infernet: JAVA_HOME is "
            + folder
            + ", where there is no bin/java: set it to a Java 17 or newer, or unset it\n",
        run.err());
  }

  private record Run(int code, String out, String err) {}

  private Run run(String... arguments) throws Exception {
    return run(BINARY, Map.of(), arguments);
  }

  private Run run(Path binary, Map<String, String> environment, String... arguments)
      throws Exception {
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder = builder(binary, arguments);
    builder.environment().putAll(environment);
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    processes.add(process);
    process.waitFor();
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  /** A node that says that it is ready. */
  private Process serve() throws IOException {
    Process process =
        builder(
                BINARY,
                "serve",
                "--model",
                "storyteller",
                "--listen",
                "/ip4/127.0.0.1/tcp/0",
                "--api",
                "127.0.0.1:0")
            .redirectErrorStream(true)
            .start();
    processes.add(process);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    StringBuilder said = new StringBuilder();
    for (String line = lines.readLine(); !"ready".equals(line); line = lines.readLine()) {
      assertTrue(line != null, "it ended before it was ready: " + said);
      said.append(line).append('\n');
    }
    return process;
  }

  private ProcessBuilder builder(Path binary, String... arguments) {
    List<String> command = new ArrayList<>(List.of(binary.toString()));
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"));
    builder.environment().keySet().removeIf(name -> name.startsWith("INFERNET_"));
    builder.environment().put("INFERNET_HOME", folder.resolve("home").toString());
    builder.environment().put("INFERNET_NETWORK_MDNS", "false");
    // No archive of classes is made but where a test wants one.
    builder.environment().put("XDG_CACHE_HOME", "/dev/null");
    return builder;
  }
}

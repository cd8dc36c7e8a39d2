package io.infernet.libp2p.interop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Takes one JSON command per line from stdin and gives one JSON answer per line on stdout, as
 * {@code scripts/interop/commands.mjs} does. Used by the main thread of a process of its own.
 */
public final class CommandLoop {

  /** Does a command, on a thread of its own; null is an answer too. */
  @FunctionalInterface
  public interface Command {
    @Nullable Object run(JsonNode parameters) throws Exception;
  }

  private final ObjectMapper json = new ObjectMapper();
  private final PrintStream output;
  private final ExecutorService workers = Executors.newCachedThreadPool();
  private final Map<String, Command> commands = new LinkedHashMap<>();

  /** Takes stdout for the answers; what else is printed goes to stderr. */
  public CommandLoop() {
    output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
  }

  public void put(String name, Command command) {
    commands.put(name, command);
  }

  /** Obeys until stdin ends, then ends the process. */
  public void run() throws IOException {
    try (BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        JsonNode command = json.readTree(line);
        workers.execute(() -> obey(command));
      }
    }
    Runtime.getRuntime().halt(0);
  }

  private void obey(JsonNode command) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", command.get("id").asLong());
    try {
      answer.put("result", commands.get(command.get("command").asText()).run(command));
    } catch (Exception e) {
      Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
      cause.printStackTrace();
      answer.put("error", cause.toString());
    }
    try {
      String line = json.writeValueAsString(answer);
      synchronized (output) {
        output.println(line);
      }
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}

package io.infernet.node.cli;

import io.infernet.inference.InfernetException;
import io.infernet.node.config.NodeHome;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A node in a process of its own, started from this same program. Used by one thread. */
final class NodeProcess implements AutoCloseable {

  /** Set by the launcher: the executable that this JVM was started from. */
  static final String LAUNCHER_PROPERTY = "infernet.launcher";

  private static final Duration READY_CHECK = Duration.ofMillis(50);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

  private final String name;
  private final NodeHome home;
  private final Path log;
  private final Process process;

  private NodeProcess(String name, NodeHome home, Path log, Process process) {
    this.name = name;
    this.home = home;
    this.log = log;
    this.process = process;
  }

  /**
   * Starts {@code infernet serve} with a home {@code folder/name}.
   *
   * @param settings environment variables of that process
   */
  static NodeProcess serve(
      Path folder, String name, Map<String, String> settings, List<String> flags)
      throws IOException {
    NodeHome home = new NodeHome(folder.resolve(name));
    Path log = folder.resolve(name + ".log");
    List<String> command = new ArrayList<>(program());
    command.addAll(List.of("serve", "--home", home.toString()));
    command.addAll(flags);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(new File(nullDevice())))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(NodeProcess::isSetting);
    builder.environment().putAll(settings);
    return new NodeProcess(name, home, log, builder.start());
  }

  /** Settings of the person who runs this are not for the demonstration. */
  private static boolean isSetting(String variable) {
    return variable.startsWith("INFERNET_") && !variable.startsWith("INFERNET_JAVA_");
  }

  private static String nullDevice() {
    return File.separatorChar == '\\' ? "NUL" : "/dev/null";
  }

  /** The command that runs this program: its launcher, or else the same Java and class path. */
  private static List<String> program() {
    String launcher = System.getProperty(LAUNCHER_PROPERTY, "");
    if (!launcher.isEmpty()) {
      return List.of(launcher);
    }
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-cp",
        System.getProperty("java.class.path"),
        Main.class.getName());
  }

  String name() {
    return name;
  }

  long pid() {
    return process.pid();
  }

  NodeHome home() {
    return home;
  }

  /**
   * Waits until the node answers.
   *
   * @throws InfernetException with the last lines of its log when it ends or takes too long
   */
  LocalApi awaitReady(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (System.nanoTime() < end) {
      Optional<LocalApi> api = LocalApi.find(home);
      if (api.isPresent()) {
        return api.get();
      }
      if (process.waitFor(READY_CHECK.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new InfernetException(
            "node "
                + name
                + " ended at once, with code "
                + process.exitValue()
                + ": "
                + lastWords());
      }
    }
    throw new InfernetException(
        "node " + name + " was not ready after " + timeout.toSeconds() + " s: " + lastWords());
  }

  private String lastWords() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("; ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    } catch (IOException e) {
      return "its log " + log + " cannot be read";
    }
  }

  /** Ends it at once, without a word to anybody, as a power cut would. */
  void kill() {
    process.destroyForcibly();
  }

  /** Asks it to stop. */
  void stop() {
    process.destroy();
  }

  /** Asks it to stop, waits, and ends it when it does not. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        process.waitFor(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}

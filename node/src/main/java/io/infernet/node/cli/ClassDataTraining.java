package io.infernet.node.cli;

import io.infernet.node.config.NodeHome;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Walks through what the short verbs do, in a home of its own, so that the launcher can archive the
 * classes that they load (class-data sharing).
 */
public final class ClassDataTraining {

  private ClassDataTraining() {}

  /** Runs the verbs and forgets what they print. */
  public static void main(String[] arguments) throws IOException {
    Path home = Files.createTempDirectory("infernet-training");
    try {
      PrintStream nowhere =
          new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
      CliContext context =
          new CliContext(
              Map.of(NodeHome.VARIABLE, home.toString()),
              InputStream.nullInputStream(),
              nowhere,
              nowhere,
              Set.of(),
              new CompletableFuture<>());
      for (List<String> verb :
          List.of(
              List.of("--version"),
              List.of("--help"),
              List.of("init"),
              List.of("id"),
              List.of("id", "--json"),
              List.of("config", "show"))) {
        new InfernetCli(context).execute(verb.toArray(String[]::new));
      }
    } finally {
      try (Stream<Path> files = Files.walk(home)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}

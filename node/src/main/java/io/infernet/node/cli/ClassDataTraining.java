package io.infernet.node.cli;

import io.infernet.node.config.NodeHome;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Walks through what the verbs do, in a home of its own, so that the launcher can archive the
 * classes that they load (class-data sharing). It goes as far as a prompt that is too long for its
 * model: what comes after would unpack libtorch, which is for those who want an answer.
 */
public final class ClassDataTraining {

  private static final Duration READY_TIMEOUT = Duration.ofSeconds(30);

  private ClassDataTraining() {}

  /** Runs the verbs and forgets what they print. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
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
              List.of("config", "show"),
              List.of("list"),
              List.of("run", "storyteller", "word ".repeat(1_000)))) {
        new InfernetCli(context).execute(verb.toArray(String[]::new));
      }
      serve(context);
    } finally {
      // Daemons of the node may be at work still.
      try (Stream<Path> files = Files.walk(home)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /** A node with an API, and verbs that ask it. */
  private static void serve(CliContext context) throws InterruptedException {
    Thread server =
        new Thread(
            () ->
                new InfernetCli(context)
                    .execute("serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0"));
    server.start();
    NodeHome home = NodeHome.fromEnvironment(context.environment());
    long end = System.nanoTime() + READY_TIMEOUT.toNanos();
    while (LocalApi.find(home).isEmpty() && server.isAlive() && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    for (List<String> verb :
        List.of(
            List.of("status"),
            List.of("peers", "--json"),
            List.of("receipts", "ls"),
            List.of("run", "storyteller", "word ".repeat(1_000)))) {
      new InfernetCli(context).execute(verb.toArray(String[]::new));
    }
    context.stop().complete(null);
    server.join();
  }
}

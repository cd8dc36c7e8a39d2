package io.infernet.node.cli;

import io.infernet.node.config.NodeHome;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** One run of the command line in this JVM, without a terminal, and what it printed. */
record CliRun(int code, String out, String err) {

  static CliRun of(Path home, String... arguments) {
    return withInput(home, "", arguments);
  }

  static CliRun withInput(Path home, String in, String... arguments) {
    Started started = new Started(home, in);
    return started.run(arguments);
  }

  static CliContext context(Path home) {
    return new Started(home, "").context;
  }

  /** A run whose output can be seen, and that can be stopped, while it is under way. */
  static final class Started {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final CliContext context;

    Started(Path home, String in) {
      context =
          new CliContext(
              Map.of(NodeHome.VARIABLE, home.toString()),
              new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
              new PrintStream(out, true, StandardCharsets.UTF_8),
              new PrintStream(err, true, StandardCharsets.UTF_8),
              Set.of(),
              new CompletableFuture<>());
    }

    CliRun run(String... arguments) {
      int code = new InfernetCli(context).execute(arguments);
      return new CliRun(code, out(), err.toString(StandardCharsets.UTF_8));
    }

    String out() {
      return out.toString(StandardCharsets.UTF_8);
    }

    void stop() {
      context.stop().complete(null);
    }
  }
}

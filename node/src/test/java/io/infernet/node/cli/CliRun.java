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
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = new InfernetCli(context(home, "", out, err)).execute(arguments);
    return new CliRun(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  static CliContext context(Path home) {
    return context(home, "", new ByteArrayOutputStream(), new ByteArrayOutputStream());
  }

  static CliContext context(
      Path home, String in, ByteArrayOutputStream out, ByteArrayOutputStream err) {
    return new CliContext(
        Map.of(NodeHome.VARIABLE, home.toString()),
        new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        Set.of(),
        new CompletableFuture<>());
  }
}

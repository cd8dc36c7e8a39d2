package io.infernet.node.cli;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.node.ExitCode;
import io.infernet.node.hardware.HardwareProbe;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** All verbs behind one {@link #execute}. Used by one thread. */
public final class InfernetCli {

  private static final int HELP_WIDTH = 100;

  private final CliContext context;
  private final GlobalOptions global;
  private final CommandLine commandLine;

  /** A command line over these streams and variables. */
  public InfernetCli(CliContext context) {
    this.context = requireNonNull(context, "context is null");
    this.global = new GlobalOptions(context);
    this.commandLine = new CommandLine(global);
    commandLine
        .addSubcommand(new InitCommand(context, global))
        .addSubcommand(new ServeCommand(context, global))
        .addSubcommand(new RunCommand(context, global))
        .addSubcommand(new ListCommand(context, global))
        .addSubcommand(new PsCommand(context, global, Clock.systemUTC()))
        .addSubcommand(new IdCommand(context, global))
        .addSubcommand(new PeersCommand(context, global))
        .addSubcommand(new StatusCommand(context, global))
        .addSubcommand(new GpusCommand(context, global, HardwareProbe.system()))
        .addSubcommand(new DoctorCommand(context, global))
        .addSubcommand(new ReceiptsCommand(context, global))
        .addSubcommand(
            new CommandLine(new BenchCommand(context, global))
                .addSubcommand(new EngineBenchCommand(context, global))
                .addSubcommand(new GossipBenchCommand(context, global))
                .addSubcommand(new BatchBenchCommand(context, global))
                .addSubcommand(new DhtBenchCommand(context, global)))
        .addSubcommand(new DemoCommand(context))
        .addSubcommand(new ConfigCommand(context, global));
    commandLine
        .setOut(writer(context.out()))
        .setErr(writer(context.err()))
        .setUsageHelpWidth(HELP_WIDTH)
        .setParameterExceptionHandler(this::onUsageError)
        .setExecutionExceptionHandler(this::onError);
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  /** The names of all verbs, without aliases. */
  Set<String> verbs() {
    return commandLine.getSubcommands().values().stream()
        .map(CommandLine::getCommandName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Runs the verb that {@code arguments} name and returns the exit code. */
  public int execute(String... arguments) {
    int code = commandLine.execute(arguments);
    context.out().flush();
    context.err().flush();
    return code;
  }

  private int onUsageError(ParameterException error, String[] arguments) {
    CommandSpec spec = error.getCommandLine().getCommandSpec();
    context
        .err()
        .println(
            "infernet: "
                + oneLine(describe(error))
                + " (see `"
                + spec.qualifiedName()
                + " --help`)");
    printTrace(error);
    return ExitCode.USAGE.value();
  }

  private int onError(Exception error, CommandLine command, ParseResult parsed) {
    Throwable cause = unwrap(error);
    if (context.stop().isDone()) {
      // Ctrl-C: what breaks on the way out is no news.
      printTrace(cause);
      return ExitCode.of(cause).value();
    }
    context
        .err()
        .println(
            cause instanceof InfernetException
                ? "infernet: " + oneLine(cause.getMessage())
                : "infernet: unexpected failure: "
                    + oneLine(cause.toString())
                    + " (the same with --debug shows where)");
    printTrace(cause);
    return ExitCode.of(cause).value();
  }

  private static String describe(ParameterException error) {
    return error instanceof UnmatchedArgumentException unmatched
        ? "unknown: '" + String.join("', '", unmatched.getUnmatched()) + "'"
        : error
            .getMessage()
            .replaceAll("is not an? (int|long)$", "is not a whole number")
            .replaceAll("is not a double$", "is not a number");
  }

  private void printTrace(Throwable error) {
    if (global.debug()) {
      error.printStackTrace(context.err());
    }
  }

  private static Throwable unwrap(Throwable error) {
    Throwable cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*[\\r\\n]+\\s*", "; ");
  }
}

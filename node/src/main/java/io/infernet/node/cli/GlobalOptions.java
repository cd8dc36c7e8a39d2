package io.infernet.node.cli;

import static java.util.Objects.requireNonNull;

import io.infernet.node.ExitCode;
import io.infernet.node.config.ConfigLoader;
import io.infernet.node.config.NodeHome;
import io.infernet.node.config.ResolvedSettings;
import io.infernet.node.config.Setting;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program itself: what every verb takes, and the help when there is no verb. */
@Command(
    name = "infernet",
    description = "Runs AI models together with other machines, peer to peer.",
    synopsisSubcommandLabel = "VERB",
    versionProvider = Version.class,
    commandListHeading = "%nVerbs:%n",
    optionListHeading = "%nOptions:%n",
    footer = {
      "",
      "Start with:  infernet demo",
      "Then:        infernet run storyteller \"Once upon a time\"",
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nobody can serve it,",
      "            4 verification failed, 5 deadline passed."
    })
final class GlobalOptions implements Callable<Integer> {

  @Option(
      names = "--home",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "The node's folder ($INFERNET_HOME, or ~/.infernet).")
  private @Nullable Path home;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces and debug messages.")
  private boolean debug;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  @SuppressWarnings("unused") // picocli asks its model
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version.")
  @SuppressWarnings("unused") // picocli asks its model
  private boolean version;

  @Spec private @Nullable CommandSpec spec;

  private final CliContext context;

  GlobalOptions(CliContext context) {
    this.context = context;
  }

  /** Whether stack traces are wanted. */
  boolean debug() {
    return debug;
  }

  /** The home folder of the command line or the environment. */
  NodeHome home() {
    return home == null ? NodeHome.fromEnvironment(context.environment()) : new NodeHome(home);
  }

  /** All settings, with {@code flags} strongest. */
  ResolvedSettings settings(Map<Setting<?>, ConfigLoader.Flag> flags) {
    return new ConfigLoader(context.environment()).load(home(), flags);
  }

  /** Prints a line that does not end the command. */
  void warn(String line) {
    context.err().println("infernet: " + line);
  }

  @Override
  public Integer call() {
    requireNonNull(spec, "set by picocli").commandLine().usage(context.err());
    return ExitCode.USAGE.value();
  }
}

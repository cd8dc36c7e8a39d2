package io.infernet.node.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * What a command sees of the outside.
 *
 * @param environment the variables
 * @param in standard input
 * @param out answers, in UTF-8
 * @param err errors and progress, in UTF-8
 * @param terminals which of the three a person looks at
 * @param stop completed when a verb that runs on should end
 */
public record CliContext(
    Map<String, String> environment,
    InputStream in,
    PrintStream out,
    PrintStream err,
    Set<Channel> terminals,
    CompletableFuture<Void> stop) {

  /** Set by the launcher, which can ask: the digits of the file descriptors that are terminals. */
  static final String TERMINALS_PROPERTY = "infernet.terminals";

  /** The standard streams. */
  public enum Channel {
    IN('0'),
    OUT('1'),
    ERR('2');

    private final char descriptor;

    Channel(char descriptor) {
      this.descriptor = descriptor;
    }
  }

  public CliContext {
    environment = Map.copyOf(environment);
    terminals = Set.copyOf(terminals);
  }

  /** This process's own. */
  static CliContext ofProcess() {
    String digits = System.getProperty(TERMINALS_PROPERTY, "");
    Set<Channel> terminals = EnumSet.noneOf(Channel.class);
    for (Channel channel : Channel.values()) {
      if (digits.indexOf(channel.descriptor) >= 0) {
        terminals.add(channel);
      }
    }
    return new CliContext(
        System.getenv(),
        System.in,
        stream(FileDescriptor.out),
        stream(FileDescriptor.err),
        terminals,
        new CompletableFuture<>());
  }

  boolean isTerminal(Channel channel) {
    return terminals.contains(channel);
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}

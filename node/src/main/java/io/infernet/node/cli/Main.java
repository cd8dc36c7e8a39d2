package io.infernet.node.cli;

/** The entry point of the binary. */
public final class Main {

  private Main() {}

  /** Runs one verb and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(new InfernetCli(CliContext.ofProcess()).execute(arguments));
  }
}

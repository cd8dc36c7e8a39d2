package io.infernet.node.cli;

import picocli.CommandLine.Option;

/** The flag of every verb that reads something. */
final class JsonOption {

  @Option(names = "--json", description = "Print JSON for programs.")
  private boolean json;

  /** Whether a program reads the output. */
  boolean wanted() {
    return json;
  }
}

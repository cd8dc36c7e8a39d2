package io.infernet.node.hardware;

import java.util.List;

/** Runs programs of the machine. */
@FunctionalInterface
public interface CommandRunner {

  /** Runs a program and waits for its end; never throws for what the program does. */
  Output run(List<String> command);

  /** What came of it. */
  sealed interface Output {

    /**
     * It ended by itself.
     *
     * @param exitCode 0 for success
     * @param text what it printed on both outputs, cut off at the runner's limit
     */
    record Ended(int exitCode, String text) implements Output {}

    /** There is no such program. */
    record Missing() implements Output {}

    /** It did not end in time. */
    record TimedOut() implements Output {}
  }
}

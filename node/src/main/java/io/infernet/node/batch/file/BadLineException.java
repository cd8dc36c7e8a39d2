package io.infernet.node.batch.file;

import io.infernet.node.batch.file.InputLine.Problem;
import java.util.Optional;
import java.util.OptionalInt;

/** Says why a line is refused. Without a stack trace: there may be millions. */
final class BadLineException extends Exception {

  private static final long serialVersionUID = 1L;

  private final transient Optional<ItemId> id;
  private final transient OptionalInt column;
  private final Problem problem;
  private final String reason;

  BadLineException(Optional<ItemId> id, OptionalInt column, Problem problem, String reason) {
    super(reason, null, false, false);
    this.id = id;
    this.column = column;
    this.problem = problem;
    this.reason = reason;
  }

  InputLine.Refused at(long line) {
    return new InputLine.Refused(line, id, column, problem, reason);
  }
}

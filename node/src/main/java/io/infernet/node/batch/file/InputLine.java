package io.infernet.node.batch.file;

import static java.util.Objects.requireNonNull;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** A line of the input that is not empty. Each has one line in the output, in the same order. */
public sealed interface InputLine {

  /** Which line of the file, counted from 1, empty ones too. */
  long line();

  /**
   * Something to be done.
   *
   * @param number the items of a batch are numbered from 0, without gaps
   * @param line which line of the file
   * @param id the line's own id, or else the number of the line
   * @param input what is asked for
   */
  record Item(int number, long line, ItemId id, ItemInput input) implements InputLine {
    public Item {
      requireNonNull(id, "id is null");
      requireNonNull(input, "input is null");
    }
  }

  /**
   * A line that cannot be done. It is no item: nobody but the reader of the output hears of it.
   *
   * @param line which line of the file
   * @param id the line's id, where it could be read
   * @param column where in the line it is wrong, in characters counted from 1; empty when it is not
   *     at one place
   * @param problem of which kind
   * @param message what is wrong, one line
   */
  record Refused(
      long line, Optional<ItemId> id, OptionalInt column, Problem problem, String message)
      implements InputLine {
    public Refused {
      requireNonNull(id, "id is null");
      requireNonNull(column, "column is null");
      requireNonNull(problem, "problem is null");
      requireNonNull(message, "message is null");
    }

    /** Where, and what is wrong. */
    @Override
    public String toString() {
      return "line "
          + line
          + (column.isPresent() ? ", column " + column.getAsInt() : "")
          + ": "
          + message;
    }
  }

  /** What can be wrong with a line. Prints as the code in the output. */
  enum Problem {
    LINE_TOO_LONG,
    NOT_UTF8,
    BAD_JSON,
    /** JSON, but not a request that this task can do. */
    BAD_REQUEST,
    DUPLICATE_ID;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}

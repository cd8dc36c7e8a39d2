package io.infernet.node.batch.file;

import io.infernet.node.batch.file.InputLine.Problem;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.Hash;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads the input once from its beginning, a line at a time. Every reader of an unchanged file says
 * the same. Used by one thread, which waits for the disk; closed by who opened it.
 */
public final class InputReader implements Closeable {

  /** Knows whether an id has been there before. */
  @FunctionalInterface
  interface EarlierIds {
    /** The earlier line with this id. */
    OptionalInt find(int line, ItemId id);
  }

  /** Sees to it that the file is the one that was examined. */
  @FunctionalInterface
  interface EndCheck {
    void check(Hash digest, long bytes);
  }

  private final Path file;
  private final DigestInputStream digest;
  private final LineReader lines;
  private final LineParser parser;
  private final BatchFileConfig config;
  private final EarlierIds ids;
  private final EndCheck check;
  private int read;
  private int items;
  private boolean ended;

  InputReader(
      Path file,
      InputStream in,
      TaskType task,
      BatchFileConfig config,
      EarlierIds ids,
      EndCheck check) {
    this.file = file;
    this.digest = new DigestInputStream(in, IdTable.sha256());
    this.lines = new LineReader(digest, config.maxLineBytes(), config.bufferBytes());
    this.parser = new LineParser(task, config);
    this.config = config;
    this.ids = ids;
    this.check = check;
  }

  /**
   * The next line that is not empty; none at the end of the file.
   *
   * @throws BatchFileException when the file cannot be read, has too many lines, or turns out at
   *     its end not to be the file that was examined
   */
  public Optional<InputLine> next() {
    try {
      while (!ended && lines.next()) {
        if (!lines.isBlank()) {
          read++;
          if (read > config.maxLines() || lines.number() > Integer.MAX_VALUE) {
            throw new BatchFileException(
                "%s has more than %d lines: split it".formatted(file, config.maxLines()));
          }
          return Optional.of(line());
        }
      }
    } catch (IOException e) {
      throw new BatchFileException("cannot read " + file + ": " + reason(e), e);
    }
    if (!ended) {
      ended = true;
      check.check(Hash.fromBytes(digest.getMessageDigest().digest()), lines.end());
    }
    return Optional.empty();
  }

  private InputLine line() {
    int number = (int) lines.number();
    if (lines.isTooLong()) {
      return new InputLine.Refused(
          number,
          Optional.empty(),
          OptionalInt.empty(),
          Problem.LINE_TOO_LONG,
          "%,d bytes; a line may have %,d".formatted(lines.size(), config.maxLineBytes()));
    }
    try {
      LineParser.Parsed parsed = parser.parse(lines.bytes(), lines.offset(), (int) lines.size());
      ItemId id = parsed.id().orElseGet(() -> ItemId.of(number));
      OptionalInt earlier = ids.find(number, id);
      if (earlier.isPresent()) {
        String what =
            parsed.id().isPresent() ? "the id " + id : "without an id it is " + id + ", which";
        return new InputLine.Refused(
            number,
            Optional.of(id),
            OptionalInt.empty(),
            Problem.DUPLICATE_ID,
            what + " is that of line " + earlier.getAsInt() + " already");
      }
      return new InputLine.Item(items++, number, id, parsed.input());
    } catch (BadLineException e) {
      return e.at(number);
    }
  }

  static String reason(IOException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  @Override
  public void close() {
    try {
      lines.close();
    } catch (IOException e) {
      throw new BatchFileException("cannot close " + file + ": " + reason(e), e);
    }
  }
}

package io.infernet.node.batch.file;

import io.infernet.node.UsageException;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.Hash;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * A file of requests, one JSON object per line, that has been read once from end to end: what is in
 * it is known before anything is sent to anybody. The items are the lines that can be done. Safe
 * from any thread.
 */
public final class BatchInput {

  private final Path file;
  private final TaskType task;
  private final BatchFileConfig config;
  private final FileTime modified;
  private final Duplicates duplicates;
  private final Hash digest;
  private final long bytes;
  private final int items;
  private final int refused;

  private BatchInput(
      Path file,
      TaskType task,
      BatchFileConfig config,
      FileTime modified,
      Duplicates duplicates,
      Hash digest,
      long bytes,
      int items,
      int refused) {
    this.file = file;
    this.task = task;
    this.config = config;
    this.modified = modified;
    this.duplicates = duplicates;
    this.digest = digest;
    this.bytes = bytes;
    this.items = items;
    this.refused = refused;
  }

  /**
   * Examines a file.
   *
   * @param task what its items are for
   * @param strict whether the first line that cannot be done is an error
   * @param report hears of every line that cannot be done, when not strict
   * @throws UsageException when there is no such file, nothing in it can be done, or it is strict
   *     and a line cannot be done
   * @throws BatchFileException when it cannot be read
   */
  public static BatchInput examine(
      Path file,
      TaskType task,
      BatchFileConfig config,
      boolean strict,
      Consumer<InputLine.Refused> report) {
    IdTable table = new IdTable();
    Duplicates duplicates = new Duplicates();
    InputReader.EarlierIds ids =
        (line, id) -> {
          int earlier = table.add(id, line);
          if (earlier == 0) {
            return OptionalInt.empty();
          }
          duplicates.add(line, earlier);
          return OptionalInt.of(earlier);
        };
    End end = new End();
    FileTime modified = modified(file);
    int items = 0;
    int refused = 0;
    String first = "";
    try (InputReader reader = new InputReader(file, open(file), task, config, ids, end)) {
      for (InputLine line = reader.next().orElse(null);
          line != null;
          line = reader.next().orElse(null)) {
        if (line instanceof InputLine.Refused bad) {
          if (strict) {
            throw new UsageException(
                "%s, %s (mend it, or leave out --strict to run the others)".formatted(file, bad));
          }
          report.accept(bad);
          first = refused == 0 ? bad.toString() : first;
          refused++;
        } else {
          items++;
        }
      }
    }
    if (items == 0) {
      throw new UsageException(
          refused == 0
              ? file + " is empty: it needs one JSON object per line"
              : "none of the %d lines of %s can be done; %s".formatted(refused, file, first));
    }
    return new BatchInput(
        file, task, config, modified, duplicates, end.digest(), end.bytes, items, refused);
  }

  /** What a reader finds at the end of the file. */
  private static final class End implements InputReader.EndCheck {
    private byte[] digest = new byte[0];
    private long bytes;

    @Override
    public void check(Hash hash, long size) {
      digest = hash.toBytes();
      bytes = size;
    }

    Hash digest() {
      return Hash.fromBytes(digest);
    }
  }

  private static FileTime modified(Path file) {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new UsageException(
            file + " is not a file that can be read twice: save what it gives to a file first");
      }
      return Files.getLastModifiedTime(file);
    } catch (NoSuchFileException e) {
      throw new UsageException("there is no file " + file);
    } catch (IOException e) {
      throw new BatchFileException("cannot read " + file + ": " + InputReader.reason(e), e);
    }
  }

  private static InputStream open(Path file) {
    try {
      return Files.newInputStream(file);
    } catch (IOException e) {
      throw new UsageException("cannot read " + file + ": " + InputReader.reason(e));
    }
  }

  /**
   * A reader at the beginning of the file. At the end it compares the whole.
   *
   * @throws BatchFileException when the file is not what it was
   */
  public InputReader read() {
    FileTime now = modified(file);
    InputStream in = open(file);
    InputReader reader =
        new InputReader(
            file,
            in,
            task,
            config,
            (line, id) -> duplicates.earlierThan(line),
            (hash, size) -> requireSame(hash.equals(digest) && size == bytes));
    try {
      requireSame(now.equals(modified) && Files.size(file) == bytes);
      return reader;
    } catch (IOException e) {
      reader.close();
      throw new BatchFileException("cannot read " + file + ": " + InputReader.reason(e), e);
    } catch (BatchFileException e) {
      reader.close();
      throw e;
    }
  }

  private void requireSame(boolean same) {
    if (!same) {
      throw new BatchFileException(
          file
              + " was changed while its batch ran: restore it and run the same command again, or submit it as a new batch with another output");
    }
  }

  /**
   * Sees to it that this is the file that a batch began with.
   *
   * @param expected its digest at that time
   * @throws UsageException when it is another
   */
  public void requireDigest(Hash expected) {
    if (!digest.equals(expected)) {
      throw new UsageException(
          file
              + " is not what it was when the batch began: restore it, or submit it as a new batch with another output");
    }
  }

  public Path file() {
    return file;
  }

  public TaskType task() {
    return task;
  }

  /** The SHA-256 of all its bytes. */
  public Hash digest() {
    return digest;
  }

  /** How large it is. */
  public long bytes() {
    return bytes;
  }

  /** How many of its lines can be done. */
  public int items() {
    return items;
  }

  /** How many cannot. */
  public int refused() {
    return refused;
  }

  /** Lines that the output will have. */
  public int lines() {
    return items + refused;
  }
}

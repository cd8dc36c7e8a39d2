package io.infernet.node.batch.file;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.node.UsageException;
import io.infernet.verification.commitment.JobId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The results of a batch, put into the order of its input. They may come in any order and more than
 * once; each item gets one line, and each line of the input that was refused gets one, too.
 *
 * <p>Lines are written to {@code OUTPUT.JOB.part}, results that come before their turn to {@code
 * OUTPUT.JOB.spill}. The output itself appears when all is there, whole, and never replaces a file.
 * After {@link #put} returns, a killed process loses nothing of what it was given; after {@link
 * #sync}, neither does a power cut. A batch that is opened again goes on behind the last line of
 * the part that is whole and has the id that the input has there.
 *
 * <p>Beside the results the input is read once more, for the ids. Used by one thread, which waits
 * for the disk. After an exception only {@link #close} makes sense.
 */
public final class BatchOutput implements Closeable {

  private static final byte[] BEFORE_ID = ascii("{\"id\":");
  private static final byte[] COMMA = ascii(",");
  private static final byte[] END = ascii("}");
  private static final byte[] ERROR = ascii("\"error\":{\"code\":\"");

  /** Longest code of an error. */
  private static final int MAX_CODE = 64;

  private enum State {
    OPEN,
    BROKEN,
    FINISHED,
    CLOSED
  }

  private final Path output;
  private final Path part;
  private final Path spillPath;
  private final BatchInput input;
  private final BatchFileConfig config;
  private final Ticker ticker;
  private final InputReader reader;
  private final LineFile lines;
  private final SpillFile spill;

  private @Nullable InputLine peeked;
  private int next;
  private int results;
  private int failed;
  private int refused;
  private int missing;
  private long lastSync;
  private State state = State.OPEN;

  private BatchOutput(
      Path output,
      Path part,
      Path spillPath,
      BatchInput input,
      BatchFileConfig config,
      Ticker ticker,
      DiskFile.Opener disk)
      throws IOException {
    this.output = output;
    this.part = part;
    this.spillPath = spillPath;
    this.input = input;
    this.config = config;
    this.ticker = ticker;
    this.lastSync = ticker.nanoTime();
    // What was opened is closed again when the rest cannot be.
    DiskFile partFile = null;
    DiskFile spillFile = null;
    InputReader ids = null;
    try {
      ids = input.read();
      reader = ids;
      partFile = disk.open(part);
      spillFile = disk.open(spillPath);
      lines = new LineFile(partFile, resume(partFile), config.bufferBytes());
      spill = SpillFile.open(spillFile, config, next, input.items());
      drain();
    } catch (IOException | RuntimeException e) {
      closeQuietly(ids, spillFile, partFile);
      throw e;
    }
  }

  /**
   * Begins an output, or goes on with one.
   *
   * @param output where the results shall be; must not exist
   * @param job the batch
   * @param input what its items are
   * @param ticker for the rhythm of {@link #sync}
   * @throws UsageException when the output cannot be there
   * @throws BatchFileException when the input has been changed or the disk fails
   */
  public static BatchOutput open(
      Path output, JobId job, BatchInput input, BatchFileConfig config, Ticker ticker) {
    return open(output, job, input, config, ticker, DiskFile.onDisk());
  }

  static BatchOutput open(
      Path output,
      JobId job,
      BatchInput input,
      BatchFileConfig config,
      Ticker ticker,
      DiskFile.Opener disk) {
    Path folder = requireNonNull(output.toAbsolutePath().getParent(), "an output without a folder");
    String name = String.valueOf(output.getFileName());
    Path part = folder.resolve(name + "." + job + ".part");
    Path spill = folder.resolve(name + "." + job + ".spill");
    try {
      requireFree(output, folder, part, input.file());
      return new BatchOutput(output, part, spill, input, config, ticker, disk);
    } catch (DiskFile.InUseException e) {
      throw new UsageException(
          part + " is being written by another process: wait for it, or end it first");
    } catch (AccessDeniedException e) {
      throw new UsageException(notWritable(output));
    } catch (IOException e) {
      throw failure(part, e);
    }
  }

  private static void requireFree(Path output, Path folder, Path part, Path input)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new UsageException(
          "there is no folder " + folder + " for " + output + ": make it, or name another output");
    }
    if (Files.isDirectory(output)) {
      throw new UsageException(output + " is a folder: name a file in it");
    }
    if (Files.exists(output)) {
      if (Files.isSameFile(output, input)) {
        throw new UsageException(output + " is the input: name another output");
      }
      if (!Files.exists(part) || !Files.isSameFile(output, part)) {
        throw new UsageException(output + " exists already: move it away, or name another output");
      }
      // Killed between giving the file its name and taking away the other one.
      Files.delete(output);
    }
    if (!Files.isWritable(folder)) {
      throw new UsageException(notWritable(output));
    }
    String prefix = output.getFileName() + ".";
    try (DirectoryStream<Path> others =
        Files.newDirectoryStream(
            folder,
            file -> {
              String name = String.valueOf(file.getFileName());
              return name.startsWith(prefix)
                  && name.substring(prefix.length()).matches("[0-9a-f]{32}\\.part")
                  && !file.getFileName().equals(part.getFileName());
            })) {
      for (Path other : others) {
        throw new UsageException(
            "another batch, %s, has begun to write %s: go on with that one, name another output, or delete %s"
                .formatted(
                    String.valueOf(other.getFileName())
                        .substring(prefix.length(), prefix.length() + 32),
                    output,
                    other));
      }
    }
  }

  private static String notWritable(Path output) {
    return "cannot write " + output + ": permission denied; name another output";
  }

  private static BatchFileException failure(Path file, IOException e) {
    String why =
        e instanceof FileSystemException system && system.getReason() != null
            ? system.getReason()
            : InputReader.reason(e);
    return new BatchFileException(
        "cannot write %s: %s; what is done is kept: mend that, then run the same command again"
            .formatted(file, why),
        e);
  }

  /** Goes through what was written before; returns where it ends. */
  private long resume(DiskFile file) throws IOException {
    int longest =
        Math.addExact(config.maxResultBytes(), 6 * config.maxIdLength() + BEFORE_ID.length + 8);
    long end = 0;
    try (LineReader written = new LineReader(file.stream(), longest, config.bufferBytes())) {
      while (written.next() && written.isTerminated() && !written.isTooLong()) {
        InputLine line = peek();
        if (line == null || !isLineOf(line, written)) {
          break;
        }
        advance(line, errorCode(line, written));
        end = written.end();
      }
    }
    return end;
  }

  /** Whether a line of the part is one that stands for {@code line}, and undamaged. */
  private static boolean isLineOf(InputLine line, LineReader written) {
    byte[] bytes = written.bytes();
    int from = written.offset();
    int to = from + (int) written.size();
    byte[] id = id(line);
    if (!startsWith(written, 0, BEFORE_ID)
        || !startsWith(written, BEFORE_ID.length, id)
        || !startsWith(written, BEFORE_ID.length + id.length, COMMA)
        || bytes[to - 1] != '}') {
      return false;
    }
    for (int i = from; i < to; i++) {
      // A power cut can leave zeros; JSON has no such bytes.
      if (bytes[i] >= 0 && bytes[i] < ' ') {
        return false;
      }
    }
    return true;
  }

  private static boolean startsWith(LineReader line, int at, byte[] expected) {
    if (line.size() < at + expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if (line.bytes()[line.offset() + at + i] != expected[i]) {
        return false;
      }
    }
    return true;
  }

  /** The code of the error in a written line; empty when it has a result. */
  private static String errorCode(InputLine line, LineReader written) {
    int at = BEFORE_ID.length + id(line).length + COMMA.length;
    return startsWith(written, at, ERROR)
        ? code(written.bytes(), written.offset() + at + ERROR.length)
        : "";
  }

  private static String code(byte[] bytes, int from) {
    int to = from;
    while (to < bytes.length && bytes[to] != '"' && to - from < MAX_CODE) {
      to++;
    }
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }

  /**
   * Takes the results of consecutive items. Those that are there already stay as they are.
   *
   * @param first the number of the first one
   * @return how many are new
   * @throws BatchFileException when the disk is full or fails, or the input has been changed
   */
  public int put(int first, List<OutputBody> bodies) {
    if (first < 0 || bodies.size() > input.items() - first) {
      throw new IllegalArgumentException(
          "items %d to %d of %d".formatted(first, first + bodies.size() - 1L, input.items()));
    }
    return guarded(
        () -> {
          int taken = 0;
          for (int i = 0; i < bodies.size(); i++) {
            int item = first + i;
            drain();
            if (!has(item)) {
              OutputBody body = bounded(bodies.get(i));
              if (item == next) {
                write(body);
              } else {
                spill.add(item, body);
              }
              taken++;
            }
          }
          drain();
          lines.flush();
          spill.flush();
          keepRhythm();
          return taken;
        });
  }

  private OutputBody bounded(OutputBody body) {
    int length = body.bytes().length;
    return length <= config.maxResultBytes()
        ? body
        : OutputBody.error(
            OutputFormat.ITEM_FAILED,
            "a result of %,d bytes; it may have %,d".formatted(length, config.maxResultBytes()));
  }

  /** Writes everything whose turn it is. */
  private void drain() throws IOException {
    skipRefused();
    while (spill.has(next)) {
      write(spill.take(next));
      skipRefused();
    }
  }

  private void skipRefused() throws IOException {
    while (peek() instanceof InputLine.Refused bad) {
      OutputBody body =
          OutputBody.error(bad.problem().toString(), bad.message(), OptionalLong.of(bad.line()));
      append(bad, body);
    }
  }

  /** Writes the line of the next item. */
  private void write(OutputBody body) throws IOException {
    skipRefused();
    InputLine line = peek();
    if (!(line instanceof InputLine.Item item) || item.number() != next) {
      throw new IllegalStateException("item " + next + " is not next: " + line);
    }
    append(item, body);
  }

  private void append(InputLine line, OutputBody body) throws IOException {
    lines.append(BEFORE_ID, id(line), COMMA, body.bytes(), END);
    advance(line, body.isError() ? code(body.bytes(), ERROR.length) : "");
  }

  private static byte[] id(InputLine line) {
    String id =
        line instanceof InputLine.Item item
            ? item.id().toString()
            : ((InputLine.Refused) line).id().map(ItemId::toString).orElse("null");
    return id.getBytes(StandardCharsets.UTF_8);
  }

  private @Nullable InputLine peek() {
    if (peeked == null) {
      peeked = reader.next().orElse(null);
    }
    return peeked;
  }

  private void advance(InputLine line, String errorCode) {
    peeked = null;
    if (line instanceof InputLine.Refused) {
      refused++;
      return;
    }
    next++;
    if (errorCode.isEmpty()) {
      results++;
    } else if (Missing.isCode(errorCode)) {
      missing++;
    } else {
      failed++;
    }
  }

  private void keepRhythm() throws IOException {
    if (spill.count() == 0 && spill.bytes() >= config.spillBytes()) {
      syncAll();
      spill.reset();
    }
    if (lines.unsynced() >= config.syncBytes()
        || ticker.nanoTime() - lastSync >= config.syncInterval().toNanos()) {
      syncAll();
    }
  }

  private void syncAll() throws IOException {
    lines.sync();
    spill.sync();
    lastSync = ticker.nanoTime();
  }

  /** Returns when everything that was put survives a power cut. */
  public void sync() {
    guarded(
        () -> {
          syncAll();
          return 0;
        });
  }

  /** The first item whose line is not written yet; the number of items when all are. */
  public int next() {
    return next;
  }

  /** Whether the result of an item is there, written or kept for its turn. */
  public boolean has(int item) {
    return item < next || spill.has(item);
  }

  /** How many items have a result. */
  public int done() {
    return next + spill.count();
  }

  /**
   * Gives the output its name. All results must be there.
   *
   * @throws BatchFileException when somebody else has made a file of that name meanwhile, or the
   *     disk fails
   */
  public OutputSummary finish() {
    if (next != input.items()) {
      throw new IllegalStateException("only %d of %d items".formatted(next, input.items()));
    }
    return guarded(this::publish);
  }

  /**
   * Ends a batch of which not all is there: every item without a result gets a line that says why,
   * and the output gets its name. Whoever calls this has noted that the batch is over: there is no
   * going on afterwards, not even when this process is killed half-way.
   *
   * @param message for people, one line
   */
  public OutputSummary finish(Missing why, String message) {
    OutputBody body = OutputBody.error(why.toString(), message);
    return guarded(
        () -> {
          drain();
          while (next < input.items()) {
            write(spill.has(next) ? spill.take(next) : body);
          }
          return publish();
        });
  }

  private OutputSummary publish() throws IOException {
    skipRefused();
    if (peek() != null) {
      throw new IllegalStateException("behind the last item: " + peek());
    }
    lines.sync();
    name();
    state = State.FINISHED;
    lines.close();
    reader.close();
    spill.close();
    Files.deleteIfExists(part);
    Files.deleteIfExists(spillPath);
    return new OutputSummary(results, failed, refused, missing);
  }

  /** Never replaces a file: neither a link nor this move does. */
  private void name() throws IOException {
    try {
      try {
        Files.createLink(output, part);
      } catch (FileAlreadyExistsException e) {
        throw e;
      } catch (UnsupportedOperationException | FileSystemException e) {
        // A file system without links.
        Files.move(part, output);
      }
    } catch (FileAlreadyExistsException e) {
      throw new BatchFileException(
          "%s has been made by somebody else meanwhile: all results are in %s"
              .formatted(output, part),
          e);
    }
    try (FileChannel folder =
        FileChannel.open(
            requireNonNull(part.getParent(), "a part without a folder"), StandardOpenOption.READ)) {
      folder.force(true);
    } catch (IOException e) {
      // Not every system can force a folder; the file itself is on the disk.
    }
  }

  /** What may fail because of the disk. */
  @FunctionalInterface
  private interface Work<T> {
    T run() throws IOException;
  }

  private <T> T guarded(Work<T> work) {
    if (state != State.OPEN) {
      throw new IllegalStateException("the output is " + state);
    }
    // Whatever is thrown leaves the buffers in between.
    state = State.BROKEN;
    T result;
    try {
      result = work.run();
    } catch (IOException e) {
      throw failure(part, e);
    }
    if (state == State.BROKEN) {
      state = State.OPEN;
    }
    return result;
  }

  /** Lets go of the files. An output that is not finished can be opened again. */
  @Override
  public void close() {
    if (state == State.FINISHED || state == State.CLOSED) {
      state = State.CLOSED;
      return;
    }
    try {
      if (state == State.BROKEN) {
        lines.dropTail();
      }
    } catch (IOException e) {
      // The next one to open it cuts it off.
    }
    state = State.CLOSED;
    closeQuietly(reader, lines, spill);
  }

  private static void closeQuietly(@Nullable Closeable... files) {
    for (Closeable file : files) {
      if (file != null) {
        try {
          file.close();
        } catch (IOException | RuntimeException e) {
          // What was promised is written already.
        }
      }
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

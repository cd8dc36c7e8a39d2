package io.infernet.node.batch.file;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.AnswerEnd;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Takes a batch of many lines through the files: examined, read for sending, and results put that
 * come out of order. Prints lines per second of each step, and per second of its thread's CPU time,
 * next to those of copying the input line by line and forcing the copy to the disk. Run it with a
 * small heap to see that memory stays flat.
 */
public final class BatchFilesBenchmark {

  private static final JobId JOB = JobId.parse("00112233445566778899aabbccddeeff");
  private static final int SHARD = 64;

  /** Shards within which the order is random. */
  private static final int WINDOW = 1_000;

  private BatchFilesBenchmark() {}

  /**
   * Measures in an empty folder and leaves it as it was.
   *
   * @param args the folder, then how many lines; a million when left out
   */
  public static void main(String[] args) throws IOException {
    int lines = args.length > 1 ? Integer.parseInt(args[1]) : 1_000_000;
    Path in = Path.of(args[0], "in.jsonl");
    Path copy = Path.of(args[0], "copy.jsonl");
    Path out = Path.of(args[0], "out.jsonl");
    write(in, lines);
    try {
      Time plain = measure("copied", lines, null, () -> copy(in, copy));
      BatchInput[] input = new BatchInput[1];
      Time examined = measure("examined", lines, plain, () -> input[0] = examine(in));
      Time read = measure("read", lines, plain, () -> read(input[0]));
      measure("put in order", lines, plain, () -> put(input[0], out, 1));
      Time put = measure("put out of order", lines, plain, () -> put(input[0], out, WINDOW));
      measure(
          "put with the first shard last",
          lines,
          plain,
          () -> put(input[0], out, Integer.MAX_VALUE));
      print(
          "all of it, results out of order",
          lines,
          new Time(
              examined.wall() + read.wall() + put.wall(), examined.cpu() + read.cpu() + put.cpu()),
          plain);
    } finally {
      for (Path file : List.of(in, copy, out)) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Seconds. */
  private record Time(double wall, double cpu) {}

  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  private static Time measure(String what, int lines, @Nullable Time plain, Step step)
      throws IOException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long wall = System.nanoTime();
    long cpu = threads.getCurrentThreadCpuTime();
    step.run();
    Time time =
        new Time((System.nanoTime() - wall) / 1e9, (threads.getCurrentThreadCpuTime() - cpu) / 1e9);
    print(what, lines, time, plain);
    return time;
  }

  private static void print(String what, int lines, Time time, @Nullable Time plain) {
    System.out.printf(
        Locale.ROOT,
        "%s: %.2f s, %,.0f lines/s; CPU %.2f s, %,.0f lines/s%s%n",
        what,
        time.wall(),
        lines / time.wall(),
        time.cpu(),
        lines / time.cpu(),
        plain == null
            ? ""
            : String.format(
                Locale.ROOT,
                "; %.2f of copying, by CPU time %.2f",
                plain.wall() / time.wall(),
                plain.cpu() / time.cpu()));
  }

  private static void write(Path file, int lines) throws IOException {
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      for (int i = 0; i < lines; i++) {
        writer.write(
            "{\"id\":\"request-" + i + "\",\"prompt\":\"Once upon a time, in the year " + i);
        writer.write(", a traveller came to a village by the sea and asked for a bed.\"}\n");
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(from);
        BufferedWriter writer = Files.newBufferedWriter(to)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        writer.write(line);
        writer.write('\n');
      }
    }
    try (FileChannel channel = FileChannel.open(to, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static BatchInput examine(Path file) {
    return BatchInput.examine(
        file,
        TaskType.GENERATE,
        BatchFileConfig.defaults(),
        true,
        refused -> {
          throw new IllegalStateException(refused.toString());
        });
  }

  private static void read(BatchInput input) {
    int items = 0;
    try (InputReader reader = input.read()) {
      while (reader.next().isPresent()) {
        items++;
      }
    }
    if (items != input.items()) {
      throw new IllegalStateException(items + " of " + input.items());
    }
  }

  /** Puts results in windows of shards in random order, or with the first shard last. */
  private static void put(BatchInput input, Path file, int window) throws IOException {
    OutputFormat format =
        new OutputFormat(
            ids -> "Nobody had a bed for him, so he slept on the beach. " + ids, List.of());
    List<Integer> shards =
        new ArrayList<>(IntStream.range(0, (input.items() + SHARD - 1) / SHARD).boxed().toList());
    if (window == Integer.MAX_VALUE) {
      Collections.rotate(shards, -1);
    } else {
      Random random = new Random(1);
      for (int from = 0; from < shards.size(); from += window) {
        Collections.shuffle(shards.subList(from, Math.min(shards.size(), from + window)), random);
      }
    }
    try (BatchOutput output =
        BatchOutput.open(file, JOB, input, BatchFileConfig.defaults(), Ticker.system())) {
      for (int shard : shards) {
        int first = shard * SHARD;
        List<OutputBody> bodies = new ArrayList<>();
        for (int item = first; item < Math.min(input.items(), first + SHARD); item++) {
          bodies.add(
              format.render(
                  new ItemResult.Generated(TokenIds.of(item, item + 1), AnswerEnd.STOP_TOKEN),
                  shard));
        }
        output.put(first, bodies);
      }
      output.finish();
    }
    Files.delete(file);
  }
}

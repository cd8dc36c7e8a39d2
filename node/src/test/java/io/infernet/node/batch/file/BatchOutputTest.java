package io.infernet.node.batch.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import io.infernet.node.ExitCode;
import io.infernet.node.UsageException;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.JobId;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchOutputTest {

  private static final JobId JOB = JobId.parse("00112233445566778899aabbccddeeff");
  private static final JobId OTHER = JobId.parse("ffeeddccbbaa99887766554433221100");

  /** Small buffers, so that every boundary is crossed. */
  private static final BatchFileConfig CONFIG =
      new BatchFileConfig(
          1 << 10, 32, 1_000, 1 << 10, 1 << 10, 1 << 12, Duration.ofSeconds(1), 1 << 11);

  @TempDir private Path folder;
  private Path output;
  private Path part;
  private Path spill;
  private long now;

  @BeforeEach
  void name() {
    output = folder.resolve("out.jsonl");
    part = folder.resolve("out.jsonl." + JOB + ".part");
    spill = folder.resolve("out.jsonl." + JOB + ".spill");
  }

  private BatchInput input(String... lines) throws IOException {
    Path file = Files.writeString(folder.resolve("in.jsonl"), String.join("\n", lines));
    return BatchInput.examine(file, TaskType.EMBED, CONFIG, false, refused -> {});
  }

  /** Items {@code i0}, {@code i1}, and so on. */
  private BatchInput items(int count) throws IOException {
    return input(
        IntStream.range(0, count)
            .mapToObj(i -> "{\"id\":\"i" + i + "\",\"input\":\"x\"}")
            .toArray(String[]::new));
  }

  private BatchOutput open(BatchInput input) {
    return BatchOutput.open(output, JOB, input, CONFIG, () -> now);
  }

  private static OutputBody body(int item) {
    return OutputBody.of(json -> json.writeNumberField("n", item));
  }

  private static List<OutputBody> bodies(int from, int to) {
    return IntStream.range(from, to).mapToObj(BatchOutputTest::body).toList();
  }

  private static String line(int item) {
    return "{\"id\":\"i" + item + "\",\"n\":" + item + "}";
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }

  @Test
  void putsResultsIntoTheOrderOfTheInput() throws IOException {
    try (BatchOutput out = open(items(5))) {
      assertEquals(2, out.put(3, bodies(3, 5)));
      assertEquals(0, out.next());
      assertEquals(2, out.done());
      assertTrue(out.has(4));
      assertEquals(2, out.put(0, bodies(0, 2)));
      assertEquals(2, out.next());
      assertEquals(List.of(line(0), line(1)), Files.readAllLines(part));
      assertFalse(Files.exists(output));
      assertEquals(1, out.put(2, bodies(2, 3)));
      assertEquals(new OutputSummary(5, 0, 0, 0), out.finish());
    }
    assertEquals(List.of(line(0), line(1), line(2), line(3), line(4)), Files.readAllLines(output));
    assertEquals(List.of("in.jsonl", "out.jsonl"), files());
  }

  @Test
  void keepsTheFirstOfTwoResults() throws IOException {
    try (BatchOutput out = open(items(4))) {
      assertEquals(1, out.put(2, bodies(2, 3)));
      assertEquals(0, out.put(2, List.of(body(77))));
      assertEquals(3, out.put(0, bodies(0, 4)));
      assertEquals(0, out.put(0, List.of(body(77), body(77))));
      out.finish();
    }
    assertEquals(List.of(line(0), line(1), line(2), line(3)), Files.readAllLines(output));
  }

  @Test
  void givesRefusedLinesAndFailedItemsTheirPlaces() throws IOException {
    BatchInput input =
        input(
            "oops",
            "{\"id\":\"i0\",\"input\":\"x\"}",
            "",
            "{\"id\":\"i0\",\"input\":\"again\"}",
            "{\"id\":7,\"input\":\"x\"}",
            "{\"id\":8,\"model\":\"y\"}");
    try (BatchOutput out = open(input)) {
      assertEquals(5, input.lines());
      out.put(1, List.of(OutputBody.error(OutputFormat.ITEM_FAILED, "too long")));
      out.put(0, bodies(0, 1));
      assertEquals(new OutputSummary(1, 1, 3, 0), out.finish());
    }
    List<String> lines = Files.readAllLines(output);
    assertTrue(lines.get(0).startsWith("{\"id\":null,\"error\":{\"code\":\"bad_json\","));
    assertTrue(lines.get(0).endsWith(",\"line\":1}}"), lines.get(0));
    assertEquals(line(0), lines.get(1));
    assertTrue(lines.get(2).startsWith("{\"id\":\"i0\",\"error\":{\"code\":\"duplicate_id\","));
    assertEquals(
        "{\"id\":7,\"error\":{\"code\":\"item_failed\",\"message\":\"too long\"}}", lines.get(3));
    assertTrue(lines.get(4).startsWith("{\"id\":8,\"error\":{\"code\":\"bad_request\","));
  }

  @Test
  void marksWhatIsMissingWhenABatchEndsEarly() throws IOException {
    try (BatchOutput out = open(items(4))) {
      out.put(2, bodies(2, 3));
      out.put(0, bodies(0, 1));
      OutputSummary summary = out.finish(Missing.DEADLINE_PASSED, "the deadline has passed");
      assertEquals(new OutputSummary(2, 0, 0, 2), summary);
      assertTrue(summary.isPartial());
    }
    String missing =
        "\"error\":{\"code\":\"deadline_passed\",\"message\":\"the deadline has passed\"}}";
    assertEquals(
        List.of(line(0), "{\"id\":\"i1\"," + missing, line(2), "{\"id\":\"i3\"," + missing),
        Files.readAllLines(output));
  }

  @Test
  void goesOnBehindTheLastWholeLine() throws IOException {
    BatchInput input = items(6);
    try (BatchOutput out = open(input)) {
      out.put(4, bodies(4, 5));
      out.put(0, List.of(body(0), OutputBody.error(OutputFormat.ITEM_FAILED, "no")));
      out.put(2, bodies(2, 3));
    }
    Files.writeString(part, "{\"id\":\"i3\",\"n", StandardOpenOption.APPEND);
    Files.write(spill, new byte[] {0, 0, 0, 5, 0, 0, 0, 9, 1, 2}, StandardOpenOption.APPEND);
    try (BatchOutput out = open(input)) {
      assertEquals(3, out.next());
      assertTrue(out.has(4));
      assertFalse(out.has(5));
      out.put(5, bodies(5, 6));
      out.put(3, bodies(3, 4));
      assertEquals(new OutputSummary(5, 1, 0, 0), out.finish());
    }
    List<String> lines = Files.readAllLines(output);
    assertEquals(6, lines.size());
    assertEquals(List.of(line(2), line(3), line(4), line(5)), lines.subList(2, 6));
  }

  @Test
  void believesNoLinesThatAPowerCutHasDamaged() throws IOException {
    BatchInput input = items(5);
    try (BatchOutput out = open(input)) {
      out.put(0, bodies(0, 5));
    }
    try (RandomAccessFile file = new RandomAccessFile(part.toFile(), "rw")) {
      file.seek(line(0).length() + 1 + line(1).length() + 1 + 12);
      file.write(new byte[3]);
    }
    try (BatchOutput out = open(input)) {
      assertEquals(2, out.next());
      assertEquals(3, out.put(0, bodies(0, 5)));
      out.finish();
    }
    assertEquals(5, Files.readAllLines(output).size());
  }

  @Test
  void endsTheSameWhereverItIsKilled() {
    Property.forAll(
        150,
        random -> {
          int count = 1 + random.nextInt(120);
          BatchInput input = mixed(random, count);
          List<int[]> shards = shards(random, input.items());
          Files.deleteIfExists(output);
          List<String> expected = run(input, shards, random, false);
          Files.delete(output);
          assertEquals(expected, run(input, shards, random, true));
          assertEquals(input.lines(), expected.size());
          assertEquals(List.of("in.jsonl", "out.jsonl"), files());
        });
  }

  /** Puts shards in random order, some twice; with kills, also opens again after damage. */
  private List<String> run(
      BatchInput input, List<int[]> shards, RandomGenerator random, boolean kills)
      throws IOException {
    List<int[]> order = new ArrayList<>(shards);
    order.addAll(shards.subList(0, random.nextInt(shards.size() + 1)));
    Collections.shuffle(order, new Random(random.nextLong()));
    BatchOutput out = open(input);
    try {
      for (int[] shard : order) {
        now += random.nextInt(500_000_000);
        out.put(shard[0], results(shard[0], shard[1]));
        if (kills && random.nextInt(3) == 0) {
          boolean powerCut = random.nextBoolean();
          if (!powerCut) {
            // Nothing of what was put may be lost.
            for (int item = shard[0]; item < shard[1]; item++) {
              assertTrue(out.has(item));
            }
          }
          int before = out.done();
          out.close();
          if (powerCut) {
            damage(random, part);
            damage(random, spill);
          } else {
            append(random, part);
            append(random, spill);
          }
          out = open(input);
          assertTrue(powerCut || out.done() == before, "lost what was put");
        }
      }
      // After a power cut the client puts again what is not there.
      for (int item = 0; item < input.items(); item++) {
        if (!out.has(item)) {
          assertTrue(kills);
          out.put(item, results(item, item + 1));
        }
      }
      out.finish();
    } finally {
      out.close();
    }
    return Files.readAllLines(output);
  }

  private static List<OutputBody> results(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            item ->
                item % 7 == 3
                    ? OutputBody.error(OutputFormat.ITEM_FAILED, "no " + item)
                    : OutputBody.of(
                        json -> json.writeStringField("t", "x".repeat(item * 31 % 900) + item)))
        .toList();
  }

  /** What a process that is killed while it writes leaves at the end. */
  private static void append(RandomGenerator random, Path file) throws IOException {
    if (random.nextBoolean()) {
      Files.write(
          file, Property.bytesOfLength(random, 1 + random.nextInt(40)), StandardOpenOption.APPEND);
    }
  }

  /** What a power cut may do. */
  private static void damage(RandomGenerator random, Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int keep = random.nextInt(bytes.length + 1);
    byte[] left = Arrays.copyOf(bytes, random.nextBoolean() ? keep : bytes.length);
    Arrays.fill(left, Math.min(keep, left.length), left.length, (byte) 0);
    Files.write(file, left);
  }

  private BatchInput mixed(RandomGenerator random, int count) throws IOException {
    String[] lines = new String[count];
    for (int i = 0; i < count; i++) {
      lines[i] =
          switch (i == 0 ? 5 : random.nextInt(6)) {
            case 0 -> "oops";
            case 1 -> "{\"input\":\"without an id\"}";
            case 2 -> "{\"id\":\"twice\",\"input\":\"x\"}";
            default -> "{\"id\":\"" + i + "\",\"input\":\"x\"}";
          };
    }
    return input(lines);
  }

  private static List<int[]> shards(RandomGenerator random, int items) {
    List<int[]> shards = new ArrayList<>();
    for (int from = 0; from < items; ) {
      int to = Math.min(items, from + 1 + random.nextInt(20));
      shards.add(new int[] {from, to});
      from = to;
    }
    return shards;
  }

  @Test
  void saysThatTheDiskIsFullAndGoesOnWhenThereIsRoom() {
    Property.forAll(
        60,
        random -> {
          BatchInput input = items(60);
          Files.deleteIfExists(output);
          List<int[]> shards = shards(random, 60);
          Collections.shuffle(shards, new Random(random.nextLong()));
          FaultyDisk disk = new FaultyDisk(random.nextInt(4_000));
          try (BatchOutput out = BatchOutput.open(output, JOB, input, CONFIG, () -> now, disk)) {
            for (int[] shard : shards) {
              out.put(shard[0], results(shard[0], shard[1]));
            }
            throw new AssertionError("there was room for all");
          } catch (BatchFileException e) {
            assertTrue(message(e).contains("No space left on device"), message(e));
            assertTrue(message(e).contains("run the same command again"), message(e));
            assertEquals(ExitCode.FAILED, ExitCode.of(e));
          }
          assertFalse(Files.exists(output));
          for (String line : Files.readAllLines(part)) {
            assertTrue(line.endsWith("}"), line);
          }
          try (BatchOutput out = open(input)) {
            out.put(0, results(0, 60));
            assertEquals(60, out.finish().lines());
          }
        });
  }

  @Test
  void isOfNoUseAfterAFailure() throws IOException {
    BatchInput input = items(50);
    try (BatchOutput out =
        BatchOutput.open(output, JOB, input, CONFIG, () -> now, new FaultyDisk(10))) {
      assertThrows(BatchFileException.class, () -> out.put(0, bodies(0, 50)));
      assertThrows(IllegalStateException.class, () -> out.put(0, bodies(0, 50)));
    }
    assertEquals(0, Files.size(part));
  }

  @Test
  void replacesNoFile() throws IOException {
    BatchInput input = items(1);
    Files.writeString(output, "mine");
    UsageException e = assertThrows(UsageException.class, () -> open(input));
    assertTrue(message(e).contains("exists already"), message(e));
    Files.delete(output);
    try (BatchOutput out = open(input)) {
      out.put(0, bodies(0, 1));
      Files.writeString(output, "mine");
      BatchFileException late = assertThrows(BatchFileException.class, out::finish);
      assertTrue(message(late).contains(part.toString()), message(late));
    }
    assertEquals("mine", Files.readString(output));
    assertEquals(List.of(line(0)), Files.readAllLines(part));
  }

  @Test
  void finishesWhatWasKilledBetweenItsTwoNames() throws IOException {
    BatchInput input = items(1);
    try (BatchOutput out = open(input)) {
      out.put(0, bodies(0, 1));
    }
    Files.createLink(output, part);
    try (BatchOutput out = open(input)) {
      assertEquals(1, out.next());
      out.finish();
    }
    assertEquals(List.of("in.jsonl", "out.jsonl"), files());
  }

  @Test
  void refusesOutputsThatCannotBe() throws IOException {
    BatchInput input = items(1);
    for (Path bad :
        List.of(folder, input.file(), folder.resolve("none/out"), input.file().resolve("out"))) {
      UsageException e =
          assertThrows(
              UsageException.class,
              () -> BatchOutput.open(bad, JOB, input, CONFIG, () -> now),
              bad::toString);
      assertEquals(ExitCode.USAGE, ExitCode.of(e));
    }
    Path link = Files.createSymbolicLink(folder.resolve("link"), input.file());
    assertThrows(UsageException.class, () -> BatchOutput.open(link, JOB, input, CONFIG, () -> now));
  }

  @Test
  void letsTwoBatchesNotWriteOneOutput() throws IOException {
    BatchInput input = items(2);
    BatchOutput first = open(input);
    UsageException inUse = assertThrows(UsageException.class, () -> open(input));
    assertTrue(message(inUse).contains("another process"), message(inUse));
    first.close();
    UsageException e =
        assertThrows(
            UsageException.class, () -> BatchOutput.open(output, OTHER, input, CONFIG, () -> now));
    assertTrue(message(e).contains(JOB.toString()), message(e));
    assertTrue(message(e).contains(part.toString()), message(e));
  }

  @Test
  void doesNotFinishWhenTheInputHasChanged() throws IOException {
    BatchInput input = items(3);
    open(input).close();
    Files.writeString(input.file(), "{\"input\":\"other\"}\n");
    assertThrows(BatchFileException.class, () -> open(input));
    assertFalse(Files.exists(output));
  }

  @Test
  void emptiesTheSpillWhenNothingInItIsWanted() throws IOException {
    try (BatchOutput out = open(items(200))) {
      for (int from = 0; from < 200; from += 100) {
        out.put(from + 10, results(from + 10, from + 100));
        assertTrue(Files.size(spill) > CONFIG.spillBytes());
        out.put(from, results(from, from + 10));
        assertEquals(0, Files.size(spill));
      }
      out.finish();
    }
  }

  @Test
  void replacesResultsThatAreTooLong() throws IOException {
    try (BatchOutput out = open(items(1))) {
      out.put(0, List.of(OutputBody.of(json -> json.writeStringField("t", "x".repeat(2_000)))));
      assertEquals(new OutputSummary(0, 1, 0, 0), out.finish());
    }
  }

  @Test
  void refusesItemsThatThereAreNot() throws IOException {
    try (BatchOutput out = open(items(2))) {
      assertThrows(IllegalArgumentException.class, () -> out.put(1, bodies(1, 3)));
      assertThrows(IllegalArgumentException.class, () -> out.put(-1, bodies(0, 1)));
      assertThrows(IllegalStateException.class, out::finish);
      out.sync();
    }
  }
}

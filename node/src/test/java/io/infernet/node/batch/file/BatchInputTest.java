package io.infernet.node.batch.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.node.ExitCode;
import io.infernet.node.UsageException;
import io.infernet.node.batch.file.InputLine.Problem;
import io.infernet.node.job.EncodeRequest;
import io.infernet.node.job.Prompt;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.Hash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchInputTest {

  private static final BatchFileConfig CONFIG = BatchFileConfig.defaults();

  @TempDir private Path folder;
  private final List<InputLine.Refused> reported = new ArrayList<>();

  private Path write(String... lines) throws IOException {
    return Files.writeString(folder.resolve("in.jsonl"), String.join("\n", lines) + "\n");
  }

  private BatchInput examine(TaskType task, String... lines) throws IOException {
    return BatchInput.examine(write(lines), task, CONFIG, false, reported::add);
  }

  private static List<InputLine> all(BatchInput input) {
    List<InputLine> lines = new ArrayList<>();
    try (InputReader reader = input.read()) {
      for (Optional<InputLine> line = reader.next(); line.isPresent(); line = reader.next()) {
        lines.add(line.get());
      }
    }
    return lines;
  }

  private List<InputLine> read(TaskType task, String... lines) throws IOException {
    return all(examine(task, lines));
  }

  private static ItemInput input(InputLine line) {
    return ((InputLine.Item) line).input();
  }

  /** What is wrong with the second line; the first is right. */
  private InputLine.Refused refused(TaskType task, String line) throws IOException {
    String right =
        task == TaskType.GENERATE ? "{\"id\":\"first\",\"prompt\":\"a\"}" : "{\"input\":\"a\"}";
    List<InputLine> lines = read(task, right, line);
    assertEquals(List.of(lines.get(1)), reported);
    reported.clear();
    return (InputLine.Refused) lines.get(1);
  }

  @Test
  void readsPromptsMessagesAndInputs() throws IOException {
    List<InputLine> lines =
        read(
            TaskType.GENERATE,
            "{\"id\":\"a\",\"prompt\":\"Grüße\"}",
            "{\"id\":2,\"messages\":[{\"role\":\"developer\",\"content\":\"s\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"text\",\"text\":\"y\"}]}]}",
            "{\"prompt\":[1,2,3],\"id\":null}",
            "{\"input\":\"b\"}");
    assertEquals(
        List.of(
            new InputLine.Item(
                0, 1, ItemId.of("a"), new ItemInput.ToGenerate(new Prompt.Text("Grüße"))),
            new InputLine.Item(
                1,
                2,
                ItemId.of(2),
                new ItemInput.ToGenerate(
                    new Prompt.Messages(List.of(ChatMessage.system("s"), ChatMessage.user("xy"))))),
            new InputLine.Item(
                2,
                3,
                ItemId.of(3),
                new ItemInput.ToGenerate(new Prompt.Tokens(TokenIds.of(1, 2, 3)))),
            new InputLine.Item(3, 4, ItemId.of(4), new ItemInput.ToGenerate(new Prompt.Text("b")))),
        lines);
    assertTrue(reported.isEmpty());
  }

  @Test
  void readsTextsTokensAndPairsForEncoders() throws IOException {
    List<InputLine> lines =
        read(
            TaskType.CLASSIFY,
            "{\"input\":\"a\"}",
            "{\"prompt\":\"b\"}",
            "{\"input\":[7]}",
            "{\"input\":{\"text\":\"c\",\"text_pair\":\"d\"}}",
            "{\"input\":{\"text\":\"e\",\"text_pair\":null}}");
    assertEquals(
        List.of(
            new EncodeRequest.Text("a"),
            new EncodeRequest.Text("b"),
            new EncodeRequest.Tokens(TokenIds.of(7)),
            new EncodeRequest.Pair("c", "d"),
            new EncodeRequest.Text("e")),
        lines.stream().map(line -> ((ItemInput.ToEncode) input(line)).input()).toList());
  }

  @Test
  void skipsEmptyLinesAndKnowsByteOrderMarksAndCarriageReturns() throws IOException {
    Path file = folder.resolve("in.jsonl");
    Files.writeString(
        file, "\uFEFF{\"prompt\":\"a\"}\r\n\r\n  \t\n{\"prompt\":\"b\"}", StandardCharsets.UTF_8);
    BatchInput input = BatchInput.examine(file, TaskType.GENERATE, CONFIG, true, reported::add);
    assertEquals(2, input.items());
    assertEquals(List.of(1L, 4L), all(input).stream().map(InputLine::line).toList());
  }

  @Test
  void reportsBrokenJsonWithLineAndColumnAndRunsTheRest() throws IOException {
    InputLine.Refused bad = refused(TaskType.GENERATE, "{\"prompt\":\"ä😀\" oops}");
    assertEquals(Problem.BAD_JSON, bad.problem());
    assertEquals(OptionalInt.of(16), bad.column());
    assertTrue(bad.toString().startsWith("line 2, column 16: not JSON: "), bad.toString());
    assertEquals(Problem.BAD_JSON, refused(TaskType.GENERATE, "{\"prompt\":\"a").problem());
    assertEquals(Problem.BAD_JSON, refused(TaskType.GENERATE, "[1]").problem());
    assertEquals(Problem.BAD_JSON, refused(TaskType.GENERATE, "{\"prompt\":\"a\"} {}").problem());
    assertEquals(
        Problem.BAD_JSON,
        refused(TaskType.GENERATE, "{\"prompt\":\"a\",\"prompt\":\"b\"}").problem());
    assertEquals(Problem.BAD_JSON, refused(TaskType.GENERATE, "[".repeat(100_000)).problem());
  }

  @Test
  void keepsTheIdOfALineThatIsWrong() throws IOException {
    InputLine.Refused bad = refused(TaskType.GENERATE, "{\"temperature\":1,\"id\":\"x\"}");
    assertEquals(Optional.of(ItemId.of("x")), bad.id());
    assertTrue(bad.message().startsWith("'temperature' is not known here"), bad.message());
    assertEquals(Optional.of(ItemId.of("y")), refused(TaskType.GENERATE, "{\"id\":\"y\",]").id());
  }

  @Test
  void saysWhatARequestLacks() throws IOException {
    for (String line :
        List.of(
            "{}",
            "{\"prompt\":7}",
            "{\"prompt\":{}}",
            "{\"prompt\":[]}",
            "{\"prompt\":[1,-1]}",
            "{\"prompt\":[1.5]}",
            "{\"prompt\":[[1]]}",
            "{\"prompt\":[99999999999]}",
            "{\"prompt\":\"a\",\"input\":\"b\"}",
            "{\"prompt\":\"\\ud83d\"}",
            "{\"messages\":[]}",
            "{\"messages\":\"a\"}",
            "{\"messages\":[{\"role\":\"user\"}]}",
            "{\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"name\":\"b\"}]}",
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
            "{\"prompt\":\"a\",\"id\":\"\"}",
            "{\"prompt\":\"a\",\"id\":true}",
            "{\"prompt\":\"a\",\"id\":[1]}",
            "{\"prompt\":\"a\",\"id\":1e3}",
            "{\"prompt\":\"a\",\"id\":99999999999999999999}",
            "{\"prompt\":\"a\",\"id\":\"" + "x".repeat(513) + "\"}")) {
      assertEquals(Problem.BAD_REQUEST, refused(TaskType.GENERATE, line).problem(), line);
    }
    for (String line :
        List.of(
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
            "{\"input\":{\"text_pair\":\"a\"}}",
            "{\"input\":{\"text\":\"a\",\"other\":\"b\"}}",
            "{\"input\":{\"text\":[\"a\"]}}",
            "{\"input\":[\"a\",\"b\"]}")) {
      assertEquals(Problem.BAD_REQUEST, refused(TaskType.EMBED, line).problem(), line);
    }
  }

  @Test
  void refusesTheSecondOfTwoEqualIdsNamingBothLines() throws IOException {
    List<InputLine> lines =
        read(
            TaskType.GENERATE,
            "{\"id\":\"a\",\"prompt\":\"1\"}",
            "{\"id\":\"\\u0061\",\"prompt\":\"2\"}",
            "{\"id\":4,\"prompt\":\"3\"}",
            "{\"prompt\":\"without an id it would be 4\"}",
            "{\"id\":\"4\",\"prompt\":\"a string is not a number\"}");
    assertEquals(2, reported.size());
    assertEquals("line 2: the id \"a\" is that of line 1 already", reported.get(0).toString());
    assertEquals(Problem.DUPLICATE_ID, reported.get(1).problem());
    assertEquals(4, reported.get(1).line());
    assertTrue(reported.get(1).message().endsWith("line 3 already"), reported.get(1).message());
    assertEquals(
        List.of(0, 1, 2),
        lines.stream()
            .filter(InputLine.Item.class::isInstance)
            .map(line -> ((InputLine.Item) line).number())
            .toList());
  }

  @Test
  void refusesALineOfTenMegabytesAndRunsTheRest() throws IOException {
    List<InputLine> lines =
        read(
            TaskType.GENERATE,
            "{\"prompt\":\"a\"}",
            "{\"prompt\":\"" + "x".repeat(10_000_000) + "\"}",
            "{\"prompt\":\"b\"}");
    InputLine.Refused bad = (InputLine.Refused) lines.get(1);
    assertEquals(Problem.LINE_TOO_LONG, bad.problem());
    assertEquals(2, bad.line());
    assertEquals(1, ((InputLine.Item) lines.get(2)).number());
  }

  @Test
  void refusesLinesThatAreNotUtf8() throws IOException {
    Path file = folder.resolve("in.jsonl");
    byte[] bytes = "{\"prompt\":\"a\"}\n{\"prompt\":\"ü?\"}\n".getBytes(StandardCharsets.UTF_8);
    bytes[bytes.length - 4] = (byte) 0xff;
    Files.write(file, bytes);
    BatchInput.examine(file, TaskType.GENERATE, CONFIG, false, reported::add);
    assertEquals(Problem.NOT_UTF8, reported.get(0).problem());
    assertEquals(OptionalInt.of(13), reported.get(0).column());
  }

  @Test
  void stopsAtTheFirstBadLineWhenStrict() throws IOException {
    Path file = write("{\"prompt\":\"a\"}", "oops", "{\"id\":7}");
    UsageException e =
        assertThrows(
            UsageException.class,
            () -> BatchInput.examine(file, TaskType.GENERATE, CONFIG, true, reported::add));
    assertTrue(String.valueOf(e.getMessage()).contains("line 2, column 1"), e.getMessage());
    assertEquals(ExitCode.USAGE, ExitCode.of(e));
  }

  @Test
  void refusesFilesInWhichNothingCanBeDone() throws IOException {
    for (String text : List.of("", "\n \n", "oops\n")) {
      assertThrows(UsageException.class, () -> examine(TaskType.GENERATE, text));
    }
    Path none = folder.resolve("none.jsonl");
    for (Path file : List.of(none, folder)) {
      UsageException e =
          assertThrows(
              UsageException.class,
              () -> BatchInput.examine(file, TaskType.EMBED, CONFIG, false, reported::add));
      assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e.getMessage());
    }
  }

  @Test
  void refusesMoreLinesThanItCanRemember() throws IOException {
    BatchFileConfig two =
        new BatchFileConfig(1 << 10, 16, 2, 1 << 10, 1 << 10, 1, CONFIG.syncInterval(), 1);
    Path file = write("{\"input\":\"a\"}", "", "{\"input\":\"b\"}");
    assertEquals(2, BatchInput.examine(file, TaskType.EMBED, two, true, reported::add).items());
    Files.writeString(file, "{\"input\":\"a\"}\n".repeat(3));
    assertThrows(
        BatchFileException.class,
        () -> BatchInput.examine(file, TaskType.EMBED, two, true, reported::add));
  }

  @Test
  void noticesThatTheFileHasChanged() throws IOException {
    BatchInput input = examine(TaskType.EMBED, "{\"input\":\"a\"}", "{\"input\":\"b\"}");
    FileTime modified = Files.getLastModifiedTime(input.file());
    // Same size, same time: only the digest tells.
    write("{\"input\":\"a\"}", "{\"input\":\"c\"}");
    Files.setLastModifiedTime(input.file(), modified);
    assertThrows(BatchFileException.class, () -> all(input));
    write("{\"input\":\"a\"}");
    assertThrows(BatchFileException.class, input::read);
  }

  @Test
  void knowsTheDigestThatABatchBeganWith() throws Exception {
    BatchInput input = examine(TaskType.EMBED, "{\"input\":\"a\"}");
    Hash digest =
        Hash.fromBytes(
            MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(input.file())));
    assertEquals(digest, input.digest());
    input.requireDigest(digest);
    byte[] other = digest.toBytes();
    other[0]++;
    assertThrows(UsageException.class, () -> input.requireDigest(Hash.fromBytes(other)));
  }

  @Test
  void remembersAMillionIdsInLittleMemory() {
    IdTable table = new IdTable();
    for (int line = 1; line <= 1_000_000; line++) {
      assertEquals(0, table.add(ItemId.of("item-" + line), line));
    }
    for (int line : new int[] {1, 77, 999_999, 1_000_000}) {
      assertEquals(line, table.add(ItemId.of("item-" + line), 2_000_000));
    }
    assertTrue(table.slots() <= 2_000_000, () -> table.slots() + " slots of 16 bytes");
  }

  @Test
  void refusesImpossibleLimits() {
    assertEquals(CONFIG, BatchFileConfig.defaults());
    for (int[] bad : new int[][] {{0, 16}, {1 << 30, 16}, {1 << 10, 0}}) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              new BatchFileConfig(bad[0], bad[1], 1, 1 << 10, 1 << 10, 1, CONFIG.syncInterval(), 1),
          () -> Arrays.toString(bad));
    }
  }
}

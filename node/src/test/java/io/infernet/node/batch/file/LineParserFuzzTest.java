package io.infernet.node.batch.file;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.verification.batch.TaskType;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class LineParserFuzzTest {

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsLinesOrSaysWhatIsWrong(byte[] line) {
    for (TaskType task : TaskType.values()) {
      try {
        LineParser.Parsed parsed =
            new LineParser(task, BatchFileConfig.defaults()).parse(line, 0, line.length);
        assertTrue(
            task == TaskType.GENERATE
                ? parsed.input() instanceof ItemInput.ToGenerate
                : parsed.input() instanceof ItemInput.ToEncode);
      } catch (BadLineException e) {
        InputLine.Refused refused = e.at(1);
        assertFalse(refused.message().contains("\n"));
        assertTrue(refused.column().orElse(1) >= 1);
      }
    }
  }

  static Stream<byte[]> seeds() {
    return Stream.of(
            "{\"id\":\"a\",\"prompt\":\"b\"}",
            "{\"id\":7,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}]}",
            "{\"input\":{\"text\":\"a\",\"text_pair\":\"b\"}}",
            "{\"prompt\":[1,2,3]}",
            "{\"prompt\":\"\\ud83d\\ude00 😀\",\"x\":{\"y\":[null]}}")
        .map(line -> line.getBytes(StandardCharsets.UTF_8));
  }
}

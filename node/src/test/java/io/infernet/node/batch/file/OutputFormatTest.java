package io.infernet.node.batch.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.receipt.AnswerEnd;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class OutputFormatTest {

  private static final OutputFormat FORMAT =
      new OutputFormat(ids -> "text \"" + ids.size() + "\"\n", List.of("no", "yes"));

  @Test
  void rendersTexts() {
    TokenIds ids = TokenIds.of(1, 2);
    assertEquals(
        "\"text\":\"text \\\"2\\\"\\n\",\"finish_reason\":\"stop\",\"completion_tokens\":2,\"shard\":3",
        FORMAT.render(new ItemResult.Generated(ids, AnswerEnd.STOP_TOKEN), 3).toString());
    assertTrue(
        FORMAT
            .render(new ItemResult.Generated(ids, AnswerEnd.LENGTH), 0)
            .toString()
            .contains("\"finish_reason\":\"length\""));
  }

  @Test
  void rendersVectorsThatReadBackTheSame() {
    assertEquals(
        "\"embedding\":[0.1,-3.4028235E38,0.0],\"shard\":0",
        FORMAT
            .render(new ItemResult.Embedded(new float[] {0.1f, -Float.MAX_VALUE, 0}), 0)
            .toString());
  }

  @Test
  void rendersLabelsWithAllScores() {
    assertEquals(
        "\"label\":\"yes\",\"probs\":[0.25,0.75],\"labels\":[\"no\",\"yes\"],\"shard\":1",
        FORMAT.render(new ItemResult.Classified(1, new float[] {0.25f, 0.75f}), 1).toString());
    assertThrows(
        IllegalArgumentException.class,
        () -> FORMAT.render(new ItemResult.Classified(0, new float[] {1}), 1));
  }

  @Test
  void rendersWhatHasNoResultAsAnError() {
    OutputBody failed = FORMAT.render(new ItemResult.Failed("too long"), 1);
    assertTrue(failed.isError());
    assertEquals(
        "\"error\":{\"code\":\"item_failed\",\"message\":\"too long\"}", failed.toString());
    assertEquals(
        "\"error\":{\"code\":\"bad_json\",\"message\":\"?\",\"line\":7}",
        OutputBody.error("bad_json", "\ud800", OptionalLong.of(7)).toString());
    assertFalse(FORMAT.render(new ItemResult.Embedded(new float[] {1}), 0).isError());
  }
}

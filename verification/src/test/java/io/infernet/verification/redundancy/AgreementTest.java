package io.infernet.verification.redundancy;

import static io.infernet.verification.redundancy.Shards.label;
import static io.infernet.verification.redundancy.Shards.text;
import static io.infernet.verification.redundancy.Shards.vector;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.receipt.AnswerEnd;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AgreementTest {

  private static final Agreement TEXT = Agreement.of(TaskType.GENERATE);
  private static final Agreement VECTOR = Agreement.of(TaskType.EMBED);
  private static final Agreement LABEL = Agreement.of(TaskType.CLASSIFY);

  @Test
  void textsAgreeTokenByTokenAndInTheirEnd() {
    assertTrue(agree(TEXT, text(1, 2, 3), text(1, 2, 3)));
    assertFalse(agree(TEXT, text(1, 2, 3), text(1, 2, 4)));
    assertFalse(agree(TEXT, text(1, 2, 3), text(1, 2)));
    assertFalse(agree(TEXT, text(1), new ItemResult.Generated(TokenIds.of(1), AnswerEnd.LENGTH)));
  }

  @Test
  void aUserMayLetAShareOfTheTextsDiffer() {
    List<ItemResult> five = List.of(text(1), text(2), text(3), text(4), text(5));
    List<ItemResult> oneOff = List.of(text(1), text(2), text(3), text(4), text(9));
    List<ItemResult> twoOff = List.of(text(1), text(9), text(3), text(4), text(9));
    Agreement fifth = Agreement.within(TaskType.GENERATE, 0.2);
    assertTrue(fifth.agree(five, oneOff));
    assertFalse(fifth.agree(five, twoOff));
    assertFalse(TEXT.agree(five, oneOff));
    assertFalse(fifth.agree(five, five.subList(0, 4)));
  }

  @Test
  void vectorsAgreeWhenDirectionLengthAndEachNumberDo() {
    assertTrue(agree(VECTOR, vector(1, 0, 0), vector(1, 0.02f, 0.01f)));
    assertFalse(agree(VECTOR, vector(1, 0, 0), vector(1, 0.07f, 0)));
    assertFalse(agree(VECTOR, vector(1, 0, 0), vector(-1, 0, 0)));
    assertFalse(agree(VECTOR, vector(1, 0, 0), vector(1.1f, 0, 0)), "only stretched");
    assertFalse(agree(VECTOR, vector(1, 0, 0), vector(1, 0)));
    assertTrue(agree(VECTOR, vector(0, 0), vector(0, 0)));
    assertFalse(agree(VECTOR, vector(0, 0), vector(1e-30f, 0)));
  }

  @Test
  void oneNumberOfAVectorCannotTakeAllOfTheTolerance() {
    float[] honest = new float[384];
    Arrays.fill(honest, 1 / (float) Math.sqrt(384));
    float[] marked = honest.clone();
    marked[7] += 0.05f;
    assertFalse(agree(VECTOR, new ItemResult.Embedded(honest), new ItemResult.Embedded(marked)));
    assertTrue(
        new ItemRule.CloseVectors(0.998, 0.1)
            .agree(new ItemResult.Embedded(honest), new ItemResult.Embedded(marked)));
  }

  @Test
  void differingLabelsAgreeOnlyWhereBothFoundThemAboutAsLikely() {
    assertTrue(agree(LABEL, label(0, 0.51f, 0.49f), label(1, 0.49f, 0.51f)));
    assertTrue(agree(LABEL, label(0, 0.9f, 0.1f), label(0, 0.88f, 0.12f)));
    assertFalse(agree(LABEL, label(0, 0.54f, 0.46f), label(1, 0.49f, 0.51f)));
    assertFalse(agree(LABEL, label(0, 0.9f, 0.1f), label(1, 0.9f, 0.1f)), "not its own scores");
    assertFalse(agree(LABEL, label(0, 0.9f, 0.1f), label(0, 0.6f, 0.4f)), "made-up scores");
    assertFalse(agree(LABEL, label(0, 0.5f, 0.5f), label(0, 0.5f, 0.5f, 0)));
  }

  @Test
  void whatCannotBeDoneAgreesWithNothingElse() {
    ItemResult failed = new ItemResult.Failed("4,096 tokens, the model reads 512");
    for (Agreement agreement : List.of(TEXT, VECTOR, LABEL)) {
      assertTrue(agree(agreement, failed, new ItemResult.Failed("too long")));
    }
    assertFalse(agree(TEXT, failed, text()));
    assertFalse(agree(VECTOR, vector(1), failed));
    assertFalse(agree(LABEL, label(0, 1), failed));
  }

  @Test
  void resultsOfAnotherTaskAgreeWithNothing() {
    assertFalse(agree(TEXT, vector(1), vector(1)));
    assertFalse(agree(VECTOR, text(1), text(1)));
    assertFalse(agree(LABEL, vector(1), vector(1)));
  }

  @Test
  void aToleranceOfZeroIsExact() {
    Agreement exact = Agreement.within(TaskType.EMBED, 0);
    assertTrue(agree(exact, vector(0.3f, 0.1f), vector(0.3f, 0.1f)));
    assertFalse(agree(exact, vector(0.3f, 0.1f), vector(0.3f, 0.1000001f)));
    assertTrue(
        agree(
            Agreement.within(TaskType.CLASSIFY, 0.2),
            label(0, 0.58f, 0.42f),
            label(1, 0.45f, 0.55f)));
  }

  @Test
  void refusesTolerancesThatLetEverythingPass() {
    for (double tolerance : new double[] {-0.1, 2e6, Double.NaN}) {
      for (TaskType task : TaskType.values()) {
        assertThrows(IllegalArgumentException.class, () -> Agreement.within(task, tolerance));
      }
    }
    assertThrows(IllegalArgumentException.class, () -> Agreement.within(TaskType.EMBED, 0.6));
    assertThrows(IllegalArgumentException.class, () -> Agreement.within(TaskType.GENERATE, 1));
    assertThrows(IllegalArgumentException.class, () -> new ItemRule.CloseVectors(0, 0.1));
    assertThrows(IllegalArgumentException.class, () -> new ItemRule.CloseVectors(0.9, 1));
    assertThrows(IllegalArgumentException.class, () -> new ItemRule.CloseLabels(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> new ItemRule.CloseLabels(0, Double.NaN));
  }

  @Test
  void testItemsAreComparedByTheSameRule() {
    TestItems tests = new TestItems(new TreeMap<>(Map.of(1, vector(1, 0), 2, vector(0, 1))));
    assertTrue(tests.passedBy(List.of(vector(5, 5), vector(1, 0.01f), vector(0, 1)), VECTOR));
    assertFalse(tests.passedBy(List.of(vector(5, 5), vector(1, 0.01f), vector(1, 0)), VECTOR));
    ShardItem item = new ShardItem(TokenIds.of(1), 0);
    TestItem first = new TestItem(1, item, vector(1, 0));
    TestItem second = new TestItem(2, item, vector(0, 1));
    assertEquals(tests, TestItems.of(List.of(second, first)));
    assertThrows(IllegalArgumentException.class, () -> TestItems.of(List.of(first, second, first)));
    assertTrue(TestItems.none().passedBy(List.of(vector(5, 5)), VECTOR));
    assertThrows(
        IllegalArgumentException.class, () -> tests.passedBy(List.of(vector(5, 5)), VECTOR));
    assertThrows(
        IllegalArgumentException.class, () -> new TestItems(new TreeMap<>(Map.of(-1, vector(1)))));
  }

  private static boolean agree(Agreement agreement, ItemResult a, ItemResult b) {
    boolean agree = agreement.agree(List.of(a), List.of(b));
    boolean mirrored = agreement.agree(List.of(b), List.of(a));
    assertTrue(agree == mirrored, "not symmetric");
    return agree;
  }
}

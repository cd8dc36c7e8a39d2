package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.verification.receipt.AnswerEnd;
import java.util.Arrays;

/** What came of one item. An immutable value; floats are equal when their bits are. */
public sealed interface ItemResult {

  /**
   * A text.
   *
   * @param ids its tokens, those of the item not among them
   * @param end how it ended
   */
  record Generated(TokenIds ids, AnswerEnd end) implements ItemResult {
    public Generated {
      requireNonNull(ids, "ids is null");
      requireNonNull(end, "end is null");
    }
  }

  /** A vector. */
  final class Embedded implements ItemResult {
    private final float[] vector;

    /**
     * The result with a copy of {@code vector}.
     *
     * @throws IllegalArgumentException when it is empty or a number in it is not finite
     */
    public Embedded(float[] vector) {
      this.vector = finite(vector);
    }

    /** A copy of the vector. */
    public float[] vector() {
      return vector.clone();
    }

    /** How many numbers it has. */
    public int size() {
      return vector.length;
    }

    /** The number at {@code index}, counted from 0. */
    public float get(int index) {
      return vector[index];
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Embedded that && Arrays.equals(vector, that.vector);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(vector);
    }

    @Override
    public String toString() {
      return "Embedded[" + vector.length + " numbers, " + Arrays.hashCode(vector) + "]";
    }
  }

  /** A label and how likely each one is. */
  final class Classified implements ItemResult {
    private final int label;
    private final float[] scores;

    /**
     * The result with a copy of {@code scores}.
     *
     * @param label which of the scores is the chosen label's, counted from 0
     * @throws IllegalArgumentException when there is no such score or a score is not finite
     */
    public Classified(int label, float[] scores) {
      this.label = label;
      this.scores = finite(scores);
      if (label < 0 || label >= scores.length) {
        throw new IllegalArgumentException("label " + label + " of " + scores.length);
      }
    }

    public int label() {
      return label;
    }

    /** A copy of the scores, one for each label of the model. */
    public float[] scores() {
      return scores.clone();
    }

    /** How many labels there are. */
    public int size() {
      return scores.length;
    }

    /** The score of the label {@code index}. */
    public float score(int index) {
      return scores[index];
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Classified that
          && label == that.label
          && Arrays.equals(scores, that.scores);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(scores) + label;
    }

    @Override
    public String toString() {
      return "Classified[" + label + " of " + scores.length + " labels]";
    }
  }

  /**
   * Nobody can do this item, for example because it is too long for the model's context.
   *
   * @param reason for the user, one line
   */
  record Failed(String reason) implements ItemResult {
    /** Characters of a reason. */
    public static final int MAX_REASON = 500;

    public Failed {
      if (reason.isBlank()
          || reason.length() > MAX_REASON
          || reason.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("a reason must be one line of 1 to 500 characters");
      }
    }
  }

  private static float[] finite(float[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("a result without numbers");
    }
    float[] copy = values.clone();
    for (float value : copy) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("a number that is not finite: " + value);
      }
    }
    return copy;
  }
}

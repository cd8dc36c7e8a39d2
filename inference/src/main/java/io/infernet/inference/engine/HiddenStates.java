package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;

/**
 * The output of the final norm after consecutive tokens of a sequence, prompt and answer counted
 * together. A view on an array that is the engine's own: valid during the call that brings it.
 *
 * @param position the place of the first of these tokens in the sequence, from 0
 * @param tokens how many there are
 * @param size numbers for each token
 * @param values holds them, token by token
 * @param from where they begin in {@code values}
 */
// A view, so that nothing is copied for those who only look at the largest numbers.
@SuppressWarnings("ArrayRecordComponent")
public record HiddenStates(int position, int tokens, int size, float[] values, int from) {

  public HiddenStates {
    requireNonNull(values, "values is null");
    if (position < 0 || tokens < 1 || size < 1 || from < 0) {
      throw new IllegalArgumentException("no hidden states");
    }
    if (values.length < from + (long) tokens * size) {
      throw new IllegalArgumentException(
          "%d numbers for %d tokens".formatted(values.length - from, tokens));
    }
  }

  /** A copy of the numbers, {@code [tokens, size]}. */
  public float[] toArray() {
    return Arrays.copyOfRange(values, from, from + tokens * size);
  }
}

package io.infernet.inference.batching;

/** After which tokens of a {@link Chunk} the logits of what follows are wanted. */
public enum Logits {
  /** After none: more of the prompt is to come. */
  NONE,
  /** After the last. */
  LAST,
  /** After each. */
  ALL;

  /** How many rows that makes for {@code tokens} tokens. */
  public int rows(int tokens) {
    return switch (this) {
      case NONE -> 0;
      case LAST -> 1;
      case ALL -> tokens;
    };
  }
}

package io.infernet.inference.engine;

/**
 * Which tokens an answer may have, given those it has. The same tokens always lead to the same
 * state. Confined to one thread.
 */
public interface TokenConstraint {

  /** Sets the logits of all tokens that may not follow to −∞. */
  void mask(float[] logits);

  /** The answer has a further token. */
  void accept(int id);

  /** Whether the answer is complete: nothing may follow. */
  boolean isComplete();
}

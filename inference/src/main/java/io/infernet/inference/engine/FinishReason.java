package io.infernet.inference.engine;

/** Why an answer ended. */
public enum FinishReason {
  /** The model chose one of the stop tokens. */
  STOP,
  /** The answer reached the length asked for, or the end of the context. */
  LENGTH,
  /** {@link Generation#cancel()} or the engine was closed. */
  CANCELLED
}

package io.infernet.inference.engine;

/** An answer that is being made. Safe from any thread. */
@FunctionalInterface
public interface Generation {

  /**
   * Ends the answer within one step; the listener hears {@link FinishReason#CANCELLED}. Does
   * nothing when it has ended.
   */
  void cancel();
}

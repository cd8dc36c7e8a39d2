package io.infernet.inference.engine;

import io.infernet.inference.InfernetException;

/** Too many answers are being made and waited for already. */
public class EngineBusyException extends InfernetException {

  private static final long serialVersionUID = 1L;

  /**
   * @param running answers being made
   * @param waiting answers in the queue
   */
  public EngineBusyException(int running, int waiting) {
    super(
        "this machine is busy: "
            + running
            + " answers running, "
            + waiting
            + " waiting; try again later");
  }

  /** None: under load this is thrown often, and where it comes from is known. */
  @Override
  public Throwable fillInStackTrace() {
    return this;
  }

  /** For an engine whose own words say it better. */
  public EngineBusyException(String message) {
    super(message);
  }
}

package io.infernet.node;

import io.infernet.inference.InfernetException;

/** The answer was not complete when its deadline passed. */
public class DeadlinePassedException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public DeadlinePassedException(String message) {
    super(message);
  }
}

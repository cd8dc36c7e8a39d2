package io.infernet.node;

import io.infernet.inference.InfernetException;

/** An answer came, but not the one that the model gives. */
public class VerificationFailedException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public VerificationFailedException(String message) {
    super(message);
  }
}

package io.infernet.inference.checkpoint;

import io.infernet.inference.InfernetException;

/** A model's files are missing, cut short or changed. */
public class DamagedModelException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public DamagedModelException(String message) {
    super(message);
  }

  public DamagedModelException(String message, Throwable cause) {
    super(message, cause);
  }
}

package io.infernet.inference.checkpoint;

import io.infernet.inference.InfernetException;

/** The model is fine, but this version cannot run it (or not in that variant). */
public class UnsupportedModelException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public UnsupportedModelException(String message) {
    super(message);
  }

  public UnsupportedModelException(String message, Throwable cause) {
    super(message, cause);
  }
}

package io.infernet.inference.engine.remote;

import io.infernet.inference.InfernetException;

/** A backend did not do what it was asked, or does not speak as it should. */
public class BackendException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public BackendException(String message) {
    super(message);
  }

  public BackendException(String message, Throwable cause) {
    super(message, cause);
  }
}

package io.infernet.inference.engine;

import io.infernet.inference.InfernetException;

/** The native engine cannot run on this machine. */
public class EngineUnavailableException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public EngineUnavailableException(String message) {
    super(message);
  }

  public EngineUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}

package io.infernet.node.storage;

import io.infernet.inference.InfernetException;

/** The store cannot be opened, read or written. */
public class StoreException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public StoreException(String message) {
    super(message);
  }

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}

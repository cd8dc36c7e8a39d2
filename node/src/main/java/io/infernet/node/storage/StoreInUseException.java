package io.infernet.node.storage;

/** The store is open in another process. */
public class StoreInUseException extends StoreException {

  private static final long serialVersionUID = 1L;

  public StoreInUseException(String message, Throwable cause) {
    super(message, cause);
  }
}

package io.infernet.verification.batch;

/**
 * A step that must not follow what came before. Whoever acts on messages of peers looks at the
 * state first, and takes this for a fault of its own.
 */
public final class IllegalStepException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  public IllegalStepException(String message) {
    super(message);
  }
}

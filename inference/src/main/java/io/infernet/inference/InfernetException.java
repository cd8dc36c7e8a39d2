package io.infernet.inference;

/**
 * An error that the user can mend. The message is one line that says what is wrong and what to do;
 * front ends print it without a stack trace.
 */
public class InfernetException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public InfernetException(String message) {
    super(message);
  }

  public InfernetException(String message, Throwable cause) {
    super(message, cause);
  }
}

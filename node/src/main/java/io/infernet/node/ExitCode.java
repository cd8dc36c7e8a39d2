package io.infernet.node;

import io.infernet.inference.model.ModelNotFoundException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** How a command ended, for the shell that ran it. */
public enum ExitCode {
  DONE(0),
  FAILED(1),
  USAGE(2),
  /** No peers, no provider, none at that price, or a model that this machine does not know. */
  NOBODY_CAN_SERVE(3),
  VERIFICATION_FAILED(4),
  DEADLINE_PASSED(5);

  private final int value;

  ExitCode(int value) {
    this.value = value;
  }

  public int value() {
    return value;
  }

  /** How a command ends that failed with {@code error}. */
  public static ExitCode of(Throwable error) {
    Throwable cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof UsageException) {
      return USAGE;
    }
    if (cause instanceof NoProviderException || cause instanceof ModelNotFoundException) {
      return NOBODY_CAN_SERVE;
    }
    if (cause instanceof VerificationFailedException) {
      return VERIFICATION_FAILED;
    }
    if (cause instanceof DeadlinePassedException) {
      return DEADLINE_PASSED;
    }
    return FAILED;
  }
}

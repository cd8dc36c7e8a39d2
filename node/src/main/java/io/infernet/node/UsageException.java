package io.infernet.node;

import io.infernet.inference.InfernetException;

/** What was asked for makes no sense, or is something that this version does not do. */
public class UsageException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }
}

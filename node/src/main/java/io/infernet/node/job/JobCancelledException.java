package io.infernet.node.job;

import io.infernet.inference.InfernetException;

/** The job was ended by who started it, or because this node shuts down. */
public class JobCancelledException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public JobCancelledException(String message) {
    super(message);
  }
}

package io.infernet.node;

import io.infernet.inference.InfernetException;

/** Nobody in the network, and not this machine either, can do what was asked. */
public class NoProviderException extends InfernetException {

  private static final long serialVersionUID = 1L;

  /**
   * @param message what was tried, why it failed, and what to do
   */
  public NoProviderException(String message) {
    super(message);
  }
}

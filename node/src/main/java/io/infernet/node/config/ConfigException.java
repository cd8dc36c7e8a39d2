package io.infernet.node.config;

import io.infernet.inference.InfernetException;

/**
 * A setting, the home folder or a file in it is not as it must be; the message says how to mend it.
 */
public final class ConfigException extends InfernetException {

  private static final long serialVersionUID = 1L;

  ConfigException(String message) {
    super(message);
  }
}

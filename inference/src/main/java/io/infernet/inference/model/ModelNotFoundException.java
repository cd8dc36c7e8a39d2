package io.infernet.inference.model;

import io.infernet.inference.InfernetException;

/** No model of that name is installed here. */
public class ModelNotFoundException extends InfernetException {

  private static final long serialVersionUID = 1L;

  /**
   * @param name what was asked for
   * @param installed the names of what is there, comma-separated
   */
  public ModelNotFoundException(ModelName name, String installed) {
    super(
        "no model "
            + name
            + " is installed here; installed: "
            + (installed.isEmpty() ? "none" : installed));
  }
}

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
            + (installed.isEmpty() ? "none" : installed)
            + (name.isFolderName() || name.name().indexOf('/') >= 0
                ? ""
                : " (variants are fp32, bf16, fp16, int8 and int4)"));
  }

  /**
   * @param name what was asked for
   * @param installed the names of what is there, comma-separated
   * @param advice what else is to be said, one clause
   */
  public ModelNotFoundException(ModelName name, String installed, String advice) {
    super(
        "no model %s is installed here (installed: %s); %s"
            .formatted(name, installed.isEmpty() ? "none" : installed, advice));
  }
}

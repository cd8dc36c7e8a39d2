package io.infernet.node.batch.file;

import io.infernet.inference.InfernetException;

/**
 * A file of a batch under way cannot be read or written, or is not what it was. Whatever is in the
 * output so far is kept.
 */
public class BatchFileException extends InfernetException {

  private static final long serialVersionUID = 1L;

  public BatchFileException(String message) {
    super(message);
  }

  public BatchFileException(String message, Throwable cause) {
    super(message, cause);
  }
}

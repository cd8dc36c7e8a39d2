package io.infernet.verification.receipt;

import java.util.Arrays;
import java.util.Optional;

/** How the answer of a receipt ended. */
public enum AnswerEnd {
  /** The model chose a stop token. */
  STOP_TOKEN("stop"),
  /** The answer reached the length asked for, or the end of the context. */
  LENGTH("length"),
  /** The client asked to stop, for example because it met a stop string. */
  CLIENT_STOP("client-stop");

  private final String text;

  AnswerEnd(String text) {
    this.text = text;
  }

  /** The end that prints as {@code text}, if there is one. */
  public static Optional<AnswerEnd> parse(String text) {
    return Arrays.stream(values()).filter(end -> end.text.equals(text)).findFirst();
  }

  /** As it stands in the signed data. */
  @Override
  public String toString() {
    return text;
  }
}

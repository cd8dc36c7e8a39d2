package io.infernet.node.job;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a client wants done to be sure of an answer, beyond the checks that every answer gets. */
public enum VerifyMode {
  NONE,
  AUDIT,
  REDUNDANT;

  /** The mode that prints as {@code text}, if there is one. */
  public static Optional<VerifyMode> parse(String text) {
    return Arrays.stream(values()).filter(mode -> mode.toString().equals(text)).findFirst();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

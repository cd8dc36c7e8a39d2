package io.infernet.verification.batch;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What is done with each item of a batch. */
public enum TaskType {
  /** The model goes on with the item's tokens. */
  GENERATE,
  /** The model makes a vector of them. */
  EMBED,
  /** The model says how likely each of its labels is. */
  CLASSIFY;

  /** The task that prints as {@code text}, if there is one. */
  public static Optional<TaskType> parse(String text) {
    return Arrays.stream(values()).filter(task -> task.toString().equals(text)).findFirst();
  }

  /** In lower case, as on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package io.infernet.node.batch.file;

import java.util.Arrays;
import java.util.Locale;

/** Why items of a batch that ended have no result. Prints as the code in the output. */
public enum Missing {
  DEADLINE_PASSED,
  CANCELLED,
  /** All who could do it failed, or nobody was left. */
  NOT_DONE;

  /** Whether the code of an error says so. */
  static boolean isCode(String code) {
    return Arrays.stream(values()).anyMatch(missing -> missing.toString().equals(code));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

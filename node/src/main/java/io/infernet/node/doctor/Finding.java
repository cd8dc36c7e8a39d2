package io.infernet.node.doctor;

import static java.util.Objects.requireNonNull;

/**
 * What came out of one check.
 *
 * @param check what was looked at, in a word
 * @param verdict how it is
 * @param detail what was found
 * @param mend what to do; empty when there is nothing to do
 */
public record Finding(String check, Verdict verdict, String detail, String mend) {

  /** How a thing is. */
  public enum Verdict {
    OK("ok"),
    /** It works, but not as well as it could. */
    WARNING("warning"),
    /** It does not work. */
    FAILED("failed");

    private final String word;

    Verdict(String word) {
      this.word = word;
    }

    @Override
    public String toString() {
      return word;
    }
  }

  public Finding {
    requireNonNull(check, "check is null");
    requireNonNull(verdict, "verdict is null");
    requireNonNull(detail, "detail is null");
    requireNonNull(mend, "mend is null");
  }

  static Finding ok(String check, String detail) {
    return new Finding(check, Verdict.OK, detail, "");
  }

  static Finding warning(String check, String detail, String mend) {
    return new Finding(check, Verdict.WARNING, detail, mend);
  }

  static Finding failed(String check, String detail, String mend) {
    return new Finding(check, Verdict.FAILED, detail, mend);
  }
}

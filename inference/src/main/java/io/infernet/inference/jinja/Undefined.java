package io.infernet.inference.jinja;

/**
 * What a name without a value stands for. It renders as nothing and counts as false and empty; to
 * do more with it is an error.
 *
 * @param what is missing, for messages
 */
record Undefined(String what) {

  /** Names in messages are cut off here. */
  private static final int MAX_NAME = 100;

  /**
   * Stands for a name.
   *
   * @param of what it would be part of, with a space before it; empty for nothing
   */
  static Undefined named(String name, String of) {
    return new Undefined(
        "'" + (name.length() > MAX_NAME ? name.substring(0, MAX_NAME) + "…" : name) + "'" + of);
  }

  JinjaException error() {
    return new JinjaException(what + " is undefined");
  }
}

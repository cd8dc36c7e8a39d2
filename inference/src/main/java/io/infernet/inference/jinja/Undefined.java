package io.infernet.inference.jinja;

/**
 * What a name without a value stands for. It renders as nothing and counts as false and empty; to
 * do more with it is an error.
 *
 * @param what is missing, for messages
 */
record Undefined(String what) {

  JinjaException error() {
    return new JinjaException(what + " is undefined");
  }
}

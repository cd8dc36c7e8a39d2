package io.infernet.inference.jinja;

/** Python's {@code None}. */
enum None {
  NONE
}

package io.infernet.inference.engine;

/** What an answer must look like. */
public enum ResponseFormat {
  /** Any text. */
  TEXT,
  /** One JSON object and nothing else; unfinished when the answer reaches its greatest length. */
  JSON_OBJECT
}

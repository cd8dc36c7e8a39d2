package io.infernet.inference.checkpoint;

import java.util.Locale;

/** What a model is for. */
public enum ModelTask {
  /** To go on with a text. */
  GENERATE,
  /** To turn texts into vectors. */
  EMBED,
  /** To put texts into classes. */
  CLASSIFY;

  /** As people write it: {@code generate}, {@code embed}, {@code classify}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

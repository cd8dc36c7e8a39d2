package io.infernet.inference.jinja;

/** A template that is no Jinja, does what it may not, or refuses what it was given. */
public final class JinjaException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** A template can say much. */
  private static final int MAX_LENGTH = 1_000;

  private final boolean refusal;

  JinjaException(String message) {
    this(message, false);
  }

  private JinjaException(String message, boolean refusal) {
    super(message.length() > MAX_LENGTH ? message.substring(0, MAX_LENGTH) + "…" : message);
    this.refusal = refusal;
  }

  /** The template's own {@code raise_exception}. */
  static JinjaException refusal(String message) {
    return new JinjaException(message, true);
  }

  /** Whether the template itself refused what it was given; its message is the template's. */
  public boolean isRefusal() {
    return refusal;
  }
}

package io.infernet.inference.jinja;

/** A template that is no Jinja, does what it may not, or refuses what it was given. */
public final class JinjaException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final boolean refusal;

  JinjaException(String message) {
    this(message, false);
  }

  private JinjaException(String message, boolean refusal) {
    super(message);
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

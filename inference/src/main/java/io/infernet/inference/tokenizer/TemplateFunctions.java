package io.infernet.inference.tokenizer;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Functions that Hugging Face gives to chat templates. Public because Jinjava calls them. */
public final class TemplateFunctions {

  /** The variable that holds the time. */
  static final String NOW = "infernet_now";

  private TemplateFunctions() {}

  /** A template's own refusal. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }
  }

  /** Ends the rendering with a message. */
  public static String raiseException(String message) {
    throw new Refusal(message);
  }

  /** The time in the form that C's {@code strftime} describes, in English. */
  public static String strftimeNow(String format) {
    ZonedDateTime now = (ZonedDateTime) JinjavaInterpreter.getCurrent().getContext().get(NOW);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      char code = format.charAt(++i);
      String pattern =
          switch (code) {
            case 'a' -> "EEE";
            case 'A' -> "EEEE";
            case 'b' -> "MMM";
            case 'B' -> "MMMM";
            case 'd' -> "dd";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'j' -> "DDD";
            case 'm' -> "MM";
            case 'M' -> "mm";
            case 'p' -> "a";
            case 'S' -> "ss";
            case 'y' -> "yy";
            case 'Y' -> "yyyy";
            case 'Z' -> "zzz";
            default -> "'" + (code == '%' || code == '\'' ? code : "%" + code) + "'";
          };
      text.append(DateTimeFormatter.ofPattern(pattern, Locale.US).format(now));
    }
    return text.toString();
  }

  /** What to tell the user about a failed rendering. */
  static String reason(@Nullable Throwable error, @Nullable String otherwise) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof Refusal) {
        return String.valueOf(cause.getMessage());
      }
    }
    return String.valueOf(otherwise).lines().findFirst().orElse("");
  }
}

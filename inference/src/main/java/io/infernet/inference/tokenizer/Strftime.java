package io.infernet.inference.tokenizer;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Times in the form that C's {@code strftime} describes, in English. Stateless. */
final class Strftime {

  private Strftime() {}

  static String format(ZonedDateTime time, String format) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      char code = format.charAt(++i);
      // GNU's "-": without leading zeros.
      boolean plain = code == '-' && i + 1 < format.length();
      if (plain) {
        code = format.charAt(++i);
      }
      String field = field(time, code);
      text.append(plain ? field.replaceFirst("^[0 ]+(?=.)", "") : field);
    }
    return text.toString();
  }

  private static String field(ZonedDateTime time, char code) {
    return switch (code) {
      case 'a' -> with(time, "EEE");
      case 'A' -> with(time, "EEEE");
      case 'b', 'h' -> with(time, "MMM");
      case 'B' -> with(time, "MMMM");
      case 'd' -> with(time, "dd");
      case 'D' -> with(time, "MM/dd/yy");
      case 'e' -> String.format(Locale.ROOT, "%2d", time.getDayOfMonth());
      case 'f' -> with(time, "SSSSSS");
      case 'F' -> with(time, "yyyy-MM-dd");
      case 'H' -> with(time, "HH");
      case 'I' -> with(time, "hh");
      case 'j' -> with(time, "DDD");
      case 'm' -> with(time, "MM");
      case 'M' -> with(time, "mm");
      case 'p' -> with(time, "a");
      case 'S' -> with(time, "ss");
      case 'T' -> with(time, "HH:mm:ss");
      case 'y' -> with(time, "yy");
      case 'Y' -> with(time, "yyyy");
      case 'Z' -> with(time, "zzz");
      case 'z' -> with(time, "xx");
      case '%' -> "%";
      default -> "%" + code;
    };
  }

  private static String with(ZonedDateTime time, String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.US).format(time);
  }
}

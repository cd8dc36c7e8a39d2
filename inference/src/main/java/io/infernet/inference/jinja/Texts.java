package io.infernet.inference.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.HexFormat;
import java.util.Locale;

/** Text as Python sees it: counted in code points, shown as its literals. Stateless. */
final class Texts {

  private Texts() {}

  /** Python's {@code str.isspace}. */
  static boolean isSpace(int c) {
    return (c >= 9 && c <= 13)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** The value of a string literal's inside. */
  static String unescape(String literal) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < literal.length(); i++) {
      char c = literal.charAt(i);
      if (c != '\\' || i + 1 == literal.length()) {
        text.append(c);
        continue;
      }
      char escape = literal.charAt(++i);
      switch (escape) {
        case '\n' -> {}
        case '\\', '\'', '"' -> text.append(escape);
        case 'a' -> text.append('\u0007');
        case 'b' -> text.append('\b');
        case 'f' -> text.append('\f');
        case 'n' -> text.append('\n');
        case 'r' -> text.append('\r');
        case 't' -> text.append('\t');
        case 'v' -> text.append('\u000b');
        case 'x' -> i = hex(literal, i, 2, text);
        case 'u' -> i = hex(literal, i, 4, text);
        case 'U' -> i = hex(literal, i, 8, text);
        case '0', '1', '2', '3', '4', '5', '6', '7' -> {
          int end = i;
          while (end < Math.min(literal.length(), i + 3)
              && Character.digit(literal.charAt(end), 8) >= 0) {
            end++;
          }
          text.append((char) Integer.parseInt(literal.substring(i, end), 8));
          i = end - 1;
        }
        default -> text.append('\\').append(escape);
      }
    }
    return text.toString();
  }

  private static int hex(String literal, int at, int digits, StringBuilder text) {
    int end = at + 1 + digits;
    String code = end <= literal.length() ? literal.substring(at + 1, end) : "";
    if (!code.matches("\\p{XDigit}+") || Long.parseLong(code, 16) > Character.MAX_CODE_POINT) {
      throw new IllegalArgumentException("a string has a malformed escape");
    }
    text.appendCodePoint(Integer.parseInt(code, 16));
    return end - 1;
  }

  /** Python's {@code repr} of a string. */
  static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder literal = new StringBuilder().append(quote);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\n' -> literal.append("\\n");
                case '\r' -> literal.append("\\r");
                case '\t' -> literal.append("\\t");
                case '\\' -> literal.append("\\\\");
                default -> {
                  if (c == quote) {
                    literal.append('\\').append(quote);
                  } else if (isPrintable(c)) {
                    literal.appendCodePoint(c);
                  } else {
                    int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
                    literal
                        .append(digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U")
                        .append(HexFormat.of().toHexDigits(c, digits));
                  }
                }
              }
            });
    return literal.append(quote).toString();
  }

  private static boolean isPrintable(int c) {
    return c == ' '
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SPACE_SEPARATOR ->
              false;
          default -> true;
        };
  }

  /** Python's {@code repr} of a float: the shortest that reads back as the same. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    String sign = value < 0 || 1 / value < 0 ? "-" : "";
    if (value == 0) {
      return sign + "0.0";
    }
    BigDecimal exact = new BigDecimal(Math.abs(value));
    BigDecimal shortest = exact;
    // 15 digits are never wrong for a normal number; zeros at their end go below.
    int fewest = Math.abs(value) < Double.MIN_NORMAL ? 1 : 15;
    for (int digits = fewest; digits <= 17; digits++) {
      shortest = exact.round(new MathContext(digits));
      if (shortest.doubleValue() == Math.abs(value)) {
        break;
      }
    }
    shortest = shortest.stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.toPlainString();
      return sign + (plain.indexOf('.') < 0 ? plain + ".0" : plain);
    }
    String digits = shortest.unscaledValue().toString();
    return sign
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  static String html(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }
}

package io.infernet.inference.json;

/**
 * How far a JSON object (RFC 8259) has come, read byte by byte as UTF-8. Stricter than the standard
 * where that keeps models from going astray: runs of white space and numbers have a greatest
 * length, nesting a greatest depth, and escaped surrogates come in pairs. Mutable; used by one
 * thread.
 */
final class JsonState {

  /** Deepest nesting of objects and arrays. */
  static final int MAX_DEPTH = 64;

  /** Longest run of white space between two tokens of JSON: a line of deeply indented text. */
  static final int MAX_SPACE = 64;

  /** Longest number in characters. */
  static final int MAX_NUMBER = 64;

  private static final String[] LITERALS = {"true", "false", "null"};

  private enum Mode {
    START,
    KEY_OR_END,
    KEY,
    COLON,
    VALUE,
    VALUE_OR_END,
    AFTER_VALUE,
    STRING,
    ESCAPE,
    /** Hexadecimal digits of an escape; {@code count} are missing. */
    HEX,
    /** The second of four digits after a D, which decides whether it is a surrogate. */
    HEX_AFTER_D,
    /** The last two digits of a high surrogate; {@code count} are missing. */
    HIGH,
    LOW_BACKSLASH,
    LOW_U,
    LOW_D,
    LOW_SECOND,
    /**
     * Bytes of a character; {@code count} are missing, the next from {@code low} to {@code high}.
     */
    CHARACTER,
    MINUS,
    ZERO,
    INTEGER,
    POINT,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS,
    LITERAL,
    DONE
  }

  private Mode mode = Mode.START;
  private int depth;

  /** A bit for each level, the innermost lowest: whether it is an object. */
  private long objects;

  /** Whether the string under way is a key. */
  private boolean key;

  /** What is missing, or how long a run is, by mode. */
  private int count;

  private int low;
  private int high;
  private int literal;

  /** Becomes a copy of another. */
  void set(JsonState other) {
    mode = other.mode;
    depth = other.depth;
    objects = other.objects;
    key = other.key;
    count = other.count;
    low = other.low;
    high = other.high;
    literal = other.literal;
  }

  /** Whether the object is complete. */
  boolean isDone() {
    return mode == Mode.DONE;
  }

  /** A number that is the same only for states with the same future, 0 when none was found. */
  long fingerprint() {
    // In a string, which is where most tokens are, only what lies around it matters.
    return mode == Mode.STRING && depth < Long.SIZE - 9
        ? 1 | (key ? 2 : 0) | ((long) depth << 2) | (objects << 9)
        : 0;
  }

  /**
   * Takes the next byte.
   *
   * @return whether it may stand here; when not, this state is of no more use
   */
  boolean step(int b) {
    switch (mode) {
      case START:
        // One, because some vocabularies have the brace only with a space before it.
        return b == '{' ? open(true) : count == 0 && space(b);
      case KEY_OR_END:
        return b == '}' ? close() : b == '"' ? string(true) : space(b);
      case KEY:
        return b == '"' ? string(true) : space(b);
      case COLON:
        return b == ':' ? become(Mode.VALUE) : space(b);
      case VALUE:
        return value(b);
      case VALUE_OR_END:
        return b == ']' ? close() : value(b);
      case AFTER_VALUE:
        return afterValue(b);
      case STRING:
        return inString(b);
      case ESCAPE:
        return b == 'u' ? become(Mode.HEX, 4) : "\"\\/bfnrt".indexOf(b) >= 0 && become(Mode.STRING);
      case HEX:
        if (count == 4 && (b == 'd' || b == 'D')) {
          return become(Mode.HEX_AFTER_D);
        }
        return isHex(b) && (--count > 0 || become(Mode.STRING));
      case HEX_AFTER_D:
        if (b >= '0' && b <= '7') {
          return become(Mode.HEX, 2);
        }
        // From C on it would be a second half without a first.
        return isHex(b) && "cdefCDEF".indexOf(b) < 0 && become(Mode.HIGH, 2);
      case HIGH:
        return isHex(b) && (--count > 0 || become(Mode.LOW_BACKSLASH));
      case LOW_BACKSLASH:
        return b == '\\' && become(Mode.LOW_U);
      case LOW_U:
        return b == 'u' && become(Mode.LOW_D);
      case LOW_D:
        return (b == 'd' || b == 'D') && become(Mode.LOW_SECOND);
      case LOW_SECOND:
        return "cdefCDEF".indexOf(b) >= 0 && become(Mode.HEX, 2);
      case CHARACTER:
        if (b < low || b > high) {
          return false;
        }
        low = 0x80;
        high = 0xbf;
        return --count > 0 || become(Mode.STRING);
      case MINUS:
        return b == '0' ? number(Mode.ZERO) : isDigit(b) && number(Mode.INTEGER);
      case ZERO:
        return b == '.'
            ? number(Mode.POINT)
            : b == 'e' || b == 'E' ? number(Mode.EXPONENT) : endNumber(b);
      case INTEGER:
        if (isDigit(b)) {
          return number(Mode.INTEGER);
        }
        return b == '.'
            ? number(Mode.POINT)
            : b == 'e' || b == 'E' ? number(Mode.EXPONENT) : endNumber(b);
      case POINT:
        return isDigit(b) && number(Mode.FRACTION);
      case FRACTION:
        if (isDigit(b)) {
          return number(Mode.FRACTION);
        }
        return b == 'e' || b == 'E' ? number(Mode.EXPONENT) : endNumber(b);
      case EXPONENT:
        if (b == '+' || b == '-') {
          return number(Mode.EXPONENT_SIGN);
        }
        return isDigit(b) && number(Mode.EXPONENT_DIGITS);
      case EXPONENT_SIGN:
        return isDigit(b) && number(Mode.EXPONENT_DIGITS);
      case EXPONENT_DIGITS:
        return isDigit(b) ? number(Mode.EXPONENT_DIGITS) : endNumber(b);
      case LITERAL:
        if (b != LITERALS[literal].charAt(count)) {
          return false;
        }
        return ++count < LITERALS[literal].length() || become(Mode.AFTER_VALUE);
      default:
        return false;
    }
  }

  private boolean become(Mode next) {
    return become(next, 0);
  }

  private boolean become(Mode next, int number) {
    mode = next;
    count = number;
    return true;
  }

  private boolean space(int b) {
    return (b == ' ' || b == '\n' || b == '\t' || b == '\r') && ++count <= MAX_SPACE;
  }

  private boolean value(int b) {
    switch (b) {
      case '{':
        return open(true);
      case '[':
        return open(false);
      case '"':
        return string(false);
      case '-':
        return become(Mode.MINUS, 1);
      case '0':
        return become(Mode.ZERO, 1);
      case 't', 'f', 'n':
        literal = b == 't' ? 0 : b == 'f' ? 1 : 2;
        return become(Mode.LITERAL, 1);
      default:
        return isDigit(b) ? become(Mode.INTEGER, 1) : space(b);
    }
  }

  private boolean afterValue(int b) {
    boolean inObject = (objects & 1) != 0;
    if (b == ',') {
      return become(inObject ? Mode.KEY : Mode.VALUE);
    }
    return b == (inObject ? '}' : ']') ? close() : space(b);
  }

  private boolean open(boolean object) {
    if (depth == MAX_DEPTH) {
      return false;
    }
    depth++;
    objects = objects << 1 | (object ? 1 : 0);
    return become(object ? Mode.KEY_OR_END : Mode.VALUE_OR_END);
  }

  private boolean close() {
    depth--;
    objects >>>= 1;
    return become(depth == 0 ? Mode.DONE : Mode.AFTER_VALUE);
  }

  private boolean string(boolean isKey) {
    key = isKey;
    return become(Mode.STRING);
  }

  private boolean inString(int b) {
    if (b == '"') {
      return become(key ? Mode.COLON : Mode.AFTER_VALUE);
    } else if (b == '\\') {
      return become(Mode.ESCAPE);
    } else if (b < 0x80) {
      return b >= 0x20;
    }
    low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
    high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
    int missing = b < 0xc2 || b > 0xf4 ? 0 : b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
    return missing > 0 && become(Mode.CHARACTER, missing);
  }

  /** The number goes on. */
  private boolean number(Mode next) {
    return become(next, count + 1) && count <= MAX_NUMBER;
  }

  /** The number has ended before this byte. */
  private boolean endNumber(int b) {
    become(Mode.AFTER_VALUE);
    return afterValue(b);
  }

  private static boolean isDigit(int b) {
    return b >= '0' && b <= '9';
  }

  private static boolean isHex(int b) {
    return isDigit(b) || (b >= 'a' && b <= 'f') || (b >= 'A' && b <= 'F');
  }
}

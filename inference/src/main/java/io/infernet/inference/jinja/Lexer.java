package io.infernet.inference.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with {@code trim_blocks} and {@code lstrip_blocks} on as Hugging
 * Face has them: a block or comment takes the line end after it along, and the white space before
 * it on its line; {@code -} takes all white space on its side, {@code +} none. Used once, by one
 * thread.
 */
final class Lexer {

  /** Without repeated groups, which Java matches by recursion. */
  private static final Pattern NUMBER =
      Pattern.compile(
          "(?<float>\\d[\\d_]*((\\.\\d[\\d_]*)?[eE][+-]?\\d[\\d_]*|\\.\\d[\\d_]*))"
              + "|0[bB]_?[01][01_]*|0[oO]_?[0-7][0-7_]*|0[xX]_?[0-9a-fA-F][0-9a-fA-F_]*"
              + "|\\d[\\d_]*");

  private static final Pattern NAME =
      Pattern.compile("[\\p{L}\\p{Nl}_][\\p{L}\\p{Nl}\\p{Mn}\\p{Mc}\\p{Nd}\\p{Pc}]*");
  private static final Pattern OPERATOR =
      Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}<>=.:|,;]");
  private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%\\}\\s*|%\\})");
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(\\+%\\}|-%\\}\\s*|%\\}\\n?)");

  /** More than any template has, so that a file full of brackets does not take the memory. */
  private static final int MAX_TOKENS = 1 << 18;

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int counted;

  private Lexer(String source) {
    this.source = source;
  }

  /**
   * Reads a whole template.
   *
   * @throws JinjaException when it is malformed
   */
  static List<Token> read(String template) {
    String text = template.replace("\r\n", "\n").replace('\r', '\n');
    // As Jinja does by default: the last line's end is the file's, not the template's.
    Lexer lexer = new Lexer(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
    lexer.readAll();
    return lexer.tokens;
  }

  private void readAll() {
    while (at < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        addText(source.substring(at));
        at = source.length();
        break;
      }
      char kind = source.charAt(tag + 1);
      char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
      addText(before(tag, sign, kind != '{'));
      at = tag;
      switch (kind) {
        case '#' -> comment(tag + (sign == '-' || sign == '+' ? 3 : 2));
        case '{' -> {
          add(Token.Type.PRINT_BEGIN, "{{");
          at = tag + (sign == '-' ? 3 : 2);
          expression("}}", Token.Type.PRINT_END);
        }
        default -> {
          Matcher raw = RAW.matcher(source).region(tag, source.length());
          if (raw.lookingAt()) {
            raw(raw.end());
          } else {
            add(Token.Type.BLOCK_BEGIN, "{%");
            at = tag + (sign == '-' || sign == '+' ? 3 : 2);
            expression("%}", Token.Type.BLOCK_END);
          }
        }
      }
    }
    add(Token.Type.END, "the end");
  }

  private int nextTag() {
    for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); ) {
      if ("%{#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
      i = source.indexOf('{', i + 1);
    }
    return -1;
  }

  /** The text from here to a tag, without what the tag takes along. */
  private String before(int tag, char sign, boolean block) {
    int end = tag;
    if (sign == '-') {
      while (end > at && Texts.isSpace(source.charAt(end - 1))) {
        end--;
      }
    } else if (sign != '+' && block) {
      int start = tag;
      while (start > at
          && source.charAt(start - 1) != '\n'
          && Texts.isSpace(source.charAt(start - 1))) {
        start--;
      }
      boolean wholeLine = start == 0 || source.charAt(start - 1) == '\n';
      end = wholeLine ? start : tag;
    }
    return source.substring(at, end);
  }

  private void comment(int from) {
    int end = source.indexOf("#}", from);
    if (end < 0) {
      throw error("a comment does not end");
    }
    at = end + 2;
    afterBlock(end > from ? source.charAt(end - 1) : ' ');
  }

  /** Skips what a block that ends here takes along. */
  private void afterBlock(char sign) {
    if (sign == '-') {
      skipSpace();
    } else if (sign != '+' && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void raw(int from) {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(from)) {
      throw error("a raw block does not end");
    }
    at = from;
    String sign = end.group(1);
    addText(before(end.start(), sign.isEmpty() ? ' ' : sign.charAt(0), true));
    at = end.end();
  }

  private void expression(String close, Token.Type end) {
    Deque<Character> open = new ArrayDeque<>();
    while (true) {
      skipSpace();
      if (at >= source.length()) {
        throw error("'" + close + "' is missing");
      }
      if (open.isEmpty()) {
        char sign = source.charAt(at);
        int from = sign == '-' || (sign == '+' && close.equals("%}")) ? at + 1 : at;
        if (source.startsWith(close, from)) {
          add(end, close);
          at = from + 2;
          if (close.equals("%}")) {
            afterBlock(sign);
          } else if (sign == '-') {
            skipSpace();
          }
          return;
        }
      }
      one(open);
    }
  }

  private void one(Deque<Character> open) {
    char c = source.charAt(at);
    if (c == '"' || c == '\'') {
      string(c);
      return;
    }
    Matcher number = NUMBER.matcher(source).region(at, source.length());
    if (number.lookingAt()) {
      // In a.0.1 these are two indices.
      boolean index =
          !tokens.isEmpty() && tokens.get(tokens.size() - 1).is(Token.Type.OPERATOR, ".");
      String text = number.group();
      boolean fraction = number.group("float") != null;
      if (fraction && index) {
        text = text.replaceFirst("\\D.*", "");
        fraction = false;
      }
      add(fraction ? Token.Type.FLOAT : Token.Type.INTEGER, text);
      at += text.length();
      return;
    }
    Matcher name = NAME.matcher(source).region(at, source.length());
    if (name.lookingAt()) {
      add(Token.Type.NAME, name.group());
      at = name.end();
      return;
    }
    Matcher operator = OPERATOR.matcher(source).region(at, source.length());
    if (!operator.lookingAt()) {
      throw error("unexpected '" + source.substring(at, source.offsetByCodePoints(at, 1)) + "'");
    }
    String text = operator.group();
    if (text.matches("[\\[({]")) {
      open.push(text.charAt(0));
    } else if (text.matches("[\\])}]")) {
      if (open.isEmpty() || "[({".indexOf(open.pop()) != "])}".indexOf(text)) {
        throw error("unexpected '" + text + "'");
      }
    }
    add(Token.Type.OPERATOR, text);
    at = operator.end();
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw error("a string does not end");
    }
    try {
      add(Token.Type.STRING, Texts.unescape(source.substring(at + 1, end)));
    } catch (IllegalArgumentException e) {
      throw error(e.getMessage());
    }
    at = end + 1;
  }

  private void skipSpace() {
    while (at < source.length() && Texts.isSpace(source.charAt(at))) {
      at++;
    }
  }

  private void addText(String text) {
    if (!text.isEmpty()) {
      add(Token.Type.TEXT, text);
    }
  }

  private void add(Token.Type type, String text) {
    if (tokens.size() == MAX_TOKENS) {
      throw error("it has more than " + MAX_TOKENS + " parts");
    }
    tokens.add(new Token(type, text, line()));
  }

  private int line() {
    for (; counted < at; counted++) {
      line += source.charAt(counted) == '\n' ? 1 : 0;
    }
    return line;
  }

  private JinjaException error(String what) {
    return new JinjaException("line " + line() + ": " + what);
  }
}

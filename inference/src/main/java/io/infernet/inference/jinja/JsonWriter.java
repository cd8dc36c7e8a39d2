package io.infernet.inference.jinja;

import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes values as Python's {@code json.dumps} does. Confined to one rendering. */
final class JsonWriter {

  private static final int MAX_DEPTH = 64;

  private final Values values;
  private final boolean ascii;
  private final String indent;
  private final boolean pretty;
  private final String comma;
  private final String colon;
  private final boolean sorted;
  private final StringBuilder json = new StringBuilder();

  /**
   * @param given {@code ensure_ascii, indent, separators, sort_keys}
   */
  JsonWriter(Values values, Callable.Given given) {
    given.only(4, "ensure_ascii", "indent", "separators", "sort_keys");
    this.values = values;
    ascii = values.truth(given.get(0, "ensure_ascii", false));
    Object wanted = given.get(1, "indent", None.NONE);
    pretty = wanted != None.NONE;
    if (wanted instanceof String text) {
      indent = text;
    } else {
      int width = pretty ? Math.max(0, Values.count(wanted)) : 0;
      values.budget.charge(width);
      indent = " ".repeat(width);
    }
    Object separators = given.get(2, "separators", None.NONE);
    if (separators instanceof List<?> two && two.size() == 2) {
      comma = values.text(two.get(0));
      colon = values.text(two.get(1));
    } else {
      comma = pretty ? "," : ", ";
      colon = ": ";
    }
    sorted = values.truth(given.get(3, "sort_keys", false));
  }

  String write(Object value) {
    write(value, 0);
    return json.toString();
  }

  private void write(Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new JinjaException("a value is nested too deep for JSON");
    }
    if (value instanceof String text) {
      string(text);
    } else if (value == None.NONE || Values.isNumber(value)) {
      values.budget.work(value instanceof Double ? Values.DIGITS : 0);
      json.append(scalar(value));
    } else if (value instanceof List<?> list) {
      open('[', list.isEmpty());
      for (int i = 0; i < list.size(); i++) {
        between(i, depth + 1);
        write(list.get(i), depth + 1);
      }
      close(']', list.isEmpty(), depth);
    } else if (value instanceof Map<?, ?> map) {
      Map<?, ?> entries = map;
      if (sorted) {
        Map<Object, Object> ordered =
            new TreeMap<>((Comparator<Object>) (a, b) -> values.compare(a, b));
        ordered.putAll(map);
        entries = ordered;
      }
      open('{', map.isEmpty());
      int i = 0;
      for (Map.Entry<?, ?> entry : entries.entrySet()) {
        between(i++, depth + 1);
        string(entry.getKey() instanceof String key ? key : scalar(entry.getKey()));
        json.append(colon);
        write(entry.getValue(), depth + 1);
      }
      close('}', map.isEmpty(), depth);
    } else {
      throw Values.undefinedOr(value, value, Values.type(value) + " cannot be written as JSON");
    }
  }

  private static String scalar(Object value) {
    if (value == None.NONE) {
      return "null";
    } else if (value instanceof Boolean flag) {
      return flag ? "true" : "false";
    } else if (value instanceof Double number) {
      if (number.isNaN() || number.isInfinite()) {
        return number.isNaN() ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
      }
      return Texts.number(number);
    } else if (value instanceof Long) {
      return value.toString();
    }
    throw new JinjaException("keys of JSON cannot be " + Values.type(value));
  }

  private void open(char bracket, boolean empty) {
    json.append(bracket);
    if (empty) {
      values.budget.step();
    }
  }

  private void between(int index, int depth) {
    values.budget.step();
    values.budget.fits(json.length() + (long) depth * indent.length());
    json.append(index == 0 ? "" : comma);
    newLine(depth);
  }

  private void close(char bracket, boolean empty, int depth) {
    if (!empty) {
      newLine(depth);
    }
    json.append(bracket);
  }

  private void newLine(int depth) {
    if (pretty) {
      values.budget.charge((long) depth * indent.length());
      json.append('\n').append(indent.repeat(depth));
    }
  }

  private void string(String text) {
    values.budget.charge(text.length());
    values.budget.fits(json.length() + 2L * text.length());
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> json.append("\\\"");
        case '\\' -> json.append("\\\\");
        case '\n' -> json.append("\\n");
        case '\r' -> json.append("\\r");
        case '\t' -> json.append("\\t");
        case '\f' -> json.append("\\f");
        case '\b' -> json.append("\\b");
        default -> {
          if (c < 0x20 || (ascii && c > 0x7e)) {
            json.append("\\u").append(HexFormat.of().toHexDigits(c));
          } else {
            json.append(c);
          }
        }
      }
    }
    json.append('"');
  }
}

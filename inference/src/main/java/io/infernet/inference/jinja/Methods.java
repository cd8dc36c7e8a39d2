package io.infernet.inference.jinja;

import io.infernet.inference.jinja.Callable.Given;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The methods of Python's strings, lists and mappings; those that change a value are refused. */
final class Methods {

  private static final Pattern PERCENT =
      Pattern.compile(
          "%(?:\\((?<key>[^)]*)\\))?(?<flags>[-+ 0#]*)(?<width>\\d{0,6})(?:\\.(?<precision>\\d{0,6}))?(?<kind>.)",
          Pattern.DOTALL);

  private final Values values;

  Methods(Values values) {
    this.values = values;
  }

  /** The method of that name, or null. */
  @Nullable Callable find(Object base, String name) {
    if (base instanceof String text) {
      return ofText(text, name);
    } else if (base instanceof Map<?, ?> map) {
      return ofMapping(map, name);
    } else if (base instanceof List<?> list) {
      return ofList(Values.cast(list), name);
    }
    return null;
  }

  private @Nullable Callable ofMapping(Map<?, ?> map, String name) {
    return switch (name) {
      case "get" ->
          given -> {
            Object found = map.get(Values.key(given.need(0, "key")));
            return found == null ? given.get(1, "default", None.NONE) : found;
          };
      case "keys" -> given -> values.items(map);
      case "values" ->
          given -> {
            values.budget.chargeItems(map.size());
            return new ArrayList<Object>(map.values());
          };
      case "items" -> given -> pairs(map);
      case "copy" -> given -> map;
      case "pop", "popitem", "update", "clear", "setdefault" -> refused(name);
      default -> null;
    };
  }

  List<Object> pairs(Map<?, ?> map) {
    values.budget.chargeItems(map.size());
    List<Object> pairs = new ArrayList<>();
    map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
    return pairs;
  }

  private @Nullable Callable ofList(List<Object> list, String name) {
    return switch (name) {
      case "index" ->
          given -> {
            for (int i = 0; i < list.size(); i++) {
              if (values.equal(list.get(i), given.need(0, "value"))) {
                return (long) i;
              }
            }
            throw new JinjaException("the value is not in the list");
          };
      case "count" ->
          given -> list.stream().filter(item -> values.equal(item, given.need(0, "value"))).count();
      case "copy" -> given -> list;
      case "append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort" ->
          refused(name);
      default -> null;
    };
  }

  private static Callable refused(String name) {
    return given -> {
      throw new JinjaException("templates may not call '" + name + "', which changes a value");
    };
  }

  private @Nullable Callable ofText(String text, String name) {
    return switch (name) {
      case "strip" -> given -> strip(text, given.get(0, "chars", None.NONE), true, true);
      case "lstrip" -> given -> strip(text, given.get(0, "chars", None.NONE), true, false);
      case "rstrip" -> given -> strip(text, given.get(0, "chars", None.NONE), false, true);
      case "split" ->
          given ->
              split(text, given.get(0, "sep", None.NONE), given.get(1, "maxsplit", -1L), false);
      case "rsplit" ->
          given -> split(text, given.get(0, "sep", None.NONE), given.get(1, "maxsplit", -1L), true);
      case "splitlines" -> given -> lines(text, values.truth(given.get(0, "keepends", false)));
      case "startswith" -> given -> affix(text, given, true);
      case "endswith" -> given -> affix(text, given, false);
      case "removeprefix" ->
          given -> {
            String prefix = need(given, 0, "prefix");
            return charged(text).startsWith(prefix) ? text.substring(prefix.length()) : text;
          };
      case "removesuffix" ->
          given -> {
            String suffix = need(given, 0, "suffix");
            return charged(text).endsWith(suffix)
                ? text.substring(0, text.length() - suffix.length())
                : text;
          };
      case "partition" -> given -> partition(text, need(given, 0, "sep"), false);
      case "rpartition" -> given -> partition(text, need(given, 0, "sep"), true);
      case "replace" ->
          given ->
              replace(
                  text,
                  need(given, 0, "old"),
                  need(given, 1, "new"),
                  Values.whole(given.get(2, "count", -1L)));
      case "find", "rfind", "index", "rindex" -> given -> find(text, need(given, 0, "sub"), name);
      case "count" -> given -> occurrences(text, need(given, 0, "sub"));
      case "join" -> given -> join(text, values.items(given.need(0, "iterable")));
      case "format" -> given -> format(text, given);
      case "upper" -> given -> charged(text).toUpperCase(Locale.ROOT);
      case "lower", "casefold" -> given -> charged(text).toLowerCase(Locale.ROOT);
      case "capitalize" -> given -> capitalize(text);
      case "title" -> given -> title(text);
      case "swapcase" -> given -> swapCase(text);
      case "zfill" -> given -> zeroFilled(text, Values.count(given.need(0, "width")));
      case "center" -> given -> padded(text, given, '^');
      case "ljust" -> given -> padded(text, given, '<');
      case "rjust" -> given -> padded(text, given, '>');
      case "isspace" -> given -> all(charged(text), Texts::isSpace);
      case "isdigit", "isdecimal", "isnumeric" -> given -> all(charged(text), Character::isDigit);
      case "isalpha" -> given -> all(charged(text), Character::isLetter);
      case "isalnum" -> given -> all(charged(text), Character::isLetterOrDigit);
      case "isascii" -> given -> charged(text).chars().allMatch(c -> c < 128);
      case "islower" -> given -> isCase(text, true);
      case "isupper" -> given -> isCase(text, false);
      default -> null;
    };
  }

  private String charged(String text) {
    values.budget.charge(text.length());
    return text;
  }

  private String need(Given given, int index, String name) {
    return needText(given.need(index, name));
  }

  String needText(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw Values.undefinedOr(value, value, "expected text, not " + Values.type(value));
  }

  String strip(String text, Object characters, boolean left, boolean right) {
    charged(text);
    IntPredicate stripped = Texts::isSpace;
    if (characters != None.NONE) {
      String set = needText(characters);
      stripped = c -> charged(set).indexOf(c) >= 0;
    }
    int from = 0;
    int to = text.length();
    while (left && from < to && stripped.test(text.codePointAt(from))) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (right && to > from && stripped.test(text.codePointBefore(to))) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  private List<Object> split(String text, Object separator, Object most, boolean fromEnd) {
    charged(text);
    long left = Values.whole(most) < 0 ? Long.MAX_VALUE : Values.whole(most);
    List<Object> parts = new ArrayList<>();
    if (separator == None.NONE) {
      splitAtSpace(text, left, fromEnd, parts);
    } else {
      String mark = needText(separator);
      if (mark.isEmpty()) {
        throw new JinjaException("the separator is empty");
      }
      values.search(text, mark);
      int from = 0;
      int to = text.length();
      while (left-- > 0) {
        int at = fromEnd ? text.lastIndexOf(mark, to - mark.length()) : text.indexOf(mark, from);
        if (at < 0) {
          break;
        }
        values.budget.step();
        parts.add(fromEnd ? text.substring(at + mark.length(), to) : text.substring(from, at));
        from = fromEnd ? from : at + mark.length();
        to = fromEnd ? at : to;
      }
      parts.add(text.substring(from, to));
    }
    if (fromEnd) {
      Collections.reverse(parts);
    }
    return parts;
  }

  private void splitAtSpace(String text, long most, boolean fromEnd, List<Object> parts) {
    int from = 0;
    int to = text.length();
    for (long left = most; ; left--) {
      while (from < to && Texts.isSpace(text.charAt(from)) && (!fromEnd || left == most)) {
        from++;
      }
      while (from < to && Texts.isSpace(text.charAt(to - 1)) && (fromEnd || left == most)) {
        to--;
      }
      if (from == to) {
        return;
      }
      int cut = fromEnd ? to : from;
      while (left > 0
          && (fromEnd ? cut > from : cut < to)
          && !Texts.isSpace(text.charAt(fromEnd ? cut - 1 : cut))) {
        cut += fromEnd ? -1 : 1;
      }
      values.budget.step();
      if (left <= 0) {
        parts.add(text.substring(from, to));
        return;
      }
      parts.add(fromEnd ? text.substring(cut, to) : text.substring(from, cut));
      from = fromEnd ? from : cut;
      to = fromEnd ? cut : to;
    }
  }

  private List<Object> lines(String text, boolean keepEnds) {
    charged(text);
    List<Object> lines = new ArrayList<>();
    Matcher end =
        Pattern.compile("\r\n|[\n\r\u000b\f\u001c-\u001e\u0085\u2028\u2029]").matcher(text);
    int from = 0;
    while (end.find()) {
      values.budget.step();
      lines.add(text.substring(from, keepEnds ? end.end() : end.start()));
      from = end.end();
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  private boolean affix(String text, Given given, boolean start) {
    Object wanted = given.need(0, start ? "prefix" : "suffix");
    List<Object> all = wanted instanceof Tuple tuple ? tuple : List.of(needText(wanted));
    return all.stream()
        .map(this::needText)
        .map(this::charged)
        .anyMatch(affix -> start ? text.startsWith(affix) : text.endsWith(affix));
  }

  private Tuple partition(String text, String mark, boolean last) {
    values.search(text, mark);
    int at = last ? text.lastIndexOf(mark) : text.indexOf(mark);
    if (at < 0) {
      return last ? Tuple.of("", "", text) : Tuple.of(text, "", "");
    }
    return Tuple.of(text.substring(0, at), mark, text.substring(at + mark.length()));
  }

  String replace(String text, String old, String with, long count) {
    long most = count < 0 ? Long.MAX_VALUE : count;
    long found = Math.min(most, occurrences(text, old));
    values.budget.charge(text.length() + found * (with.length() - (long) old.length()));
    StringBuilder result = new StringBuilder();
    int from = 0;
    for (long i = 0; i < found; i++) {
      if (old.isEmpty()) {
        result.append(with);
        int next = from < text.length() ? text.offsetByCodePoints(from, 1) : from;
        result.append(text, from, next);
        from = next;
      } else {
        int at = text.indexOf(old, from);
        result.append(text, from, at).append(with);
        from = at + old.length();
      }
    }
    return result.append(text, from, text.length()).toString();
  }

  private long occurrences(String text, String part) {
    values.search(text, part);
    if (part.isEmpty()) {
      return Texts.length(text) + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }

  private long find(String text, String part, String method) {
    values.search(text, part);
    int at = method.startsWith("r") ? text.lastIndexOf(part) : text.indexOf(part);
    if (at < 0 && method.endsWith("index")) {
      throw new JinjaException("the text has no such part");
    }
    return at < 0 ? -1 : text.codePointCount(0, at);
  }

  String join(String separator, List<Object> items) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      String item = values.text(items.get(i));
      values.budget.charge(item.length() + separator.length());
      values.budget.fits(text.length() + (long) item.length() + separator.length());
      text.append(i == 0 ? "" : separator).append(item);
    }
    return text.toString();
  }

  String capitalize(String text) {
    if (charged(text).isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return text.substring(0, first).toUpperCase(Locale.ROOT)
        + text.substring(first).toLowerCase(Locale.ROOT);
  }

  private String title(String text) {
    charged(text);
    StringBuilder result = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      result.append(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return result.toString();
  }

  private String swapCase(String text) {
    StringBuilder result = new StringBuilder();
    charged(text)
        .chars()
        .forEach(
            c ->
                result.append(
                    (char)
                        (Character.isUpperCase(c)
                            ? Character.toLowerCase(c)
                            : Character.toUpperCase(c))));
    return result.toString();
  }

  private String zeroFilled(String text, int width) {
    int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
    int missing = Math.max(0, width - Texts.length(text));
    values.budget.charge(text.length() + (long) missing);
    return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
  }

  private String padded(String text, Given given, char align) {
    String fill = needText(given.get(1, "fillchar", " "));
    if (Texts.length(fill) != 1) {
      throw new JinjaException("expected one character to fill with");
    }
    return padded(text, Values.count(given.need(0, "width")), fill, align);
  }

  String padded(String text, int width, String fill, char align) {
    int missing = Math.max(0, width - Texts.length(text));
    values.budget.charge(text.length() + (long) missing);
    int left =
        switch (align) {
          case '<' -> 0;
          case '>' -> missing;
          // As CPython does it: the odd one goes left when the width is odd.
          default -> missing / 2 + (missing & width & 1);
        };
    return fill.repeat(left) + text + fill.repeat(missing - left);
  }

  private static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }

  boolean isCase(String text, boolean lower) {
    return charged(text)
            .codePoints()
            .noneMatch(lower ? Character::isUpperCase : Character::isLowerCase)
        && text.codePoints().anyMatch(lower ? Character::isLowerCase : Character::isUpperCase);
  }

  /** {@code str.format} with plain fields: {@code {}}, {@code {0}}, {@code {name}}. */
  private String format(String text, Given given) {
    charged(text);
    StringBuilder result = new StringBuilder();
    int next = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c == '{' || c == '}') && i + 1 < text.length() && text.charAt(i + 1) == c) {
        result.append(c);
        i++;
      } else if (c == '{') {
        int end = text.indexOf('}', i);
        String field = end < 0 ? "?" : text.substring(i + 1, end);
        if (!field.matches("\\w*")) {
          throw new JinjaException("this format is not supported: {" + field + "}");
        }
        boolean index = field.isEmpty() || Character.isDigit(field.charAt(0));
        int place = !index ? Integer.MAX_VALUE : field.isEmpty() ? next++ : smallInteger(field);
        String value = values.text(given.need(place, field));
        values.budget.charge(value.length());
        values.budget.fits(result.length() + (long) value.length());
        result.append(value);
        i = end;
      } else {
        result.append(c);
      }
    }
    return result.toString();
  }

  private static int smallInteger(String digits) {
    return digits.length() > 6 ? Integer.MAX_VALUE : Integer.parseInt(digits);
  }

  /** The {@code %} operator on text. */
  String percent(String format, Object arguments) {
    List<Object> given = arguments instanceof Tuple tuple ? tuple : List.of(arguments);
    Matcher field = PERCENT.matcher(charged(format));
    StringBuilder result = new StringBuilder();
    int from = 0;
    int next = 0;
    while (field.find(from)) {
      result.append(format, from, field.start());
      from = field.end();
      String kind = field.group("kind");
      if (kind.equals("%")) {
        result.append('%');
        continue;
      }
      Object value;
      if (field.group("key") != null) {
        value = values.item(arguments, field.group("key"));
      } else if (next < given.size()) {
        value = given.get(next++);
      } else {
        throw new JinjaException("there are fewer values than the format has fields");
      }
      String flags = field.group("flags");
      String precision = field.group("precision");
      int digits = precision == null || precision.isEmpty() ? -1 : Integer.parseInt(precision);
      String text = formatted(kind, value, digits, flags.contains("+"));
      String width = field.group("width");
      if (!width.isEmpty()) {
        boolean zeros = flags.contains("0") && !kind.equals("s");
        text =
            zeros
                ? zeroFilled(text, Integer.parseInt(width))
                : padded(text, Integer.parseInt(width), " ", flags.contains("-") ? '<' : '>');
      }
      values.budget.charge(text.length());
      values.budget.fits(result.length() + (long) text.length());
      result.append(text);
    }
    if (next < given.size() && !(arguments instanceof Map)) {
      throw new JinjaException("there are more values than the format has fields");
    }
    return result.append(format, from, format.length()).toString();
  }

  private String formatted(String kind, Object value, int precision, boolean plus) {
    switch (kind) {
      case "s", "r":
        String text = kind.equals("s") ? values.text(value) : values.shown(value);
        return precision >= 0 && precision < Texts.length(text)
            ? text.substring(0, text.offsetByCodePoints(0, precision))
            : text;
      case "d", "i", "u":
        long number = value instanceof Double real ? real.longValue() : Values.whole(value);
        return (plus && number >= 0 ? "+" : "") + number;
      case "x":
        return Long.toHexString(Values.whole(value));
      case "f", "F":
        if (!Values.isNumber(value)) {
          throw new JinjaException("expected a number, not " + Values.type(value));
        }
        values.budget.work(Values.DIGITS);
        double fraction = Values.number(value);
        String fixed =
            Double.isFinite(fraction)
                ? new BigDecimal(fraction)
                    .setScale(precision < 0 ? 6 : Math.min(precision, 100), RoundingMode.HALF_EVEN)
                    .toPlainString()
                : Texts.number(fraction);
        return (plus && fraction >= 0 ? "+" : "") + fixed;
      default:
        throw new JinjaException("this format is not supported: %" + kind);
    }
  }
}

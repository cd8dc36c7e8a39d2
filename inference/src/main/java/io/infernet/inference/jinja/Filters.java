package io.infernet.inference.jinja;

import io.infernet.inference.jinja.Callable.Given;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What follows {@code |}. Confined to one rendering. */
final class Filters {

  static final Set<String> NAMES =
      Set.of(
          "abs",
          "attr",
          "batch",
          "capitalize",
          "center",
          "count",
          "d",
          "default",
          "dictsort",
          "e",
          "escape",
          "first",
          "float",
          "forceescape",
          "format",
          "groupby",
          "indent",
          "int",
          "items",
          "join",
          "last",
          "length",
          "list",
          "lower",
          "map",
          "max",
          "min",
          "pprint",
          "reject",
          "rejectattr",
          "replace",
          "reverse",
          "round",
          "safe",
          "select",
          "selectattr",
          "slice",
          "sort",
          "string",
          "sum",
          "title",
          "tojson",
          "trim",
          "truncate",
          "unique",
          "upper",
          "wordcount");

  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}_]+");

  private final Values values;
  private final Tests tests;
  private final Methods methods;

  Filters(Values values, Tests tests) {
    this.values = values;
    this.tests = tests;
    this.methods = values.methods;
  }

  Object apply(String name, Object value, Given given) {
    // Whatever is done with a text goes through it once.
    values.budget.work(value instanceof String text ? text.length() : 0);
    return switch (name) {
      case "abs" ->
          value instanceof Double number
              ? (Object) Math.abs(number)
              : Values.whole(value) < 0 ? values.negative(value) : (Object) Values.whole(value);
      case "attr" -> values.attribute(value, methods.needText(given.need(0, "name")));
      case "batch" -> batch(values.items(value), given);
      case "capitalize" -> methods.capitalize(values.text(value));
      case "center" ->
          methods.padded(values.text(value), Values.count(given.get(0, "width", 80L)), " ", '^');
      case "count", "length" -> values.length(value);
      case "d", "default" -> {
        boolean falsy = values.truth(given.get(1, "boolean", false));
        boolean missing = value instanceof Undefined || (falsy && !values.truth(value));
        yield missing ? given.get(0, "default_value", "") : value;
      }
      case "dictsort" -> dictSort(value, given);
      case "e", "escape", "forceescape" -> escaped(values.text(value));
      case "first" -> {
        List<Object> items = values.items(value);
        yield items.isEmpty() ? new Undefined("the first of nothing") : items.get(0);
      }
      case "last" -> {
        List<Object> items = values.items(value);
        yield items.isEmpty() ? new Undefined("the last of nothing") : items.get(items.size() - 1);
      }
      case "float" -> toFloat(value, given.get(0, "default", 0.0));
      case "int" -> toInt(value, given.get(0, "default", 0L));
      case "format" ->
          methods.percent(
              values.text(value),
              given.named().isEmpty() ? new Tuple(given.positional()) : given.named());
      case "groupby" -> groups(value, given);
      case "indent" -> indented(methods.needText(value), given);
      case "items" -> items(value);
      case "join" -> join(value, given);
      case "list" -> copy(values.items(value));
      case "lower" -> values.text(value).toLowerCase(Locale.ROOT);
      case "upper" -> values.text(value).toUpperCase(Locale.ROOT);
      case "map" -> map(value, given);
      case "max", "min" -> extreme(value, given, name.equals("max"));
      case "pprint" -> values.shown(value);
      case "select" -> select(value, given, false, true);
      case "reject" -> select(value, given, false, false);
      case "selectattr" -> select(value, given, true, true);
      case "rejectattr" -> select(value, given, true, false);
      case "replace" ->
          methods.replace(
              values.text(value),
              values.text(given.need(0, "old")),
              values.text(given.need(1, "new")),
              given.get(2, "count", None.NONE) == None.NONE
                  ? -1
                  : Values.whole(given.get(2, "count", -1L)));
      case "reverse" -> reversed(value);
      case "round" -> round(value, given);
      case "safe", "string" -> values.text(value);
      case "slice" -> slices(values.items(value), given);
      case "sort" -> sorted(values.items(value), given);
      case "sum" -> sum(value, given);
      case "title" -> title(values.text(value));
      case "tojson" -> new JsonWriter(values, given).write(value);
      case "trim" ->
          methods.strip(values.text(value), given.get(0, "chars", None.NONE), true, true);
      case "truncate" -> truncated(values.text(value), given);
      case "unique" -> unique(value, given);
      case "wordcount" -> WORD.matcher(values.text(value)).results().count();
      default -> throw new JinjaException("unknown filter '" + name + "'");
    };
  }

  private List<Object> copy(List<Object> items) {
    values.budget.chargeItems(items.size());
    return new ArrayList<>(items);
  }

  private String escaped(String text) {
    values.budget.charge(5L * text.length());
    return Texts.html(text);
  }

  private List<Object> items(Object value) {
    if (value instanceof Undefined) {
      return List.of();
    } else if (value instanceof Map<?, ?> map) {
      return methods.pairs(map);
    }
    throw new JinjaException("only a mapping has items, not " + Values.type(value));
  }

  private String join(Object value, Given given) {
    Object attribute = given.get(1, "attribute", None.NONE);
    List<Object> items = values.items(value);
    if (attribute != None.NONE) {
      items = items.stream().map(getter(attribute, None.NONE)).toList();
    }
    return methods.join(values.text(given.get(0, "d", "")), items);
  }

  /** Reads {@code a.b.0} off an item. */
  private Function<Object, Object> getter(Object attribute, Object otherwise) {
    if (attribute == None.NONE) {
      return item -> item;
    }
    List<Object> path = new ArrayList<>();
    if (attribute instanceof Long) {
      path.add(attribute);
    } else {
      String names = values.text(attribute);
      values.budget.chargeItems(names.length());
      for (String part : names.split("\\.", -1)) {
        path.add(part.matches("\\d{1,9}") ? (Object) Long.parseLong(part) : part);
      }
    }
    return item -> {
      values.budget.step();
      Object found = item;
      for (Object part : path) {
        found = values.item(found, part);
        if (found instanceof Undefined && otherwise != None.NONE) {
          return otherwise;
        }
      }
      return found;
    };
  }

  private List<Object> map(Object value, Given given) {
    Function<Object, Object> each;
    if (given.named().containsKey("attribute")) {
      each =
          getter(given.named().get("attribute"), given.named().getOrDefault("default", None.NONE));
    } else {
      String filter = methods.needText(given.need(0, "filter"));
      each = item -> apply(filter, item, given.rest(1));
    }
    List<Object> mapped = new ArrayList<>();
    for (Object item : values.truth(value) ? values.items(value) : List.of()) {
      mapped.add(each.apply(item));
    }
    return mapped;
  }

  private List<Object> select(Object value, Given given, boolean byAttribute, boolean wanted) {
    Function<Object, Object> get =
        byAttribute ? getter(given.need(0, "attribute"), None.NONE) : item -> item;
    Given rest = byAttribute ? given.rest(1) : given;
    Predicate<Object> test = values::truth;
    if (!rest.positional().isEmpty()) {
      String name = methods.needText(rest.positional().get(0));
      test = item -> tests.test(name, item, rest.rest(1));
    }
    List<Object> selected = new ArrayList<>();
    for (Object item : values.truth(value) ? values.items(value) : List.of()) {
      values.budget.step();
      if (test.test(get.apply(item)) == wanted) {
        selected.add(item);
      }
    }
    return selected;
  }

  /** Texts compare without regard to case unless asked. */
  private Function<Object, Object> key(Object attribute, boolean caseSensitive) {
    return getter(attribute, None.NONE)
        .andThen(
            item -> {
              if (!(item instanceof String text) || caseSensitive) {
                return item;
              }
              values.budget.charge(text.length());
              return text.toLowerCase(Locale.ROOT);
            });
  }

  private List<Object> sorted(List<Object> items, Given given) {
    Function<Object, Object> key =
        key(
            given.get(2, "attribute", None.NONE),
            values.truth(given.get(1, "case_sensitive", false)));
    return ordered(items, key, values.truth(given.get(0, "reverse", false)));
  }

  private List<Object> ordered(
      List<Object> items, Function<Object, Object> key, boolean descending) {
    List<Object> sorted = copy(items);
    Comparator<Object> order = (a, b) -> values.compare(key.apply(a), key.apply(b));
    sorted.sort(descending ? order.reversed() : order);
    return sorted;
  }

  private List<Object> dictSort(Object value, Given given) {
    if (!(value instanceof Map<?, ?> map)) {
      throw Values.undefinedOr(value, value, "only a mapping can be sorted by its keys");
    }
    boolean byKey = !values.text(given.get(1, "by", "key")).equals("value");
    return ordered(
        methods.pairs(map),
        key(byKey ? 0L : 1L, values.truth(given.get(0, "case_sensitive", false))),
        values.truth(given.get(2, "reverse", false)));
  }

  private List<Object> unique(Object value, Given given) {
    Function<Object, Object> key =
        key(
            given.get(1, "attribute", None.NONE),
            values.truth(given.get(0, "case_sensitive", false)));
    List<Object> seen = new ArrayList<>();
    List<Object> unique = new ArrayList<>();
    for (Object item : values.items(value)) {
      Object mark = key.apply(item);
      if (!values.contains(seen, mark)) {
        seen.add(mark);
        unique.add(item);
      }
    }
    return unique;
  }

  private List<Object> groups(Object value, Given given) {
    Function<Object, Object> key =
        getter(given.need(0, "attribute"), given.get(1, "default", None.NONE));
    Map<Object, List<Object>> groups = new LinkedHashMap<>();
    for (Object item : ordered(values.items(value), key, false)) {
      groups.computeIfAbsent(Values.key(key.apply(item)), k -> new ArrayList<>()).add(item);
    }
    List<Object> pairs = new ArrayList<>();
    groups.forEach((group, items) -> pairs.add(Tuple.of(group, items)));
    return pairs;
  }

  private Object extreme(Object value, Given given, boolean largest) {
    Function<Object, Object> key =
        key(
            given.get(1, "attribute", None.NONE),
            values.truth(given.get(0, "case_sensitive", false)));
    Object best = new Undefined("the largest or smallest of nothing");
    for (Object item : values.items(value)) {
      if (best instanceof Undefined
          || (largest
              ? values.compare(key.apply(item), key.apply(best)) > 0
              : values.compare(key.apply(item), key.apply(best)) < 0)) {
        best = item;
      }
    }
    return best;
  }

  private Object sum(Object value, Given given) {
    Function<Object, Object> key = getter(given.get(0, "attribute", None.NONE), None.NONE);
    Object sum = given.get(1, "start", 0L);
    for (Object item : values.items(value)) {
      values.budget.step();
      sum = values.arithmetic("+", sum, key.apply(item));
    }
    return sum;
  }

  private Object reversed(Object value) {
    if (value instanceof String text) {
      values.budget.charge(text.length());
      return new StringBuilder(text).reverse().toString();
    }
    List<Object> items = copy(values.items(value));
    Collections.reverse(items);
    return items;
  }

  private Object round(Object value, Given given) {
    if (!Values.isNumber(value)) {
      throw Values.undefinedOr(value, value, "only numbers can be rounded");
    }
    RoundingMode mode =
        switch (values.text(given.get(1, "method", "common"))) {
          case "ceil" -> RoundingMode.CEILING;
          case "floor" -> RoundingMode.FLOOR;
          default -> RoundingMode.HALF_EVEN;
        };
    if (!(value instanceof Double) && mode == RoundingMode.HALF_EVEN) {
      return Values.whole(value);
    }
    values.budget.work(Values.DIGITS);
    double number = Values.number(value);
    int digits = Math.max(-400, Math.min(400, Values.count(given.get(0, "precision", 0L))));
    return Double.isFinite(number)
        ? new BigDecimal(number).setScale(digits, mode).doubleValue()
        : number;
  }

  private Object toInt(Object value, Object otherwise) {
    if (value instanceof Double number) {
      return Double.isFinite(number) ? (Object) number.longValue() : otherwise;
    } else if (Values.isNumber(value)) {
      return Values.whole(value);
    } else if (value instanceof String text) {
      try {
        return Long.parseLong(text.strip().replace("_", ""));
      } catch (NumberFormatException e) {
        return toInt(toFloat(text, Double.NaN), otherwise);
      }
    }
    return otherwise;
  }

  private static Object toFloat(Object value, Object otherwise) {
    if (Values.isNumber(value)) {
      return Values.number(value);
    } else if (value instanceof String text) {
      try {
        return Double.parseDouble(text.strip());
      } catch (NumberFormatException e) {
        return otherwise;
      }
    }
    return otherwise;
  }

  private String indented(String text, Given given) {
    Object width = given.get(0, "width", 4L);
    boolean first = values.truth(given.get(1, "first", false));
    boolean blank = values.truth(given.get(2, "blank", false));
    String indent;
    if (width instanceof String given0) {
      indent = given0;
    } else {
      int spaces = Math.max(0, Values.count(width));
      values.budget.charge(spaces);
      indent = " ".repeat(spaces);
    }
    StringBuilder result = new StringBuilder();
    String[] lines = text.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      values.budget.charge(lines[i].length() + indent.length());
      values.budget.fits(result.length() + (long) lines[i].length() + indent.length());
      boolean wanted = i == 0 ? first : blank || !lines[i].isEmpty();
      result.append(i == 0 ? "" : "\n").append(wanted ? indent : "").append(lines[i]);
    }
    return result.toString();
  }

  private String title(String text) {
    values.budget.charge(text.length());
    StringBuilder result = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      result.append(inWord ? Character.toLowerCase(c) : Character.toUpperCase(c));
      inWord = !Texts.isSpace(c) && "-([{<".indexOf(c) < 0;
    }
    return result.toString();
  }

  private String truncated(String text, Given given) {
    int length = Values.count(given.get(0, "length", 255L));
    boolean kill = values.truth(given.get(1, "killwords", false));
    String end = values.text(given.get(2, "end", "..."));
    values.budget.charge(text.length() + (long) end.length());
    int leeway = Values.count(given.get(3, "leeway", 5L));
    if (Texts.length(text) <= (long) length + leeway) {
      return text;
    }
    int kept = Math.max(0, length - Texts.length(end));
    String cut = text.substring(0, text.offsetByCodePoints(0, Math.min(kept, Texts.length(text))));
    int space = cut.lastIndexOf(' ');
    return (kill || space < 0 ? cut : cut.substring(0, space)) + end;
  }

  private List<Object> batch(List<Object> items, Given given) {
    int size = Values.count(given.need(0, "linecount"));
    Object fill = given.get(1, "fill_with", None.NONE);
    if (size < 1) {
      throw new JinjaException("a batch has at least one item");
    }
    List<Object> batches = new ArrayList<>();
    for (int from = 0; from < items.size(); from += size) {
      List<Object> batch =
          new ArrayList<>(items.subList(from, Math.min(items.size(), from + size)));
      values.budget.chargeItems(size);
      while (fill != None.NONE && batch.size() < size) {
        batch.add(fill);
      }
      batches.add(batch);
      if (size > items.size()) {
        break;
      }
    }
    return batches;
  }

  private List<Object> slices(List<Object> items, Given given) {
    int count = Values.count(given.need(0, "slices"));
    Object fill = given.get(1, "fill_with", None.NONE);
    if (count < 1) {
      throw new JinjaException("there is at least one slice");
    }
    values.budget.chargeItems((long) count + items.size());
    List<Object> slices = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < count; i++) {
      int size = items.size() / count + (i < items.size() % count ? 1 : 0);
      List<Object> slice = new ArrayList<>(items.subList(from, from + size));
      if (fill != None.NONE && i >= items.size() % count) {
        slice.add(fill);
      }
      from += size;
      slices.add(slice);
    }
    return slices;
  }
}

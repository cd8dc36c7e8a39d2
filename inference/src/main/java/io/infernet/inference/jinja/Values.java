package io.infernet.inference.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Python's operations on values. These are: String, Long, Double, Boolean, {@link None}, {@link
 * Undefined}, List (or {@link Tuple}), Map, {@link Namespace}, {@link Callable} and {@link Loop}.
 * Confined to one rendering.
 */
final class Values {

  private static final int MAX_SHOWN_DEPTH = 64;

  /** To show a number costs as much as to go through so many characters. */
  static final int DIGITS = 1_000;

  /** Parts of text of this length are looked for as fast as those of one character. */
  private static final int SHORT_PART = 64;

  final Budget budget;
  final Methods methods = new Methods(this);

  Values(Budget budget) {
    this.budget = budget;
  }

  /** A variable from outside, with all that is in it. */
  static Object of(@Nullable Object value) {
    if (value == null) {
      return None.NONE;
    }
    if (value instanceof Integer number) {
      return (long) number;
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      map.forEach((key, item) -> copy.put(of(key), of(item)));
      return copy;
    }
    if (value instanceof List<?> list) {
      List<Object> copy = new ArrayList<>();
      list.forEach(item -> copy.add(of(item)));
      return copy;
    }
    if (value instanceof String
        || value instanceof Long
        || value instanceof Double
        || value instanceof Boolean) {
      return value;
    }
    throw new IllegalArgumentException("a template does not know a " + value.getClass());
  }

  static String type(Object value) {
    if (value instanceof String) {
      return "a string";
    } else if (value instanceof Boolean) {
      return "a boolean";
    } else if (value instanceof Long || value instanceof Double) {
      return "a number";
    } else if (value instanceof Map) {
      return "a mapping";
    } else if (value instanceof List) {
      return "a list";
    } else if (value == None.NONE) {
      return "none";
    }
    return value instanceof Undefined ? "undefined" : "an object";
  }

  boolean truth(Object value) {
    if (value instanceof Boolean flag) {
      return flag;
    } else if (value instanceof String text) {
      return !text.isEmpty();
    } else if (value instanceof Long number) {
      return number != 0;
    } else if (value instanceof Double number) {
      return number != 0;
    } else if (value instanceof List<?> list) {
      return !list.isEmpty();
    } else if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return value != None.NONE && !(value instanceof Undefined);
  }

  /** Python's {@code str}. */
  String text(Object value) {
    if (value instanceof String text) {
      return text;
    } else if (value instanceof Undefined) {
      return "";
    }
    return shown(value);
  }

  /** Python's {@code repr}. */
  String shown(Object value) {
    StringBuilder text = new StringBuilder();
    show(value, text, 0);
    return text.toString();
  }

  private void show(Object value, StringBuilder to, int depth) {
    if (depth > MAX_SHOWN_DEPTH) {
      throw new JinjaException("a value is nested too deep to be shown");
    }
    budget.fits(to.length());
    if (value instanceof String text) {
      budget.charge(to.length() + 2L * text.length());
      to.append(Texts.quoted(text));
    } else if (value instanceof Boolean flag) {
      to.append(flag ? "True" : "False");
    } else if (value instanceof Double number) {
      budget.work(DIGITS);
      to.append(Texts.number(number));
    } else if (value instanceof Long) {
      to.append(value);
    } else if (value == None.NONE) {
      to.append("None");
    } else if (value instanceof Undefined) {
      to.append("Undefined");
    } else if (value instanceof List<?> list) {
      boolean tuple = list instanceof Tuple;
      to.append(tuple ? '(' : '[');
      for (int i = 0; i < list.size(); i++) {
        budget.step();
        to.append(i == 0 ? "" : ", ");
        show(list.get(i), to, depth + 1);
      }
      to.append(tuple ? list.size() == 1 ? ",)" : ")" : "]");
    } else if (value instanceof Map<?, ?> map) {
      to.append('{');
      String comma = "";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        budget.step();
        to.append(comma);
        show(entry.getKey(), to, depth + 1);
        to.append(": ");
        show(entry.getValue(), to, depth + 1);
        comma = ", ";
      }
      to.append('}');
    } else if (value instanceof Namespace namespace) {
      to.append("<Namespace ");
      show(namespace.attributes, to, depth + 1);
      to.append('>');
    } else {
      to.append("<function>");
    }
  }

  boolean equal(Object a, Object b) {
    budget.step();
    if (isNumber(a) && isNumber(b)) {
      return compareNumbers(a, b) == 0;
    }
    if (a instanceof List<?> one && b instanceof List<?> other) {
      if (one.size() != other.size() || one instanceof Tuple != other instanceof Tuple) {
        return false;
      }
      for (int i = 0; i < one.size(); i++) {
        if (!equal(one.get(i), other.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Map<?, ?> one && b instanceof Map<?, ?> other) {
      return one.size() == other.size()
          && one.entrySet().stream()
              .allMatch(
                  entry ->
                      other.containsKey(entry.getKey())
                          && equal(entry.getValue(), other.get(entry.getKey())));
    }
    if (a instanceof String text) {
      budget.charge(text.length());
    }
    return a instanceof Undefined ? b instanceof Undefined : a.equals(b);
  }

  int compare(Object a, Object b) {
    budget.step();
    if (isNumber(a) && isNumber(b)) {
      return compareNumbers(a, b);
    }
    if (a instanceof String one && b instanceof String other) {
      budget.charge(Math.min(one.length(), other.length()));
      return compareTexts(one, other);
    }
    if (a instanceof List<?> one && b instanceof List<?> other) {
      for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
        if (!equal(one.get(i), other.get(i))) {
          return compare(one.get(i), other.get(i));
        }
      }
      return Integer.compare(one.size(), other.size());
    }
    throw undefinedOr(a, b, "cannot compare " + type(a) + " with " + type(b));
  }

  /** By code points, where Java compares by UTF-16. */
  private static int compareTexts(String a, String b) {
    for (int i = 0; i < Math.min(a.length(), b.length()); i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean both = Character.isSurrogate(x) == Character.isSurrogate(y);
        return both ? Character.compare(x, y) : Character.isSurrogate(x) ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  private static int compareNumbers(Object a, Object b) {
    if (!(a instanceof Double) && !(b instanceof Double)) {
      return Long.compare(whole(a), whole(b));
    }
    double x = number(a) + 0.0;
    double y = number(b) + 0.0;
    // Large whole numbers are rounded there; sorting needs an order that is one.
    return x == y && Math.abs(x) >= 0x1p53 && Math.abs(x) <= 0x1p63
        ? exact(a).compareTo(exact(b))
        : Double.compare(x, y);
  }

  private static BigDecimal exact(Object number) {
    return number instanceof Double fraction
        ? new BigDecimal(fraction)
        : BigDecimal.valueOf(whole(number));
  }

  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  static double number(Object value) {
    return value instanceof Double number ? number : whole(value);
  }

  /** A whole number or a truth value, which counts as one. */
  static long whole(Object value) {
    if (value instanceof Long number) {
      return number;
    } else if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    throw undefinedOr(value, value, "expected a whole number, not " + type(value));
  }

  /** A small number, such as a width. */
  static int count(Object value) {
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, whole(value)));
  }

  static JinjaException undefinedOr(Object a, Object b, String otherwise) {
    if (a instanceof Undefined undefined) {
      return undefined.error();
    }
    return b instanceof Undefined undefined ? undefined.error() : new JinjaException(otherwise);
  }

  /** What a loop goes through. */
  List<Object> items(Object value) {
    if (value instanceof Undefined) {
      return List.of();
    } else if (value instanceof List<?> list) {
      return cast(list);
    } else if (value instanceof Map<?, ?> map) {
      budget.chargeItems(map.size());
      return new ArrayList<>(map.keySet());
    } else if (value instanceof String text) {
      budget.chargeItems(text.length());
      return new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
    }
    throw new JinjaException(type(value) + " cannot be gone through");
  }

  @SuppressWarnings("unchecked")
  static List<Object> cast(List<?> list) {
    return (List<Object>) list;
  }

  long length(Object value) {
    if (value instanceof String text) {
      budget.charge(text.length());
      return Texts.length(text);
    } else if (value instanceof List<?> list) {
      return list.size();
    } else if (value instanceof Map<?, ?> map) {
      return map.size();
    } else if (value instanceof Undefined) {
      return 0;
    }
    throw new JinjaException(type(value) + " has no length");
  }

  boolean contains(Object container, Object item) {
    if (container instanceof String text) {
      if (!(item instanceof String part)) {
        throw undefinedOr(item, item, "only text can be in text, not " + type(item));
      }
      search(text, part);
      return text.contains(part);
    } else if (container instanceof Map<?, ?> map) {
      return map.containsKey(key(item));
    }
    for (Object each : items(container)) {
      if (equal(each, item)) {
        return true;
      }
    }
    return false;
  }

  /** Called before a text is searched, in the simplest way, for a part of it. */
  void search(String text, String part) {
    budget.work(text.length() * (1L + part.length() / SHORT_PART));
  }

  /** What may be the key of a mapping: nothing with parts, as there is no bound on hashing them. */
  static Object key(Object value) {
    if (value instanceof List || value instanceof Map) {
      throw new JinjaException(type(value) + " cannot be the key of a mapping");
    }
    return value;
  }

  /** {@code base.name}: a method or attribute first, then what {@code base[name]} is. */
  Object attribute(Object base, String name) {
    if (base instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object found = ownAttribute(base, name);
    if (found == null && base instanceof Map<?, ?> map) {
      found = map.get(name);
    }
    return found == null ? undefined(base, name) : found;
  }

  private @Nullable Object ownAttribute(Object base, String name) {
    if (base instanceof Namespace namespace) {
      return namespace.attributes.get(name);
    } else if (base instanceof Loop loop) {
      return loop.attribute(name);
    }
    return methods.find(base, name);
  }

  private static Undefined undefined(Object base, String name) {
    return Undefined.named(name, " of " + type(base));
  }

  /** {@code base[index]}: what is there first, then a method or attribute of that name. */
  Object item(Object base, Object index) {
    if (base instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object found = null;
    if (base instanceof Map<?, ?> map) {
      found = map.get(key(index));
    } else if (index instanceof Long || index instanceof Boolean) {
      if (base instanceof List<?> list) {
        long place = whole(index) < 0 ? whole(index) + list.size() : whole(index);
        found = place >= 0 && place < list.size() ? list.get((int) place) : null;
      } else if (base instanceof String text) {
        budget.charge(text.length());
        int length = Texts.length(text);
        long place = whole(index) < 0 ? whole(index) + length : whole(index);
        if (place >= 0 && place < length) {
          int at = text.offsetByCodePoints(0, (int) place);
          found = Character.toString(text.codePointAt(at));
        }
      }
    }
    if (found == null && index instanceof String name) {
      found = ownAttribute(base, name);
    }
    return found == null ? undefined(base, text(index)) : found;
  }

  Object slice(Object base, Object from, Object to, Object step) {
    if (base instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!(base instanceof String) && !(base instanceof List)) {
      return new Undefined("a slice of " + type(base));
    }
    int size = (int) length(base);
    // A longer step leads out of it too.
    long by = step == None.NONE ? 1 : Math.max(-size - 1, Math.min(size + 1, whole(step)));
    if (by == 0) {
      throw new JinjaException("a slice cannot have step 0");
    }
    long low = by > 0 ? 0 : -1;
    long high = by > 0 ? size : size - 1;
    long first = from == None.NONE ? (by > 0 ? low : high) : bound(whole(from), size, low, high);
    long end = to == None.NONE ? (by > 0 ? high : low) : bound(whole(to), size, low, high);
    if (by == 1 && base instanceof String text) {
      budget.charge(text.length());
      int begin = text.offsetByCodePoints(0, (int) first);
      return text.substring(begin, text.offsetByCodePoints(begin, (int) Math.max(0, end - first)));
    }
    List<Object> all = items(base);
    budget.chargeItems(Math.max(0, (end - first) / by + 1));
    List<Object> slice = new ArrayList<>();
    for (long i = first; by > 0 ? i < end : i > end; i += by) {
      slice.add(all.get((int) i));
    }
    if (base instanceof String) {
      StringBuilder text = new StringBuilder();
      slice.forEach(text::append);
      return text.toString();
    }
    return base instanceof Tuple ? new Tuple(slice) : slice;
  }

  private static long bound(long index, int size, long low, long high) {
    return Math.max(low, Math.min(high, index < 0 ? Math.max(-1, index + size) : index));
  }

  Object negative(Object value) {
    if (value instanceof Double number) {
      return -number;
    }
    return exact(0, whole(value), Math::subtractExact);
  }

  Object arithmetic(String operator, Object a, Object b) {
    if (operator.equals("%") && a instanceof String format) {
      return methods.percent(format, b);
    }
    if (operator.equals("+") && a instanceof String one && b instanceof String other) {
      budget.charge((long) one.length() + other.length());
      return one + other;
    }
    if (operator.equals("+") && a instanceof List<?> one && b instanceof List<?> other) {
      if (one instanceof Tuple == other instanceof Tuple) {
        budget.chargeItems((long) one.size() + other.size());
        List<Object> sum = new ArrayList<>(one);
        sum.addAll(other);
        return one instanceof Tuple ? new Tuple(sum) : sum;
      }
    }
    if (operator.equals("*") && (a instanceof Long ^ b instanceof Long)) {
      Object repeated = a instanceof Long ? b : a;
      long times = Math.max(0, a instanceof Long number ? number : whole(b));
      if (repeated instanceof String text) {
        times = text.isEmpty() ? 0 : Math.min(times, Integer.MAX_VALUE);
        budget.charge(times * text.length());
        return text.repeat((int) times);
      } else if (repeated instanceof List<?> list) {
        times = list.isEmpty() ? 0 : Math.min(times, Integer.MAX_VALUE);
        budget.chargeItems(times * list.size());
        List<Object> product = new ArrayList<>();
        for (long i = 0; i < times; i++) {
          product.addAll(list);
        }
        return list instanceof Tuple ? new Tuple(product) : product;
      }
    }
    if (!isNumber(a) || !isNumber(b)) {
      throw undefinedOr(a, b, "cannot compute " + type(a) + " " + operator + " " + type(b));
    }
    boolean whole = !(a instanceof Double) && !(b instanceof Double);
    return whole && !operator.equals("/") ? ofWholes(operator, a, b) : ofNumbers(operator, a, b);
  }

  private static Object ofWholes(String operator, Object a, Object b) {
    long x = whole(a);
    long y = whole(b);
    if (y == 0 && (operator.equals("//") || operator.equals("%"))) {
      throw new JinjaException("division by zero");
    }
    return switch (operator) {
      case "+" -> exact(x, y, Math::addExact);
      case "-" -> exact(x, y, Math::subtractExact);
      case "*" -> exact(x, y, Math::multiplyExact);
      case "//" -> Math.floorDiv(x, y);
      case "%" -> Math.floorMod(x, y);
      default -> y < 0 ? (Object) Math.pow(x, y) : power(x, y);
    };
  }

  private static Object power(long base, long exponent) {
    boolean trivial = Math.abs(base) <= 1;
    if (exponent > 64 && !trivial) {
      throw new JinjaException("a number is too large");
    }
    int small = (int) (trivial ? exponent % 2 + (exponent == 0 ? 0 : 2) : exponent);
    try {
      return BigInteger.valueOf(base).pow(small).longValueExact();
    } catch (ArithmeticException e) {
      throw new JinjaException("a number is too large");
    }
  }

  private static Object ofNumbers(String operator, Object a, Object b) {
    double x = number(a);
    double y = number(b);
    if (y == 0 && (operator.endsWith("/") || operator.equals("%"))) {
      throw new JinjaException("division by zero");
    }
    return switch (operator) {
      case "+" -> x + y;
      case "-" -> x - y;
      case "*" -> x * y;
      case "/" -> x / y;
      case "//" -> Math.floor((x - modulo(x, y)) / y + 0.5);
      case "%" -> modulo(x, y);
      default -> Math.pow(x, y);
    };
  }

  /** With the sign of the divisor. */
  private static double modulo(double x, double y) {
    double rest = x % y;
    return rest != 0 && rest < 0 != y < 0 ? rest + y : rest == 0 ? Math.copySign(0.0, y) : rest;
  }

  private static long exact(long a, long b, LongBinaryOperator operation) {
    try {
      return operation.applyAsLong(a, b);
    } catch (ArithmeticException e) {
      throw new JinjaException("a number is too large");
    }
  }

  Object call(Object function, Callable.Given given) {
    if (function instanceof Callable callable) {
      return callable.call(given);
    }
    throw undefinedOr(function, function, type(function) + " cannot be called");
  }
}

package io.infernet.inference.jinja;

import io.infernet.inference.jinja.Callable.Given;
import java.util.List;
import java.util.Map;

/** What follows {@code is}. Confined to one rendering. */
final class Tests {

  private final Values values;

  Tests(Values values) {
    this.values = values;
  }

  boolean test(String name, Object value, Given given) {
    values.budget.step();
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == None.NONE;
      case "boolean" -> value instanceof Boolean;
      case "true" -> value.equals(true);
      case "false" -> value.equals(false);
      case "string" -> value instanceof String;
      case "number" -> Values.isNumber(value);
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "mapping" -> value instanceof Map;
      case "sequence", "iterable" ->
          value instanceof List
              || value instanceof Map
              || value instanceof String
              || value instanceof Undefined;
      case "callable" -> value instanceof Callable;
      case "odd" -> values.equal(values.arithmetic("%", value, 2L), 1L);
      case "even" -> values.equal(values.arithmetic("%", value, 2L), 0L);
      case "divisibleby" -> values.equal(values.arithmetic("%", value, given.need(0, "num")), 0L);
      case "lower" -> values.methods.isCase(values.text(value), true);
      case "upper" -> values.methods.isCase(values.text(value), false);
      case "in" -> values.contains(given.need(0, "seq"), value);
      case "eq", "equalto", "==" -> values.equal(value, given.need(0, "other"));
      case "ne", "!=" -> !values.equal(value, given.need(0, "other"));
      case "lt", "lessthan", "<" -> values.compare(value, given.need(0, "other")) < 0;
      case "le", "<=" -> values.compare(value, given.need(0, "other")) <= 0;
      case "gt", "greaterthan", ">" -> values.compare(value, given.need(0, "other")) > 0;
      case "ge", ">=" -> values.compare(value, given.need(0, "other")) >= 0;
      case "sameas" -> same(value, given.need(0, "other"));
      case "escaped" -> false;
      case "filter" -> Filters.NAMES.contains(values.text(value));
      default -> throw new JinjaException("unknown test '" + name + "'");
    };
  }

  private static boolean same(Object a, Object b) {
    // Python's small values are the same object when they are equal.
    return a == b || (!(a instanceof List) && !(a instanceof Map) && a.equals(b));
  }
}

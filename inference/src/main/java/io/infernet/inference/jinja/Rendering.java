package io.infernet.inference.jinja;

import io.infernet.inference.jinja.Callable.Given;
import io.infernet.inference.jinja.Statement.Target;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One run of a template. Confined to one thread. */
final class Rendering {

  /** A character that a function of the host is given costs as much as so many of ours. */
  private static final int FUNCTION_COST = 100;

  /** A list, mapping or macro takes as much memory as so many elements. */
  private static final int CONTAINER = 8;

  private final Budget budget;
  private final Values values;
  private final Tests tests;
  private final Filters filters;
  private StringBuilder output = new StringBuilder();
  private int line = 1;

  /** Where names are looked up: a block's own, then those around it. */
  private record Scope(Map<String, Object> names, @Nullable Scope outer) {

    Scope inner() {
      return new Scope(new HashMap<>(), this);
    }

    @Nullable Object find(String name) {
      for (Scope scope = this; scope != null; scope = scope.outer) {
        Object found = scope.names.get(name);
        if (found != null) {
          return found;
        }
      }
      return null;
    }
  }

  /** How a statement ended. */
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Rendering(JinjaLimits limits) {
    budget = new Budget(limits);
    values = new Values(budget);
    tests = new Tests(values);
    filters = new Filters(values, tests);
  }

  /** Renders with the variables, and with functions of one text. */
  String render(
      List<Statement> template,
      Map<String, Object> variables,
      Map<String, UnaryOperator<String>> functions) {
    Map<String, Object> globals = new HashMap<>();
    globals.put("range", (Callable) this::range);
    globals.put("dict", (Callable) this::dict);
    globals.put(
        "namespace",
        (Callable)
            given -> {
              Namespace namespace = new Namespace();
              dict(given)
                  .forEach((key, value) -> namespace.attributes.put(values.text(key), value));
              return namespace;
            });
    globals.put("joiner", (Callable) Rendering::joiner);
    globals.put(
        "raise_exception",
        (Callable)
            given -> {
              throw JinjaException.refusal(values.text(given.need(0, "message")));
            });
    functions.forEach((name, function) -> globals.put(name, callable(name, function)));
    globals.putAll(variables);
    try {
      run(template, new Scope(globals, null).inner());
      return output.toString();
    } catch (JinjaException e) {
      throw e.isRefusal() ? e : new JinjaException("line " + line + ": " + e.getMessage());
    } catch (StackOverflowError e) {
      throw new JinjaException("line " + line + ": it is nested too deep");
    }
  }

  private Callable callable(String name, UnaryOperator<String> function) {
    return given -> {
      if (given.need(0, "text") instanceof String text) {
        budget.charge(FUNCTION_COST * (1L + text.length()));
        return function.apply(text);
      }
      throw new JinjaException(name + " takes a text");
    };
  }

  private List<Object> range(Given given) {
    given.only(3);
    long first = given.positional().size() > 1 ? Values.whole(given.positional().get(0)) : 0;
    long end = Values.whole(given.need(given.positional().size() > 1 ? 1 : 0, "stop"));
    long step = given.positional().size() > 2 ? Values.whole(given.positional().get(2)) : 1;
    if (step == 0) {
      throw new JinjaException("a range cannot have step 0");
    }
    // As Python counts them, so that nothing overflows.
    BigInteger span = BigInteger.valueOf(end).subtract(BigInteger.valueOf(first));
    long size =
        span.signum() == Long.signum(step)
            ? span.subtract(BigInteger.valueOf(Long.signum(step)))
                    .divide(BigInteger.valueOf(step))
                    .min(BigInteger.valueOf(Integer.MAX_VALUE))
                    .longValue()
                + 1
            : 0;
    budget.chargeItems(size);
    List<Object> numbers = new ArrayList<>((int) size);
    for (long i = 0; i < size; i++) {
      numbers.add(first + i * step);
    }
    return numbers;
  }

  private Map<Object, Object> dict(Given given) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    for (Object from : given.positional()) {
      if (from instanceof Map<?, ?> map) {
        budget.chargeItems(map.size());
        dict.putAll(map);
      } else {
        for (Object pair : values.items(from)) {
          budget.chargeItems(1);
          dict.put(Values.key(values.item(pair, 0L)), values.item(pair, 1L));
        }
      }
    }
    dict.putAll(given.named());
    return dict;
  }

  private static Callable joiner(Given given) {
    Object separator = given.get(0, "sep", ", ");
    boolean[] used = {false};
    return none -> {
      Object text = used[0] ? separator : "";
      used[0] = true;
      return text;
    };
  }

  // Statements.

  private Flow run(List<Statement> statements, Scope scope) {
    budget.enter();
    for (Statement statement : statements) {
      budget.step();
      line = statement.line();
      Flow flow = run(statement, scope);
      if (flow != Flow.NEXT) {
        budget.leave();
        return flow;
      }
    }
    budget.leave();
    return Flow.NEXT;
  }

  private Flow run(Statement statement, Scope scope) {
    if (statement instanceof Statement.Text text) {
      print(text.text());
    } else if (statement instanceof Statement.Print print) {
      print(values.text(evaluate(print.value(), scope)));
    } else if (statement instanceof Statement.Assign assign) {
      assign(assign.target(), evaluate(assign.value(), scope), scope);
    } else if (statement instanceof Statement.AssignBlock block) {
      String text = capture(block.body(), scope.inner());
      assign(block.target(), filtered(block.filters(), text, scope), scope);
    } else if (statement instanceof Statement.If condition) {
      return choose(condition, scope);
    } else if (statement instanceof Statement.For loop) {
      loop(loop, evaluate(loop.items(), scope), scope, 0);
    } else if (statement instanceof Statement.Macro macro) {
      scope.names().put(macro.name(), macro(macro.name(), macro.signature(), macro.body(), scope));
    } else if (statement instanceof Statement.CallBlock block) {
      Callable caller = macro("caller", block.signature(), block.body(), scope);
      Object function = evaluate(block.call().function(), scope);
      Given given = given(block.call().arguments(), scope);
      Map<String, Object> named = new LinkedHashMap<>(given.named());
      named.put("caller", caller);
      print(values.text(values.call(function, new Given(given.positional(), named))));
    } else if (statement instanceof Statement.FilterBlock block) {
      String text = capture(block.body(), scope.inner());
      print(values.text(filtered(block.filters(), text, scope)));
    } else if (statement instanceof Statement.With with) {
      Scope inner = scope.inner();
      for (int i = 0; i < with.targets().size(); i++) {
        assign(with.targets().get(i), evaluate(with.values().get(i), scope), inner);
      }
      return run(with.body(), inner);
    } else {
      return statement instanceof Statement.Break ? Flow.BREAK : Flow.CONTINUE;
    }
    return Flow.NEXT;
  }

  private void print(String text) {
    budget.charge(text.length());
    budget.fits((long) output.length() + text.length());
    output.append(text);
  }

  private String capture(List<Statement> body, Scope scope) {
    StringBuilder around = output;
    output = new StringBuilder();
    run(body, scope);
    String text = output.toString();
    output = around;
    return text;
  }

  private Object filtered(List<Expression.Filter> all, Object text, Scope scope) {
    Object value = text;
    for (Expression.Filter filter : all) {
      value = filters.apply(filter.name(), value, given(filter.arguments(), scope));
    }
    return value;
  }

  private Flow choose(Statement.If condition, Scope scope) {
    for (int i = 0; i < condition.tests().size(); i++) {
      if (values.truth(evaluate(condition.tests().get(i), scope))) {
        return run(condition.bodies().get(i), scope);
      }
    }
    return condition.bodies().size() > condition.tests().size()
        ? run(condition.bodies().get(condition.tests().size()), scope)
        : Flow.NEXT;
  }

  private void loop(Statement.For statement, Object over, Scope scope, int depth) {
    List<Object> items = values.items(over);
    if (statement.condition() != null) {
      List<Object> wanted = new ArrayList<>();
      for (Object item : items) {
        Scope inner = scope.inner();
        assign(statement.target(), item, inner);
        if (values.truth(evaluate(statement.condition(), inner))) {
          wanted.add(item);
        }
      }
      items = wanted;
    }
    Callable again =
        statement.recursive()
            ? given -> {
              StringBuilder around = output;
              output = new StringBuilder();
              loop(statement, given.need(0, "iterable"), scope, depth + 1);
              String text = output.toString();
              output = around;
              return text;
            }
            : null;
    Loop loop = new Loop(values, items, depth, again);
    boolean finished = false;
    for (int i = 0; i < items.size(); i++) {
      budget.step();
      Scope inner = scope.inner();
      loop.index = i;
      inner.names().put("loop", loop);
      assign(statement.target(), items.get(i), inner);
      Flow flow = run(statement.body(), inner);
      finished |= flow == Flow.NEXT;
      if (flow == Flow.BREAK) {
        break;
      }
    }
    // Jinja's own idea of an empty loop: none of its rounds came to its end.
    if (!finished) {
      run(statement.otherwise(), scope.inner());
    }
  }

  private void assign(Target target, Object value, Scope scope) {
    if (target instanceof Target.Variable variable) {
      scope.names().put(variable.name(), value);
    } else if (target instanceof Target.NamespaceAttribute attribute) {
      if (!(scope.find(attribute.namespace()) instanceof Namespace namespace)) {
        throw new JinjaException(attribute.namespace() + " is no namespace");
      }
      namespace.attributes.put(attribute.name(), value);
    } else if (target instanceof Target.Several several) {
      List<Object> items = values.items(value);
      if (items.size() != several.targets().size()) {
        throw new JinjaException(
            items.size() + " values cannot go to " + several.targets().size() + " names");
      }
      for (int i = 0; i < items.size(); i++) {
        assign(several.targets().get(i), items.get(i), scope);
      }
    }
  }

  private Callable macro(
      String name, Statement.Signature signature, List<Statement> body, Scope around) {
    // It keeps the names around it in memory.
    budget.chargeItems(CONTAINER);
    return given -> {
      List<String> names = signature.names();
      if (given.positional().size() > names.size()) {
        throw new JinjaException(name + " takes at most " + names.size() + " arguments");
      }
      for (String key : given.named().keySet()) {
        if (!names.contains(key) && !key.equals("caller")) {
          throw new JinjaException(name + " takes no argument '" + key + "'");
        }
      }
      budget.enter();
      Scope scope = around.inner();
      if (given.named().containsKey("caller")) {
        scope.names().put("caller", given.named().get("caller"));
      }
      int firstDefault = names.size() - signature.defaults().size();
      for (int i = 0; i < names.size(); i++) {
        Object value = given.get(i, names.get(i), Callable.Missing.MISSING);
        if (value == Callable.Missing.MISSING) {
          value =
              i >= firstDefault
                  ? evaluate(signature.defaults().get(i - firstDefault), scope)
                  : Undefined.named(names.get(i), "");
        }
        scope.names().put(names.get(i), value);
      }
      int calledFrom = line;
      String text = capture(body, scope);
      line = calledFrom;
      budget.leave();
      return text;
    };
  }

  // Expressions.

  private Object evaluate(Expression expression, Scope scope) {
    budget.step();
    budget.enter();
    Object value = value(expression, scope);
    budget.leave();
    return value;
  }

  private Object value(Expression expression, Scope scope) {
    if (expression instanceof Expression.Literal literal) {
      return literal.value();
    } else if (expression instanceof Expression.Name name) {
      Object found = scope.find(name.name());
      return found == null ? Undefined.named(name.name(), "") : found;
    } else if (expression instanceof Expression.Attribute attribute) {
      return values.attribute(evaluate(attribute.base(), scope), attribute.name());
    } else if (expression instanceof Expression.Item item) {
      return values.item(evaluate(item.base(), scope), evaluate(item.index(), scope));
    } else if (expression instanceof Expression.Slice slice) {
      return values.slice(
          evaluate(slice.base(), scope),
          optional(slice.from(), scope),
          optional(slice.to(), scope),
          optional(slice.step(), scope));
    } else if (expression instanceof Expression.Call call) {
      Object function = evaluate(call.function(), scope);
      return values.call(function, given(call.arguments(), scope));
    } else if (expression instanceof Expression.Filter filter) {
      Object input = optional(filter.input(), scope);
      return filters.apply(filter.name(), input, given(filter.arguments(), scope));
    } else if (expression instanceof Expression.Test test) {
      Object input = evaluate(test.input(), scope);
      return tests.test(test.name(), input, given(test.arguments(), scope));
    } else if (expression instanceof Expression.Unary unary) {
      Object operand = evaluate(unary.operand(), scope);
      return switch (unary.operator()) {
        case "not" -> !values.truth(operand);
        case "-" -> values.negative(operand);
        default -> values.arithmetic("+", 0L, operand);
      };
    } else if (expression instanceof Expression.Binary binary) {
      Object left = evaluate(binary.left(), scope);
      return values.arithmetic(binary.operator(), left, evaluate(binary.right(), scope));
    } else if (expression instanceof Expression.Either either) {
      Object left = evaluate(either.left(), scope);
      return values.truth(left) == either.and() ? evaluate(either.right(), scope) : left;
    } else if (expression instanceof Expression.Concatenation concatenation) {
      return concatenated(concatenation.parts(), scope);
    } else if (expression instanceof Expression.Comparison comparison) {
      return compared(comparison, scope);
    } else if (expression instanceof Expression.Conditional conditional) {
      if (values.truth(evaluate(conditional.test(), scope))) {
        return evaluate(conditional.then(), scope);
      }
      return conditional.otherwise() == null
          ? new Undefined("the other case of an inline if")
          : evaluate(conditional.otherwise(), scope);
    } else if (expression instanceof Expression.ListOf list) {
      budget.chargeItems(CONTAINER);
      return all(list.items(), scope);
    } else if (expression instanceof Expression.TupleOf tuple) {
      budget.chargeItems(CONTAINER);
      return new Tuple(all(tuple.items(), scope));
    }
    Expression.DictOf dict = (Expression.DictOf) expression;
    budget.chargeItems(CONTAINER);
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < dict.keys().size(); i++) {
      Object key = Values.key(evaluate(dict.keys().get(i), scope));
      map.put(key, evaluate(dict.values().get(i), scope));
    }
    return map;
  }

  private Object optional(@Nullable Expression expression, Scope scope) {
    return expression == null ? None.NONE : evaluate(expression, scope);
  }

  private List<Object> all(List<Expression> expressions, Scope scope) {
    List<Object> items = new ArrayList<>(expressions.size());
    for (Expression each : expressions) {
      items.add(evaluate(each, scope));
    }
    return items;
  }

  private String concatenated(List<Expression> parts, Scope scope) {
    StringBuilder text = new StringBuilder();
    for (Expression part : parts) {
      String piece = values.text(evaluate(part, scope));
      budget.charge(piece.length());
      budget.fits((long) text.length() + piece.length());
      text.append(piece);
    }
    return text.toString();
  }

  private boolean compared(Expression.Comparison comparison, Scope scope) {
    Object left = evaluate(comparison.first(), scope);
    for (int i = 0; i < comparison.operators().size(); i++) {
      Object right = evaluate(comparison.others().get(i), scope);
      boolean holds =
          switch (comparison.operators().get(i)) {
            case "==" -> values.equal(left, right);
            case "!=" -> !values.equal(left, right);
            case "<" -> values.compare(left, right) < 0;
            case "<=" -> values.compare(left, right) <= 0;
            case ">" -> values.compare(left, right) > 0;
            case ">=" -> values.compare(left, right) >= 0;
            case "in" -> values.contains(right, left);
            default -> !values.contains(right, left);
          };
      if (!holds) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Given given(Expression.Arguments arguments, Scope scope) {
    if (arguments == Expression.Arguments.NONE) {
      return new Given(List.of(), Map.of());
    }
    int unnamed = arguments.values().size() - arguments.names().size();
    List<Object> positional = all(arguments.values().subList(0, unnamed), scope);
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < arguments.names().size(); i++) {
      named.put(arguments.names().get(i), evaluate(arguments.values().get(unnamed + i), scope));
    }
    if (arguments.list() != null) {
      List<Object> more = values.items(evaluate(arguments.list(), scope));
      budget.chargeItems(more.size());
      positional.addAll(more);
    }
    if (arguments.dict() != null && evaluate(arguments.dict(), scope) instanceof Map<?, ?> map) {
      budget.chargeItems(map.size());
      map.forEach((key, value) -> named.put(values.text(key), value));
    }
    return new Given(positional, named);
  }
}

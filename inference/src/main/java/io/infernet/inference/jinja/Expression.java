package io.infernet.inference.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What stands for a value in a template. */
sealed interface Expression {

  record Literal(Object value) implements Expression {}

  record Name(String name) implements Expression {}

  record ListOf(List<Expression> items) implements Expression {}

  record TupleOf(List<Expression> items) implements Expression {}

  record DictOf(List<Expression> keys, List<Expression> values) implements Expression {}

  /** {@code base.name}. */
  record Attribute(Expression base, String name) implements Expression {}

  /** {@code base[index]}. */
  record Item(Expression base, Expression index) implements Expression {}

  /** {@code base[from:to:step]}. */
  record Slice(
      Expression base,
      @Nullable Expression from,
      @Nullable Expression to,
      @Nullable Expression step)
      implements Expression {}

  record Call(Expression function, Arguments arguments) implements Expression {}

  /**
   * {@code input | name(arguments)}.
   *
   * @param input null where a block's text goes
   */
  record Filter(@Nullable Expression input, String name, Arguments arguments)
      implements Expression {}

  /** {@code input is name(arguments)}. */
  record Test(Expression input, String name, Arguments arguments) implements Expression {}

  /** A sign or {@code not}. */
  record Unary(String operator, Expression operand) implements Expression {}

  /** Arithmetic. */
  record Binary(String operator, Expression left, Expression right) implements Expression {}

  /** {@code and}, {@code or}. */
  record Either(boolean and, Expression left, Expression right) implements Expression {}

  /** {@code a ~ b ~ c}. */
  record Concatenation(List<Expression> parts) implements Expression {}

  /** {@code a < b <= c}. */
  record Comparison(Expression first, List<String> operators, List<Expression> others)
      implements Expression {}

  /** {@code then if test else otherwise}. */
  record Conditional(Expression test, Expression then, @Nullable Expression otherwise)
      implements Expression {}

  /**
   * What a function, filter or test is given.
   *
   * @param names of the last expressions of {@code values}
   * @param list {@code *list}
   * @param dict {@code **dict}
   */
  record Arguments(
      List<Expression> values,
      List<String> names,
      @Nullable Expression list,
      @Nullable Expression dict) {

    static final Arguments NONE = new Arguments(List.of(), List.of(), null, null);
  }
}

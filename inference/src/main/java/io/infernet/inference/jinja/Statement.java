package io.infernet.inference.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A piece of a template that does something, in the order of the template. */
sealed interface Statement {

  /** Where it is, from 1. */
  int line();

  record Text(int line, String text) implements Statement {}

  record Print(int line, Expression value) implements Statement {}

  record Assign(int line, Target target, Expression value) implements Statement {}

  /** {@code {% set x | filter %}…{% endset %}}. */
  record AssignBlock(int line, Target target, List<Expression.Filter> filters, List<Statement> body)
      implements Statement {}

  record For(
      int line,
      Target target,
      Expression items,
      @Nullable Expression condition,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  record If(int line, List<Expression> tests, List<List<Statement>> bodies) implements Statement {}

  record Macro(int line, String name, Signature signature, List<Statement> body)
      implements Statement {}

  /** {@code {% call(x) macro() %}…{% endcall %}}. */
  record CallBlock(int line, Signature signature, Expression.Call call, List<Statement> body)
      implements Statement {}

  record FilterBlock(int line, List<Expression.Filter> filters, List<Statement> body)
      implements Statement {}

  record With(int line, List<Target> targets, List<Expression> values, List<Statement> body)
      implements Statement {}

  record Break(int line) implements Statement {}

  record Continue(int line) implements Statement {}

  /**
   * What a macro takes.
   *
   * @param defaults of the last parameters
   */
  record Signature(List<String> names, List<Expression> defaults) {}

  /** What is assigned to. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    record NamespaceAttribute(String namespace, String name) implements Target {}

    record Several(List<Target> targets) implements Target {}
  }
}

package io.infernet.inference.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A template. Rendered as by Python's Jinja 3.1 with {@code trim_blocks}, {@code lstrip_blocks},
 * loop controls and the {@code generation} block, which is how Hugging Face renders chat templates;
 * {@code tojson} writes as Python's {@code json.dumps} with {@code ensure_ascii=False}, and {@code
 * raise_exception(text)} ends the rendering. Inheritance and imports are refused. An immutable
 * value; safe from any thread.
 */
public final class JinjaTemplate {

  private final List<Statement> statements;
  private final JinjaLimits limits;

  private JinjaTemplate(List<Statement> statements, JinjaLimits limits) {
    this.statements = statements;
    this.limits = limits;
  }

  /**
   * Reads a template.
   *
   * @throws JinjaException when it is malformed
   */
  public static JinjaTemplate parse(String source, JinjaLimits limits) {
    try {
      return new JinjaTemplate(Parser.parse(source, limits.maxDepth()), limits);
    } catch (StackOverflowError e) {
      throw new JinjaException("it is nested too deep");
    }
  }

  /**
   * Renders it.
   *
   * @param variables texts, numbers, booleans, nulls, and lists and maps of these
   * @param functions functions of one text
   * @throws JinjaException when the template fails or refuses the variables
   */
  public String render(
      Map<String, ? extends @Nullable Object> variables,
      Map<String, UnaryOperator<String>> functions) {
    Map<String, Object> all = new HashMap<>();
    variables.forEach((name, value) -> all.put(name, Values.of(value)));
    return new Rendering(limits).render(statements, all, functions);
  }
}

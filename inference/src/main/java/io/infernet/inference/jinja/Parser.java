package io.infernet.inference.jinja;

import io.infernet.inference.jinja.Expression.Arguments;
import io.infernet.inference.jinja.Statement.Target;
import io.infernet.inference.jinja.Token.Type;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes statements of tokens, by recursive descent with the precedence of Jinja's own parser. Used
 * once, by one thread.
 */
final class Parser {

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  /** More than a whole number can have, in base 2 with its prefix. */
  private static final int MAX_DIGITS = 80;

  private static final int MAX_PARAMETERS = 256;

  private final List<Token> tokens;
  private final int maxDepth;
  private int at;
  private int depth;

  private Parser(List<Token> tokens, int maxDepth) {
    this.tokens = tokens;
    this.maxDepth = maxDepth;
  }

  /**
   * Parses a whole template.
   *
   * @throws JinjaException when it is malformed
   */
  static List<Statement> parse(String template, int maxDepth) {
    Parser parser = new Parser(Lexer.read(template), maxDepth);
    return parser.statements(Set.of());
  }

  // Statements.

  /** Statements up to a block that begins with one of {@code ends}, whose name is current then. */
  private List<Statement> statements(Set<String> ends) {
    enter();
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = next();
      switch (token.type()) {
        case TEXT -> body.add(new Statement.Text(token.line(), token.text()));
        case PRINT_BEGIN -> {
          body.add(new Statement.Print(token.line(), tuple(true)));
          expect(Type.PRINT_END);
        }
        case BLOCK_BEGIN -> {
          if (current().type() == Type.NAME && ends.contains(current().text())) {
            depth--;
            return body;
          }
          statement(body);
          expect(Type.BLOCK_END);
        }
        default -> {
          if (token.type() == Type.END && ends.isEmpty()) {
            depth--;
            return body;
          }
          throw error(token, "expected " + String.join(" or ", ends.stream().sorted().toList()));
        }
      }
    }
  }

  /** The body of a block whose first tag ends here, and the name that ends it. */
  private List<Statement> body(String... ends) {
    skip(Type.OPERATOR, ":");
    expect(Type.BLOCK_END);
    return statements(Set.of(ends));
  }

  private void statement(List<Statement> to) {
    Token tag = expect(Type.NAME);
    int line = tag.line();
    switch (tag.text()) {
      case "set" -> to.add(assignment(line));
      case "for" -> to.add(loop(line));
      case "if" -> to.add(condition(line));
      case "macro" -> {
        String name = expect(Type.NAME).text();
        to.add(new Statement.Macro(line, name, signature(), body("endmacro")));
        next();
      }
      case "call" -> {
        Statement.Signature signature =
            current().is(Type.OPERATOR, "(")
                ? signature()
                : new Statement.Signature(List.of(), List.of());
        if (!(expression() instanceof Expression.Call call)) {
          throw error(tag, "expected a call");
        }
        to.add(new Statement.CallBlock(line, signature, call, body("endcall")));
        next();
      }
      case "filter" -> {
        List<Expression.Filter> filters = new ArrayList<>();
        do {
          filters.add(filter(null));
        } while (skip(Type.OPERATOR, "|"));
        to.add(new Statement.FilterBlock(line, filters, body("endfilter")));
        next();
      }
      case "with" -> to.add(with(line));
      case "generation" -> {
        // Marks what a model wrote, for training; it renders as its body in a scope of its own.
        to.add(new Statement.With(line, List.of(), List.of(), body("endgeneration")));
        next();
      }
      case "break" -> to.add(new Statement.Break(line));
      case "continue" -> to.add(new Statement.Continue(line));
      case "print" -> to.add(new Statement.Print(line, expression()));
      default -> throw error(tag, "unknown tag '" + tag.text() + "'");
    }
  }

  private Statement assignment(int line) {
    Target target = targets(true);
    if (skip(Type.OPERATOR, "=")) {
      return new Statement.Assign(line, target, tuple(true));
    }
    List<Expression.Filter> filters = new ArrayList<>();
    while (skip(Type.OPERATOR, "|")) {
      filters.add(filter(null));
    }
    Statement block = new Statement.AssignBlock(line, target, filters, body("endset"));
    next();
    return block;
  }

  private Statement loop(int line) {
    Target target = targets(false);
    expectName("in");
    Expression items = tuple(false);
    Expression condition = skip(Type.NAME, "if") ? expression() : null;
    boolean recursive = skip(Type.NAME, "recursive");
    List<Statement> body = body("endfor", "else");
    List<Statement> otherwise = List.of();
    if (next().text().equals("else")) {
      otherwise = body("endfor");
      next();
    }
    return new Statement.For(line, target, items, condition, recursive, body, otherwise);
  }

  private Statement condition(int line) {
    List<Expression> tests = new ArrayList<>();
    List<List<Statement>> bodies = new ArrayList<>();
    while (true) {
      tests.add(tuple(false));
      bodies.add(body("elif", "else", "endif"));
      String end = next().text();
      if (end.equals("else")) {
        bodies.add(body("endif"));
        next();
      }
      if (!end.equals("elif")) {
        return new Statement.If(line, tests, bodies);
      }
    }
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (current().type() != Type.BLOCK_END) {
      if (!targets.isEmpty()) {
        expect(",");
      }
      targets.add(target(false));
      expect("=");
      values.add(expression());
    }
    Statement block = new Statement.With(line, targets, values, body("endwith"));
    next();
    return block;
  }

  private Statement.Signature signature() {
    List<String> names = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    expect("(");
    while (!current().is(Type.OPERATOR, ")")) {
      if (!names.isEmpty()) {
        expect(",");
      }
      Token name = expect(Type.NAME);
      if (names.size() == MAX_PARAMETERS) {
        throw error(name, "more than " + MAX_PARAMETERS + " parameters");
      }
      names.add(name.text());
      if (skip(Type.OPERATOR, "=")) {
        defaults.add(expression());
      } else if (!defaults.isEmpty()) {
        throw error(name, "a parameter without default follows one with");
      }
    }
    expect(")");
    return new Statement.Signature(names, defaults);
  }

  private Target targets(boolean namespaces) {
    List<Target> all = new ArrayList<>();
    boolean several = false;
    do {
      if (!several
          || current().type() == Type.NAME && !current().text().equals("in")
          || current().is(Type.OPERATOR, "(")) {
        all.add(target(namespaces));
      }
    } while (skip(Type.OPERATOR, ",") && (several = true));
    return several ? new Target.Several(all) : all.get(0);
  }

  private Target target(boolean namespaces) {
    if (skip(Type.OPERATOR, "(")) {
      enter();
      Target inner = targets(namespaces);
      depth--;
      expect(")");
      return inner;
    }
    Token name = expect(Type.NAME);
    if (namespaces && skip(Type.OPERATOR, ".")) {
      return new Target.NamespaceAttribute(name.text(), expect(Type.NAME).text());
    }
    if (Set.of("true", "false", "none", "True", "False", "None").contains(name.text())) {
      throw error(name, "cannot assign to " + name.text());
    }
    return new Target.Variable(name.text());
  }

  // Expressions, loosest first.

  /** An expression, or several with commas between: a tuple. */
  private Expression tuple(boolean conditional) {
    List<Expression> items = new ArrayList<>();
    boolean several = false;
    do {
      if (several && endsTuple()) {
        break;
      }
      items.add(conditional ? expression() : either(false));
    } while (skip(Type.OPERATOR, ",") && (several = true));
    return several ? new Expression.TupleOf(items) : items.get(0);
  }

  private boolean endsTuple() {
    return current().type() == Type.PRINT_END
        || current().type() == Type.BLOCK_END
        || current().is(Type.OPERATOR, ")");
  }

  private Expression expression() {
    enter();
    Expression value = either(false);
    while (skip(Type.NAME, "if")) {
      Expression test = either(false);
      Expression otherwise = skip(Type.NAME, "else") ? expression() : null;
      value = new Expression.Conditional(test, value, otherwise);
    }
    depth--;
    return value;
  }

  private Expression either(boolean and) {
    Expression left = and ? negation() : either(true);
    while (skip(Type.NAME, and ? "and" : "or")) {
      left = new Expression.Either(and, left, and ? negation() : either(true));
    }
    return left;
  }

  private Expression negation() {
    if (skip(Type.NAME, "not")) {
      enter();
      Expression operand = negation();
      depth--;
      return new Expression.Unary("not", operand);
    }
    return comparison();
  }

  private Expression comparison() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    while (true) {
      Token token = current();
      if (token.type() == Type.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(next().text());
      } else if (skip(Type.NAME, "in")) {
        operators.add("in");
      } else if (token.is(Type.NAME, "not") && tokens.get(at + 1).is(Type.NAME, "in")) {
        at += 2;
        operators.add("not in");
      } else {
        break;
      }
      others.add(sum());
    }
    return others.isEmpty() ? first : new Expression.Comparison(first, operators, others);
  }

  private Expression sum() {
    Expression left = concatenation();
    while (isOperator("+", "-")) {
      left = new Expression.Binary(next().text(), left, concatenation());
    }
    return left;
  }

  private Expression concatenation() {
    List<Expression> parts = new ArrayList<>(List.of(product()));
    while (skip(Type.OPERATOR, "~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.get(0) : new Expression.Concatenation(parts);
  }

  private Expression product() {
    Expression left = power();
    while (isOperator("*", "/", "//", "%")) {
      left = new Expression.Binary(next().text(), left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = unary(true);
    while (isOperator("**")) {
      left = new Expression.Binary(next().text(), left, unary(true));
    }
    return left;
  }

  private Expression unary(boolean withFilters) {
    Expression value;
    if (isOperator("-", "+")) {
      enter();
      String sign = next().text();
      value = new Expression.Unary(sign, unary(false));
      depth--;
    } else {
      value = primary();
    }
    value = postfix(value);
    return withFilters ? filters(value) : value;
  }

  private Expression primary() {
    Token token = next();
    switch (token.type()) {
      case NAME:
        return switch (token.text()) {
          case "true", "True" -> new Expression.Literal(true);
          case "false", "False" -> new Expression.Literal(false);
          case "none", "None" -> new Expression.Literal(None.NONE);
          default -> new Expression.Name(token.text());
        };
      case STRING:
        StringBuilder text = new StringBuilder(token.text());
        while (current().type() == Type.STRING) {
          text.append(next().text());
        }
        return new Expression.Literal(text.toString());
      case INTEGER:
        return new Expression.Literal(integer(token));
      case FLOAT:
        return new Expression.Literal(Double.parseDouble(token.text().replace("_", "")));
      default:
        if (token.is(Type.OPERATOR, "(")) {
          Expression inner =
              current().is(Type.OPERATOR, ")") ? new Expression.TupleOf(List.of()) : tuple(true);
          expect(")");
          return inner;
        }
        if (token.is(Type.OPERATOR, "[")) {
          return new Expression.ListOf(list("]"));
        }
        if (token.is(Type.OPERATOR, "{")) {
          return dict();
        }
        throw error(token, "unexpected " + shown(token));
    }
  }

  private static Long integer(Token token) {
    String digits = token.text().replace("_", "").toLowerCase(java.util.Locale.ROOT);
    if (digits.length() > MAX_DIGITS) {
      throw error(token, "the number is too large");
    }
    int radix =
        digits.startsWith("0x")
            ? 16
            : digits.startsWith("0o") ? 8 : digits.startsWith("0b") ? 2 : 10;
    try {
      return new BigInteger(radix == 10 ? digits : digits.substring(2), radix).longValueExact();
    } catch (ArithmeticException e) {
      throw error(token, "the number is too large");
    }
  }

  private List<Expression> list(String end) {
    List<Expression> items = new ArrayList<>();
    while (!skip(Type.OPERATOR, end)) {
      if (!items.isEmpty()) {
        expect(",");
        if (skip(Type.OPERATOR, end)) {
          break;
        }
      }
      items.add(expression());
    }
    return items;
  }

  private Expression dict() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!skip(Type.OPERATOR, "}")) {
      if (!keys.isEmpty()) {
        expect(",");
        if (skip(Type.OPERATOR, "}")) {
          break;
        }
      }
      keys.add(expression());
      expect(":");
      values.add(expression());
    }
    return new Expression.DictOf(keys, values);
  }

  private Expression postfix(Expression base) {
    Expression value = base;
    while (true) {
      if (skip(Type.OPERATOR, ".")) {
        Token name = next();
        if (name.type() == Type.INTEGER) {
          value = new Expression.Item(value, new Expression.Literal(integer(name)));
        } else if (name.type() == Type.NAME) {
          value = new Expression.Attribute(value, name.text());
        } else {
          throw error(name, "expected a name after '.'");
        }
      } else if (skip(Type.OPERATOR, "[")) {
        value = subscript(value);
        expect("]");
      } else if (isOperator("(")) {
        value = new Expression.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expression subscript(Expression base) {
    Expression from = isOperator(":") ? null : tupleOfIndex();
    if (!skip(Type.OPERATOR, ":")) {
      if (from == null) {
        throw error(current(), "expected an index");
      }
      return new Expression.Item(base, from);
    }
    Expression to = isOperator(":", "]") ? null : expression();
    Expression step = null;
    if (skip(Type.OPERATOR, ":") && !isOperator("]")) {
      step = expression();
    }
    return new Expression.Slice(base, from, to, step);
  }

  private Expression tupleOfIndex() {
    Expression first = expression();
    if (!isOperator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (skip(Type.OPERATOR, ",")) {
      items.add(expression());
    }
    return new Expression.TupleOf(items);
  }

  private Expression filters(Expression input) {
    Expression value = input;
    while (true) {
      if (skip(Type.OPERATOR, "|")) {
        value = filter(value);
      } else if (skip(Type.NAME, "is")) {
        value = test(value);
      } else if (isOperator("(")) {
        value = new Expression.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expression.Filter filter(@Nullable Expression input) {
    String name = expect(Type.NAME).text();
    return new Expression.Filter(input, name, isOperator("(") ? arguments() : Arguments.NONE);
  }

  private Expression test(Expression input) {
    boolean negated = skip(Type.NAME, "not");
    String name = expect(Type.NAME).text();
    Arguments arguments = Arguments.NONE;
    Token token = current();
    if (isOperator("(")) {
      arguments = arguments();
    } else if (token.type() == Type.STRING
        || token.type() == Type.INTEGER
        || token.type() == Type.FLOAT
        || isOperator("[", "{")
        || (token.type() == Type.NAME
            && !Set.of("else", "or", "and", "if", "not", "in").contains(token.text()))) {
      if (token.is(Type.NAME, "is")) {
        throw error(token, "tests cannot be chained");
      }
      arguments = new Arguments(List.of(postfix(primary())), List.of(), null, null);
    }
    Expression result = new Expression.Test(input, name, arguments);
    return negated ? new Expression.Unary("not", result) : result;
  }

  private Arguments arguments() {
    Token open = expect("(");
    List<Expression> values = new ArrayList<>();
    List<String> names = new ArrayList<>();
    Expression list = null;
    Expression dict = null;
    boolean first = true;
    while (!skip(Type.OPERATOR, ")")) {
      if (!first) {
        expect(",");
        if (skip(Type.OPERATOR, ")")) {
          break;
        }
      }
      first = false;
      if (skip(Type.OPERATOR, "*")) {
        list = expression();
      } else if (skip(Type.OPERATOR, "**")) {
        dict = expression();
      } else if (current().type() == Type.NAME && tokens.get(at + 1).is(Type.OPERATOR, "=")) {
        names.add(next().text());
        next();
        values.add(expression());
      } else if (names.isEmpty() && list == null && dict == null) {
        values.add(expression());
      } else {
        throw error(open, "a positional argument follows a named one");
      }
    }
    return new Arguments(values, names, list, dict);
  }

  // Tokens.

  private Token current() {
    return tokens.get(at);
  }

  private Token next() {
    Token token = tokens.get(at);
    if (token.type() != Type.END) {
      at++;
    }
    return token;
  }

  private boolean isOperator(String... operators) {
    return current().type() == Type.OPERATOR && List.of(operators).contains(current().text());
  }

  private boolean skip(Type type, String text) {
    if (current().is(type, text)) {
      at++;
      return true;
    }
    return false;
  }

  private Token expect(Type type) {
    Token token = next();
    if (token.type() != type) {
      throw error(token, "unexpected " + shown(token));
    }
    return token;
  }

  private Token expect(String operator) {
    Token token = next();
    if (!token.is(Type.OPERATOR, operator)) {
      throw error(token, "expected '" + operator + "', not " + shown(token));
    }
    return token;
  }

  private void expectName(String name) {
    Token token = next();
    if (!token.is(Type.NAME, name)) {
      throw error(token, "expected '" + name + "', not " + shown(token));
    }
  }

  private void enter() {
    if (++depth > maxDepth) {
      throw error(current(), "it is nested deeper than " + maxDepth + " levels");
    }
  }

  private static String shown(Token token) {
    String text = token.text().length() > 40 ? token.text().substring(0, 40) + "…" : token.text();
    return token.type() == Type.END ? text : "'" + text + "'";
  }

  private static JinjaException error(Token token, String what) {
    return new JinjaException("line " + token.line() + ": " + what);
  }
}

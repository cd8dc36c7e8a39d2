package io.infernet.inference.torchscript;

import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Measures how deep the expressions and blocks of TorchScript's source text are nested. libtorch's
 * parser and compiler call themselves for every level: a thousand of them overflow the stack of a
 * thread, which ends the process. Used once, by one thread.
 *
 * <p>Implementation notes. Brackets nest, and so do operators, points and calls that follow each
 * other between two commas; the measure is their sum over all brackets that are open. What the
 * serializer never writes, comments and strings in three quotes, is refused, so that this reader
 * and libtorch's agree about where strings end.
 */
final class SourceDepth {

  /** libtorch takes 400 of anything on a stack of 1 MB. */
  private static final int MAX_DEPTH = 200;

  /** Blocks are indented by two spaces each. */
  private static final int MAX_INDENT = 200;

  private static final String OPERATORS = "+-*/%~^|&<>=!@.";

  private static final Set<String> WORDS = Set.of("not", "and", "or", "if", "else", "is", "in");

  private static final Pattern TOKEN =
      Pattern.compile(
          "[A-Za-z_0-9]+|\\n[ \\t\\r]*|\"\"\"|'''|[\"']|#|[(\\[{]|[)\\]}]|[,;:]|[-+*/%~^|&<>=!@.]");

  private final String source;
  private final String name;

  /** For every open bracket, what precedes it in its element, itself included. */
  private final int[] chains = new int[MAX_DEPTH + 2];

  private int brackets;
  private int depth;

  private SourceDepth(String source, String name) {
    this.source = source;
    this.name = name;
  }

  /**
   * Checks one file.
   *
   * @param name of the file, for errors
   * @throws UnsupportedModelException when it is nested too deep, or written in another form than
   *     the serializer's
   */
  static void check(String source, String name) {
    new SourceDepth(source, name).run();
  }

  private void run() {
    Matcher tokens = TOKEN.matcher(source);
    int at = 0;
    while (tokens.find(at)) {
      at = tokens.end();
      String token = tokens.group();
      char first = token.charAt(0);
      if (first == '\n') {
        if (token.length() - 1 > MAX_INDENT) {
          throw refused("blocks in more than %d others".formatted(MAX_INDENT / 2));
        }
        if (brackets == 0) {
          reset();
        }
      } else if (first == '#' || token.length() == 3 && (first == '"' || first == '\'')) {
        throw refused("comments or strings in three quotes");
      } else if (first == '"' || first == '\'') {
        at = endOfString(at, first);
      } else if ("([{".indexOf(first) >= 0) {
        add();
        brackets++;
        chains[brackets] = 0;
      } else if (")]}".indexOf(first) >= 0) {
        // What has been bracketed stays a part of the expression that may go on behind.
        depth -= chains[brackets];
        chains[brackets] = 0;
        brackets = Math.max(0, brackets - 1);
      } else if (",;:".indexOf(first) >= 0) {
        reset();
      } else if (OPERATORS.indexOf(first) >= 0 || WORDS.contains(token)) {
        add();
      }
    }
  }

  private void reset() {
    depth -= chains[brackets];
    chains[brackets] = 0;
  }

  private void add() {
    chains[brackets]++;
    depth++;
    if (depth > MAX_DEPTH) {
      throw refused("expressions nested more than %d deep".formatted(MAX_DEPTH));
    }
  }

  private int endOfString(int from, char quote) {
    for (int i = from; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == quote) {
        return i + 1;
      }
      if (c == '\\') {
        i++;
      } else if (c == '\n') {
        break;
      }
    }
    throw refused("a string that does not end in its line");
  }

  private UnsupportedModelException refused(String thing) {
    return new UnsupportedModelException(
        "%s has %s, which models here may not".formatted(name, thing));
  }
}

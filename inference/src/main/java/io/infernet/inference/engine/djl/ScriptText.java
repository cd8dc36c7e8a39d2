package io.infernet.inference.engine.djl;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fills in the blanks of generated source text. */
final class ScriptText {

  private static final Pattern BLANK = Pattern.compile("\\$([A-Z0-9_]+)");

  private ScriptText() {}

  /**
   * Replaces every {@code $NAME} that {@code values} has; others stay for whoever fills in next.
   */
  static String fill(String template, Map<String, ?> values) {
    return BLANK
        .matcher(template)
        .replaceAll(
            blank -> {
              Object value = values.get(blank.group(1));
              return Matcher.quoteReplacement(value == null ? blank.group() : value.toString());
            });
  }

  /** A text as methods of a class are written. */
  static String method(String text) {
    return text.indent(2);
  }
}

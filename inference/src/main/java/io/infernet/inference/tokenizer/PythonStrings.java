package io.infernet.inference.tokenizer;

import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import jinjava.javax.el.ArrayELResolver;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ELContext;
import org.jspecify.annotations.Nullable;

/** Python's methods of strings and maps, which chat templates call. Stateless. */
final class PythonStrings extends CompositeELResolver {

  PythonStrings() {
    add(new ArrayELResolver(true));
    add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
  }

  @Override
  public @Nullable Object invoke(
      ELContext context,
      Object base,
      Object method,
      Class<?>[] types,
      Object @Nullable [] arguments) {
    Object[] given = arguments == null ? new Object[0] : arguments;
    Object result = null;
    if (base instanceof CharSequence text) {
      result = ofString(text.toString(), method.toString(), given);
    } else if (base instanceof Map<?, ?> map && method.toString().equals("get")) {
      Object value = map.get(given[0]);
      context.setPropertyResolved(true);
      return value == null && given.length > 1 ? given[1] : value;
    }
    if (result != null) {
      context.setPropertyResolved(true);
      return result;
    }
    return super.invoke(context, base, method, types, arguments);
  }

  private static @Nullable Object ofString(String text, String method, Object[] given) {
    String first = given.length > 0 && given[0] != null ? given[0].toString() : null;
    return switch (method) {
      case "strip" -> stripRight(stripLeft(text, first), first);
      case "lstrip" -> stripLeft(text, first);
      case "rstrip" -> stripRight(text, first);
      case "startswith" -> first != null && text.startsWith(first);
      case "endswith" -> first != null && text.endsWith(first);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "capitalize" ->
          text.isEmpty()
              ? text
              : text.substring(0, 1).toUpperCase(Locale.ROOT)
                  + text.substring(1).toLowerCase(Locale.ROOT);
      case "split" -> split(text, first);
      case "replace" ->
          first != null && given.length > 1 ? text.replace(first, given[1].toString()) : null;
      case "find" -> first == null ? null : (long) text.indexOf(first);
      default -> null;
    };
  }

  private static List<String> split(String text, @Nullable String separator) {
    if (separator != null) {
      return Arrays.asList(text.split(Pattern.quote(separator), -1));
    }
    String stripped = text.strip();
    return stripped.isEmpty() ? List.of() : Arrays.asList(stripped.split("\\s+", -1));
  }

  private static String stripLeft(String text, @Nullable String characters) {
    int from = 0;
    while (from < text.length() && isStripped(text.charAt(from), characters)) {
      from++;
    }
    return text.substring(from);
  }

  private static String stripRight(String text, @Nullable String characters) {
    int to = text.length();
    while (to > 0 && isStripped(text.charAt(to - 1), characters)) {
      to--;
    }
    return text.substring(0, to);
  }

  private static boolean isStripped(char c, @Nullable String characters) {
    return characters == null ? Character.isWhitespace(c) : characters.indexOf(c) >= 0;
  }
}

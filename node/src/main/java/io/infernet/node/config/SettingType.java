package io.infernet.node.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.inference.pool.Sizes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How one kind of value is read from text and TOML and written back. Readers throw {@link
 * IllegalArgumentException} on anything that is not allowed.
 *
 * @param <T> the value
 */
public abstract sealed class SettingType<T> {

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

  private final String allowed;

  private SettingType(String allowed) {
    this.allowed = allowed;
  }

  /** What a value must look like, as the end of "expected …". */
  public final String allowed() {
    return allowed;
  }

  /** Reads the value of a flag or an environment variable; lists are separated by commas. */
  public abstract T fromText(String text);

  /** Reads a value of {@code config.toml}. */
  public abstract T fromToml(JsonNode node);

  /** Writes the value as it would stand in {@code config.toml}. */
  public abstract String toToml(T value);

  /** A string that {@code parse} accepts. */
  static <T> SettingType<T> text(String allowed, Function<String, T> parse) {
    return new Scalar<>(allowed, JsonNode::isTextual, parse, value -> quote(value.toString()));
  }

  /** Yes or no. */
  static SettingType<Boolean> bool() {
    return new Scalar<>(
        "true or false",
        JsonNode::isBoolean,
        text -> {
          require(text.equals("true") || text.equals("false"));
          return Boolean.valueOf(text);
        },
        Object::toString);
  }

  /** A whole number from {@code min} to {@code max}. */
  static SettingType<Integer> integer(int min, int max) {
    return new Scalar<>(
        "a whole number from " + min + " to " + max,
        JsonNode::isIntegralNumber,
        text -> {
          int value = Integer.parseInt(text);
          require(value >= min && value <= max);
          return value;
        },
        Object::toString);
  }

  /** A whole number of 64 bits from {@code min} to {@code max}. */
  static SettingType<Long> longInteger(long min, long max) {
    return new Scalar<>(
        max == Long.MAX_VALUE
            ? "a whole number of " + min + " or more"
            : "a whole number from " + min + " to " + max,
        JsonNode::isIntegralNumber,
        text -> {
          long value = Long.parseLong(text);
          require(value >= min && value <= max);
          return value;
        },
        Object::toString);
  }

  /** A number from {@code min} to {@code max}. */
  static SettingType<Double> number(double min, double max) {
    return new Scalar<>(
        "a number from " + plain(min) + " to " + plain(max),
        JsonNode::isNumber,
        text -> {
          double value = Double.parseDouble(text);
          require(value >= min && value <= max);
          return value;
        },
        SettingType::plain);
  }

  /** A duration such as {@code 500ms} or {@code 30s}. */
  static SettingType<Duration> duration(Duration min, Duration max) {
    return new Scalar<>(
        "a duration from "
            + formatDuration(min)
            + " to "
            + formatDuration(max)
            + ", such as 500ms, 30s or 2m",
        JsonNode::isTextual,
        text -> {
          Duration value = parseDuration(text);
          require(value.compareTo(min) >= 0 && value.compareTo(max) <= 0);
          return value;
        },
        value -> quote(formatDuration(value)));
  }

  /** A size of memory such as {@code 2GiB}; {@code auto} is 0. */
  static SettingType<Long> size() {
    return new Scalar<>(
        "auto, or a size such as 512MiB or 2GiB",
        JsonNode::isTextual,
        text -> {
          long value = text.equals("auto") ? 0 : Sizes.parse(text);
          require(value > 0 || text.equals("auto"));
          return value;
        },
        value -> quote(value == 0 ? "auto" : Sizes.exact(value)));
  }

  /** A list of {@code element}s. */
  static <T> SettingType<List<T>> listOf(SettingType<T> element) {
    return new ListType<>(element);
  }

  /**
   * Reads {@code 500ms}, {@code 30s}, {@code 2m} or {@code 1h}.
   *
   * @throws IllegalArgumentException on anything else
   */
  public static Duration parseDuration(String text) {
    Matcher matcher = DURATION.matcher(text);
    require(matcher.matches());
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  /** The shortest form that {@link #parseDuration} reads back. */
  static String formatDuration(Duration value) {
    long millis = value.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds == 0 || seconds % 60 != 0) {
      return seconds + "s";
    }
    long minutes = seconds / 60;
    return minutes % 60 != 0 ? minutes + "m" : minutes / 60 + "h";
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  private static String quote(String value) {
    return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static void require(boolean condition) {
    if (!condition) {
      throw new IllegalArgumentException("not allowed");
    }
  }

  private static final class Scalar<T> extends SettingType<T> {
    private final Predicate<JsonNode> accepts;
    private final Function<String, T> parse;
    private final Function<T, String> format;

    private Scalar(
        String allowed,
        Predicate<JsonNode> accepts,
        Function<String, T> parse,
        Function<T, String> format) {
      super(allowed);
      this.accepts = accepts;
      this.parse = parse;
      this.format = format;
    }

    @Override
    public T fromText(String text) {
      return parse.apply(text.strip());
    }

    @Override
    public T fromToml(JsonNode node) {
      require(accepts.test(node));
      return fromText(node.asText());
    }

    @Override
    public String toToml(T value) {
      return format.apply(value);
    }
  }

  private static final class ListType<T> extends SettingType<List<T>> {
    private final SettingType<T> element;

    private ListType(SettingType<T> element) {
      super("a list of values, each " + element.allowed());
      this.element = element;
    }

    @Override
    public List<T> fromText(String text) {
      List<T> values = new ArrayList<>();
      for (String part : text.split(",", -1)) {
        if (!part.isBlank()) {
          values.add(element.fromText(part));
        }
      }
      return List.copyOf(values);
    }

    @Override
    public List<T> fromToml(JsonNode node) {
      require(node.isArray());
      List<T> values = new ArrayList<>();
      node.forEach(part -> values.add(element.fromToml(part)));
      return List.copyOf(values);
    }

    @Override
    public String toToml(List<T> value) {
      return value.stream().map(element::toToml).collect(Collectors.joining(", ", "[", "]"));
    }
  }
}

package io.infernet.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Reads the fields of one JSON object and remembers which: {@link #finish} refuses the rest by
 * name, so that no parameter is ever ignored. A {@code null} counts as left out. Used by one
 * thread.
 */
final class RequestFields {

  private final JsonNode object;
  private final String path;
  private final Set<String> seen = new HashSet<>();

  /**
   * @param path the object's own name with a dot at its end, empty for the body
   * @throws ApiException when {@code object} is not a JSON object
   */
  RequestFields(JsonNode object, String path) {
    if (!object.isObject()) {
      throw path.isEmpty()
          ? ApiException.badRequest("The body must be a JSON object.")
          : ApiException.badValue(path.substring(0, path.length() - 1), "an object");
    }
    this.object = object;
    this.path = path;
  }

  /** The raw value, if there is one. */
  Optional<JsonNode> node(String name) {
    seen.add(name);
    return Optional.ofNullable(object.get(name)).filter(node -> !node.isNull());
  }

  /** The nested object's fields, if there is one. */
  Optional<RequestFields> object(String name) {
    return node(name).map(node -> new RequestFields(node, path + name + "."));
  }

  Optional<String> text(String name) {
    return node(name)
        .map(node -> check(node, name, JsonNode::isTextual, "a string"))
        .map(JsonNode::asText);
  }

  boolean flag(String name) {
    return node(name)
        .map(node -> check(node, name, JsonNode::isBoolean, "true or false"))
        .map(JsonNode::asBoolean)
        .orElse(false);
  }

  OptionalInt integer(String name, int min, int max) {
    return node(name)
        .map(
            node ->
                check(
                    node,
                    name,
                    n -> n.isIntegralNumber() && n.canConvertToInt() && between(n, min, max),
                    "a whole number from " + min + " to " + max))
        .map(node -> OptionalInt.of(node.asInt()))
        .orElseGet(OptionalInt::empty);
  }

  /** Any 64-bit integer. */
  OptionalLong longInteger(String name) {
    return node(name)
        .map(
            node ->
                check(
                    node,
                    name,
                    n -> n.isIntegralNumber() && n.canConvertToLong(),
                    "a 64-bit whole number"))
        .map(node -> OptionalLong.of(node.asLong()))
        .orElseGet(OptionalLong::empty);
  }

  OptionalDouble number(String name, double min, double max) {
    return node(name)
        .map(
            node ->
                check(
                    node,
                    name,
                    n -> n.isNumber() && between(n, min, max),
                    "a number from " + min + " to " + max))
        .map(node -> OptionalDouble.of(node.asDouble()))
        .orElseGet(OptionalDouble::empty);
  }

  /** One string or an array of up to {@code max} strings; empty when left out. */
  List<String> texts(String name, int max) {
    Optional<JsonNode> node = node(name);
    if (node.isEmpty()) {
      return List.of();
    }
    String expected = "a string or up to " + max + " of them";
    if (node.get().isTextual()) {
      return List.of(node.get().asText());
    }
    check(node.get(), name, n -> n.isArray() && n.size() <= max, expected);
    List<String> values = new ArrayList<>();
    node.get().forEach(n -> values.add(check(n, name, JsonNode::isTextual, expected).asText()));
    return values;
  }

  /**
   * A parameter that this node knows and does not do: passes only with a value that means "off".
   *
   * @throws ApiException naming it otherwise
   */
  void onlyOff(String name, Predicate<JsonNode> isOff) {
    if (node(name).filter(isOff.negate()).isPresent()) {
      throw ApiException.unsupported(path + name);
    }
  }

  /**
   * Refuses what nobody asked for.
   *
   * @throws ApiException naming the first such field
   */
  void finish() {
    object
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!seen.contains(name)) {
                throw ApiException.unsupported(path + name);
              }
            });
  }

  /** The full name of a field, for messages. */
  String nameOf(String name) {
    return path + name;
  }

  private JsonNode check(JsonNode node, String name, Predicate<JsonNode> valid, String expected) {
    if (!valid.test(node)) {
      throw ApiException.badValue(path + name, expected);
    }
    return node;
  }

  private static boolean between(JsonNode node, double min, double max) {
    double value = node.asDouble();
    return value >= min && value <= max;
  }
}

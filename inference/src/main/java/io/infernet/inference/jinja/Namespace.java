package io.infernet.inference.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code namespace()} makes: variables that inner blocks can set. */
final class Namespace {
  final Map<String, Object> attributes = new LinkedHashMap<>();
}

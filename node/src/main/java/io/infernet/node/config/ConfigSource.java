package io.infernet.node.config;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * Where a setting's value came from.
 *
 * @param kind which layer
 * @param detail the flag, variable or file by name; for a default the word itself
 */
public record ConfigSource(Kind kind, String detail) {

  /** The layers, strongest last. */
  public enum Kind {
    DEFAULT,
    FILE,
    ENVIRONMENT,
    COMMAND_LINE
  }

  public ConfigSource {
    requireNonNull(kind, "kind is null");
    requireNonNull(detail, "detail is null");
  }

  static ConfigSource builtIn() {
    return new ConfigSource(Kind.DEFAULT, "default");
  }

  static ConfigSource file(Path file) {
    return new ConfigSource(Kind.FILE, file.toString());
  }

  static ConfigSource environment(String variable) {
    return new ConfigSource(Kind.ENVIRONMENT, variable);
  }

  static ConfigSource commandLine(String option) {
    return new ConfigSource(Kind.COMMAND_LINE, option);
  }

  /** The flag, variable or file, as a person would look for it. */
  @Override
  public String toString() {
    return detail;
  }
}

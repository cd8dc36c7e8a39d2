package io.infernet.node.config;

import static java.util.Objects.requireNonNull;

import java.util.Locale;

/**
 * One thing that can be set: its name everywhere, its default and what it is for.
 *
 * @param key the dotted name in {@code config.toml}: table, then key
 * @param type how it is read and written
 * @param defaultValue the value when nobody says otherwise
 * @param secret whether the value must not be shown
 * @param description one or two sentences for {@code config.toml}
 * @param <T> the value
 */
public record Setting<T>(
    String key, SettingType<T> type, T defaultValue, boolean secret, String description) {

  public Setting {
    requireNonNull(key, "key is null");
    requireNonNull(type, "type is null");
    requireNonNull(defaultValue, "defaultValue is null");
    requireNonNull(description, "description is null");
  }

  static <T> Setting<T> of(String key, SettingType<T> type, T defaultValue, String description) {
    return new Setting<>(key, type, defaultValue, false, description);
  }

  /** The environment variable of the same meaning, such as {@code INFERNET_API_ADDRESS}. */
  public String environmentVariable() {
    return "INFERNET_" + key.toUpperCase(Locale.ROOT).replace('.', '_');
  }

  /** The TOML table that the key stands in. */
  String table() {
    return key.substring(0, key.indexOf('.'));
  }

  /** The key within its table. */
  String name() {
    return key.substring(key.indexOf('.') + 1);
  }
}

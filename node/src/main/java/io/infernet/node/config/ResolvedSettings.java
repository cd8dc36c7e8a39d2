package io.infernet.node.config;

import static java.util.Objects.requireNonNull;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value and its source for every {@link Setting}. Immutable. */
public final class ResolvedSettings {

  /**
   * One setting's value.
   *
   * @param <T> the value
   */
  public record Entry<T>(Setting<T> setting, T value, ConfigSource source) {
    public Entry {
      requireNonNull(setting, "setting is null");
      requireNonNull(value, "value is null");
      requireNonNull(source, "source is null");
    }

    /** The value as {@code config.toml} would have it; a secret only says whether it is set. */
    public String display() {
      if (setting.secret()) {
        return source.kind() == ConfigSource.Kind.DEFAULT ? "(not set)" : "(set)";
      }
      return setting.type().toToml(value);
    }
  }

  private final Map<Setting<?>, Entry<?>> entries;

  ResolvedSettings(List<Entry<?>> entries) {
    this.entries = new LinkedHashMap<>();
    entries.forEach(entry -> this.entries.put(entry.setting(), entry));
  }

  /** Every setting at its default. */
  public static ResolvedSettings defaults() {
    return new ResolvedSettings(
        Settings.all().stream().<Entry<?>>map(ResolvedSettings::defaultEntry).toList());
  }

  static <T> Entry<T> defaultEntry(Setting<T> setting) {
    return new Entry<>(setting, setting.defaultValue(), ConfigSource.builtIn());
  }

  /** The value of {@code setting}. */
  public <T> T get(Setting<T> setting) {
    return entry(setting).value();
  }

  /** The value of {@code setting} and where it came from. */
  @SuppressWarnings("unchecked") // an entry is stored under its own setting
  public <T> Entry<T> entry(Setting<T> setting) {
    return (Entry<T>) requireNonNull(entries.get(setting), "not in the catalogue");
  }

  /** All entries in the catalogue's order. */
  public List<Entry<?>> entries() {
    return List.copyOf(entries.values());
  }
}

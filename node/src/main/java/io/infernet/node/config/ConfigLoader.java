package io.infernet.node.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import io.infernet.node.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Resolves every setting: command line over {@code INFERNET_*} environment over {@code config.toml}
 * over default. Whatever is unknown or not allowed ends in a {@link ConfigException}, never in
 * silence.
 */
public final class ConfigLoader {

  /** Largest {@code config.toml} that is read. */
  static final int MAX_FILE_BYTES = 1 << 20;

  /** Variables of this prefix are the launcher's own. */
  private static final String LAUNCHER_PREFIX = "INFERNET_JAVA_";

  private static final String PREFIX = "INFERNET_";

  /**
   * What a flag says of a setting.
   *
   * @param option the flag by name, for messages
   * @param text its value; several are joined by commas
   */
  public record Flag(String option, String text) {}

  private final Map<String, String> environment;

  /** A loader that sees these environment variables. */
  public ConfigLoader(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /**
   * Resolves all settings.
   *
   * @param flags what the command line says
   * @throws ConfigException naming the place, the key and what is allowed
   * @throws UsageException likewise for a flag
   */
  public ResolvedSettings load(NodeHome home, Map<Setting<?>, Flag> flags) {
    Map<String, JsonNode> fromFile = readFile(home.configFile());
    List<ResolvedSettings.Entry<?>> entries = new ArrayList<>();
    for (Setting<?> setting : Settings.all()) {
      entries.add(
          resolve(setting, home.configFile(), fromFile.get(setting.key()), flags.get(setting)));
    }
    return new ResolvedSettings(entries);
  }

  /** Variables that look like settings and are none, most likely misspelt. */
  public List<String> unknownVariables() {
    var known =
        Settings.all().stream().map(Setting::environmentVariable).collect(Collectors.toSet());
    return environment.keySet().stream()
        .filter(name -> name.startsWith(PREFIX) && !name.startsWith(LAUNCHER_PREFIX))
        .filter(name -> !name.equals(NodeHome.VARIABLE) && !known.contains(name))
        .sorted()
        .toList();
  }

  private <T> ResolvedSettings.Entry<T> resolve(
      Setting<T> setting, Path file, @Nullable JsonNode inFile, @Nullable Flag flag) {
    if (flag != null) {
      try {
        return new ResolvedSettings.Entry<>(
            setting, setting.type().fromText(flag.text()), ConfigSource.commandLine(flag.option()));
      } catch (IllegalArgumentException e) {
        throw new UsageException(
            flag.option() + " " + flag.text() + ": expected " + setting.type().allowed());
      }
    }
    String variable = setting.environmentVariable();
    String inEnvironment = environment.get(variable);
    if (inEnvironment != null) {
      try {
        return new ResolvedSettings.Entry<>(
            setting, setting.type().fromText(inEnvironment), ConfigSource.environment(variable));
      } catch (IllegalArgumentException e) {
        String shown = setting.secret() ? "(hidden)" : inEnvironment;
        throw new ConfigException(
            "the environment variable "
                + variable
                + "="
                + shown
                + ": expected "
                + setting.type().allowed());
      }
    }
    if (inFile != null) {
      try {
        return new ResolvedSettings.Entry<>(
            setting, setting.type().fromToml(inFile), ConfigSource.file(file));
      } catch (IllegalArgumentException e) {
        String shown = setting.secret() ? "(hidden)" : inFile.toString();
        throw new ConfigException(
            file + ": " + setting.key() + " = " + shown + ": expected " + setting.type().allowed());
      }
    }
    return ResolvedSettings.defaultEntry(setting);
  }

  /** The values of the file by dotted key; empty when there is no file. */
  private static Map<String, JsonNode> readFile(Path file) {
    if (!Files.exists(file)) {
      return Map.of();
    }
    JsonNode root;
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new ConfigException(file + ": larger than " + MAX_FILE_BYTES + " bytes; shorten it");
      }
      root = new TomlMapper().readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new ConfigException(
          file + at(e.getLocation()) + ": not valid TOML: " + firstLine(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read as text: " + e.getMessage());
    }
    Map<String, JsonNode> values = new LinkedHashMap<>();
    root.properties()
        .forEach(
            table -> {
              if (table.getValue().isObject()) {
                table
                    .getValue()
                    .properties()
                    .forEach(
                        entry ->
                            values.put(table.getKey() + "." + entry.getKey(), entry.getValue()));
              } else {
                values.put(table.getKey(), table.getValue());
              }
            });
    for (String key : values.keySet()) {
      if (Settings.find(key).isEmpty()) {
        throw new ConfigException(file + ": unknown key " + key + ": " + advice(key));
      }
    }
    return values;
  }

  /** What could have been meant: a similar key, the keys of the table, or the tables. */
  private static String advice(String key) {
    Optional<String> similar =
        Settings.all().stream()
            .map(Setting::key)
            .filter(known -> distance(known, key) <= 2)
            .findFirst();
    if (similar.isPresent()) {
      return "did you mean " + similar.get() + "?";
    }
    int dot = key.indexOf('.');
    String table = dot < 0 ? key : key.substring(0, dot);
    String keys =
        Settings.all().stream()
            .filter(setting -> setting.table().equals(table))
            .map(Setting::name)
            .collect(Collectors.joining(", "));
    return keys.isEmpty()
        ? "the tables are "
            + String.join(", ", new TreeSet<>(Settings.all().stream().map(Setting::table).toList()))
        : "[" + table + "] has " + keys;
  }

  private static String at(@Nullable JsonLocation location) {
    return location == null ? "" : ":" + location.getLineNr();
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse(message);
  }

  /** Levenshtein distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitution, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}

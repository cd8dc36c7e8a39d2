package io.infernet.node.config;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Map;

/**
 * The folder that holds all of a node's state. An immutable value; nothing is read or made here.
 *
 * @param path absolute
 */
public record NodeHome(Path path) {

  /** The variable that names the folder. */
  public static final String VARIABLE = "INFERNET_HOME";

  public NodeHome {
    requireNonNull(path, "path is null");
    path = path.toAbsolutePath().normalize();
  }

  /** {@code $INFERNET_HOME}, or {@code ~/.infernet}. */
  public static NodeHome fromEnvironment(Map<String, String> environment) {
    String named = environment.getOrDefault(VARIABLE, "");
    return new NodeHome(
        named.isBlank() ? Path.of(System.getProperty("user.home"), ".infernet") : Path.of(named));
  }

  /** The node's private key, mode 0600. */
  public Path identityFile() {
    return path.resolve("identity.key");
  }

  public Path configFile() {
    return path.resolve("config.toml");
  }

  /** Model blobs and manifests. */
  public Path modelsFolder() {
    return path.resolve("models");
  }

  /** The RocksDB folder. */
  public Path storeFolder() {
    return path.resolve("store");
  }

  /** The RocksDB folder of the DHT, apart from what must not be lost. */
  public Path discoveryFolder() {
    return storeFolder().resolve("discovery");
  }

  /** Held while a node runs here. */
  Path lockFile() {
    return path.resolve("node.lock");
  }

  /** Where the running node's API is. */
  Path runtimeFile() {
    return path.resolve("node.json");
  }

  @Override
  public String toString() {
    return path.toString();
  }
}

package io.infernet.node.hardware;

import static java.util.Objects.requireNonNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the process runs in, as far as it decides which GPUs there are to be seen.
 *
 * @param system as in the system property {@code os.name}
 * @param container whether it is in a container
 * @param environment its variables
 */
public record Surroundings(String system, boolean container, Map<String, String> environment) {

  public Surroundings {
    requireNonNull(system, "system is null");
    environment = Map.copyOf(environment);
  }

  /** This process's. */
  public static Surroundings ofProcess() {
    return new Surroundings(
        System.getProperty("os.name", ""),
        Files.exists(Path.of("/.dockerenv"))
            || Files.exists(Path.of("/run/.containerenv"))
            || System.getenv("KUBERNETES_SERVICE_HOST") != null,
        System.getenv());
  }

  boolean isMac() {
    return system.toLowerCase(Locale.ROOT).startsWith("mac");
  }

  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name));
  }
}

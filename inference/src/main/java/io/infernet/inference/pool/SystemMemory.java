package io.infernet.inference.pool;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The machine's memory as far as this process may have it: by {@code /proc/meminfo} and the limits
 * of its control groups on Linux, by the JVM elsewhere. Safe from any thread.
 */
public final class SystemMemory {

  private static final int MAX_FILE = 64 << 10;

  /** More levels than any container runtime nests. */
  private static final int MAX_GROUPS = 32;

  private final Path root;

  /**
   * What there is, in bytes.
   *
   * @param total the machine's, or the limit of the container
   * @param available without pushing others out; caches of files count as available
   */
  public record Reading(long total, long available) {}

  /**
   * @param root {@code /}, or a copy of its {@code /proc} and {@code /sys}
   */
  public SystemMemory(Path root) {
    this.root = requireNonNull(root, "root is null");
  }

  /** This machine's. */
  public static SystemMemory ofMachine() {
    return new SystemMemory(Path.of("/"));
  }

  /** Looks now. */
  public Reading read() {
    Optional<String> meminfo = text(root.resolve("proc/meminfo"));
    if (meminfo.isEmpty()) {
      return ofJvm();
    }
    long total = field(meminfo.get(), "MemTotal").orElse(0) << 10;
    long available =
        field(meminfo.get(), "MemAvailable").orElse(field(meminfo.get(), "MemFree").orElse(0))
            << 10;
    for (Path group : groups()) {
      OptionalLong limit = number(group.resolve("memory.max"));
      OptionalLong used = number(group.resolve("memory.current"));
      String cache = "inactive_file";
      if (limit.isEmpty()) {
        limit = number(group.resolve("memory.limit_in_bytes"));
        used = number(group.resolve("memory.usage_in_bytes"));
        cache = "total_inactive_file";
      }
      if (limit.isPresent() && limit.getAsLong() < total) {
        total = limit.getAsLong();
        long reclaimable = stat(text(group.resolve("memory.stat")).orElse(""), cache).orElse(0);
        available = Math.min(available, total - used.orElse(0) + reclaimable);
      }
    }
    return new Reading(total, Math.max(0, Math.min(available, total)));
  }

  /** The control groups that this process is in, each after those around it. */
  private List<Path> groups() {
    List<Path> groups = new ArrayList<>();
    for (String line : text(root.resolve("proc/self/cgroup")).orElse("").lines().toList()) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3
          && (parts[1].isEmpty() || List.of(parts[1].split(",")).contains("memory"))) {
        Path top = root.resolve(parts[1].isEmpty() ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
        Path group = top;
        groups.add(group);
        for (String name : parts[2].split("/")) {
          if (!name.isEmpty() && !name.equals("..") && groups.size() < MAX_GROUPS) {
            group = group.resolve(name);
            groups.add(group);
          }
        }
      }
    }
    return groups;
  }

  private static Reading ofJvm() {
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      long total = system.getTotalMemorySize();
      // Other systems call memory used that they would give back, such as caches of files.
      return new Reading(total, Math.max(system.getFreeMemorySize(), total / 2));
    }
    return new Reading(Runtime.getRuntime().maxMemory(), Runtime.getRuntime().maxMemory());
  }

  private static OptionalLong field(String meminfo, String name) {
    return number(Pattern.compile("^" + name + ":\\s+(\\d{1,15}) kB", Pattern.MULTILINE), meminfo);
  }

  private static OptionalLong stat(String stat, String name) {
    return number(Pattern.compile("^" + name + " (\\d{1,18})$", Pattern.MULTILINE), stat);
  }

  private static OptionalLong number(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  /** Empty for {@code max} too. */
  private static OptionalLong number(Path file) {
    return number(Pattern.compile("^(\\d{1,18})$"), text(file).orElse("").strip());
  }

  private static Optional<String> text(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return Optional.of(new String(in.readNBytes(MAX_FILE), StandardCharsets.UTF_8));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}

package io.infernet.inference.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process takes of the machine's memory, native libraries and all. Stateless. */
public final class ResidentMemory {

  private static final Path STATUS = Path.of("/proc/self/status");

  private ResidentMemory() {}

  /** The resident set in bytes; 0 where the system does not say. */
  public static long bytes() {
    try {
      if (Files.exists(STATUS)) {
        for (String line : Files.readAllLines(STATUS)) {
          if (line.startsWith("VmRSS:")) {
            return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
          }
        }
      }
    } catch (IOException | NumberFormatException e) {
      // A figure that cannot be had is not shown.
    }
    return 0;
  }
}

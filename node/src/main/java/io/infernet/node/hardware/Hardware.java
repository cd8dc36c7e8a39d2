package io.infernet.node.hardware;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.HardwareFingerprint;
import java.util.List;

/**
 * What a probe found.
 *
 * @param fingerprint what the machine consists of
 * @param problems what keeps GPUs from being found or used, and what to do; one sentence each
 */
public record Hardware(HardwareFingerprint fingerprint, List<String> problems) {

  /** Before anything was found. */
  public static Hardware unknown() {
    return new Hardware(HardwareFingerprint.unknown(), List.of());
  }

  public Hardware {
    requireNonNull(fingerprint, "fingerprint is null");
    problems = List.copyOf(problems);
  }
}

package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.ModelManifest;
import java.time.Instant;
import java.util.Optional;

/**
 * A warm model.
 *
 * @param manifest what it is
 * @param device where it computes
 * @param memoryBytes what its weights and key/value cache take
 * @param cacheBytes the part of it that is the key/value cache
 * @param cacheUsed bytes of the cache that answers under way hold
 * @param slots how many answers it makes at once
 * @param running answers being made
 * @param waiting answers in the queue
 * @param pinned whether it stays, whoever wants its room
 * @param idleSince when its last answer ended or it was loaded; empty while it is in use
 * @param idleUntil when it will be unloaded if nobody uses it; empty for not by time alone
 */
public record LoadedModel(
    ModelManifest manifest,
    Device device,
    long memoryBytes,
    long cacheBytes,
    long cacheUsed,
    int slots,
    int running,
    int waiting,
    boolean pinned,
    Optional<Instant> idleSince,
    Optional<Instant> idleUntil) {

  public LoadedModel {
    requireNonNull(manifest, "manifest is null");
    requireNonNull(device, "device is null");
    requireNonNull(idleSince, "idleSince is null");
    requireNonNull(idleUntil, "idleUntil is null");
  }

  /** A model of which no more is known, such as one on another server. */
  public LoadedModel(
      ModelManifest manifest, long memoryBytes, int slots, int running, int waiting) {
    this(
        manifest,
        Device.CPU,
        memoryBytes,
        0,
        0,
        slots,
        running,
        waiting,
        false,
        Optional.empty(),
        Optional.empty());
  }
}

package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import java.time.Instant;
import java.util.Optional;

/**
 * Says that a model was looked for and nobody was found who serves it.
 *
 * @param manifest the CID of its manifest, if that is known
 * @param name what it is called; empty when only the CID is known
 * @param timestamp when, in whole milliseconds
 */
public record DemandSignal(Optional<Cid> manifest, String name, Instant timestamp) {

  public DemandSignal {
    requireNonNull(manifest, "manifest is null");
    timestamp = Instant.ofEpochMilli(timestamp.toEpochMilli());
    if (manifest.isEmpty() && name.isEmpty()) {
      throw new IllegalArgumentException("a demand without a manifest or a name");
    }
  }
}

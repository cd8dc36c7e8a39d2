package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import java.time.Instant;
import java.util.Optional;

/**
 * A model that is wanted and that nobody was found to serve.
 *
 * @param manifest the CID of its manifest, if that is known
 * @param name what those who asked call it; may be empty
 * @param count how many asked, each counting less the longer ago it was
 * @param last when it was asked for last
 */
public record Demand(Optional<Cid> manifest, String name, double count, Instant last) {

  public Demand {
    requireNonNull(manifest, "manifest is null");
    requireNonNull(name, "name is null");
    requireNonNull(last, "last is null");
  }
}

package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;

/**
 * One model that a peer serves.
 *
 * @param name what the peer calls it
 * @param manifest the CID of its manifest: what it is
 * @param warm whether it is loaded and ready
 * @param contextLength most tokens of prompt and answer that the peer takes
 * @param prices what an answer costs
 */
public record ModelOffer(
    String name, Cid manifest, boolean warm, int contextLength, PriceList prices) {

  public ModelOffer {
    requireNonNull(name, "name is null");
    requireNonNull(manifest, "manifest is null");
    requireNonNull(prices, "prices is null");
    if (contextLength < 1) {
      throw new IllegalArgumentException("contextLength out of range: " + contextLength);
    }
  }
}

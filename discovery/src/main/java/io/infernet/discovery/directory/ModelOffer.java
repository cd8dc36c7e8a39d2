package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import java.util.regex.Pattern;

/**
 * One model that a peer serves.
 *
 * @param name what the peer calls it
 * @param manifest the CID of its manifest: what it is
 * @param quantization the numbers that it is computed with, such as {@code bf16} or {@code int8}
 * @param warm whether it is loaded and ready
 * @param contextLength most tokens of prompt and answer that the peer takes
 * @param prices what an answer costs
 */
public record ModelOffer(
    String name,
    Cid manifest,
    String quantization,
    boolean warm,
    int contextLength,
    PriceList prices) {

  private static final Pattern WORD = Pattern.compile("[a-z0-9_]{1,32}");

  public ModelOffer {
    requireNonNull(name, "name is null");
    requireNonNull(manifest, "manifest is null");
    requireNonNull(prices, "prices is null");
    if (!WORD.matcher(quantization).matches()) {
      throw new IllegalArgumentException("not a quantization: " + quantization);
    }
    if (contextLength < 1) {
      throw new IllegalArgumentException("contextLength out of range: " + contextLength);
    }
  }
}

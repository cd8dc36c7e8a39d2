package io.infernet.verification.commitment;

import static java.util.Objects.requireNonNull;

/**
 * One link of a {@link CommitmentChain} as it is sent.
 *
 * @param index 1 for the chunk of the attempt's first {@link CommitmentChain#CHUNK} tokens, …
 * @param hash over everything up to the end of that chunk
 */
public record Commitment(int index, Hash hash) {

  public Commitment {
    requireNonNull(hash, "hash is null");
    if (index < 1) {
      throw new IllegalArgumentException("index is below 1: " + index);
    }
  }
}

package io.infernet.inference.batching;

import java.util.List;

/**
 * What a {@link Decoder} computes in one call: new tokens of several sequences, pieces of prompts
 * and single tokens mixed.
 *
 * @param chunks at least one, of different sequences, whose places in the cache do not overlap
 * @param hidden whether the hidden states are wanted too
 */
public record Step(List<Chunk> chunks, boolean hidden) {

  public Step {
    chunks = List.copyOf(chunks);
    if (chunks.isEmpty()) {
      throw new IllegalArgumentException("a step without chunks");
    }
  }

  /** New tokens of all chunks together. */
  public int tokens() {
    int tokens = 0;
    for (Chunk chunk : chunks) {
      tokens += chunk.ids().length;
    }
    return tokens;
  }

  /** Rows of logits that are wanted in all. */
  public int rows() {
    int rows = 0;
    for (Chunk chunk : chunks) {
      rows += chunk.logits().rows(chunk.ids().length);
    }
    return rows;
  }
}

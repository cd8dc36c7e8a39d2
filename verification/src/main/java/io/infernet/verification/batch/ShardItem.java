package io.infernet.verification.batch;

import io.infernet.inference.tokenizer.TokenIds;

/**
 * One item as a worker gets it: without a name or a number of its own, so that test items look like
 * all others.
 *
 * @param ids its tokens, at least one
 * @param seed what the draw of its answer's tokens depends on; 0 where nothing is drawn
 */
public record ShardItem(TokenIds ids, long seed) {

  public ShardItem {
    if (ids.isEmpty()) {
      throw new IllegalArgumentException("an item without tokens");
    }
  }
}

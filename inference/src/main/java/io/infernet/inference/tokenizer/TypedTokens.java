package io.infernet.inference.tokenizer;

import static java.util.Objects.requireNonNull;

/**
 * A text, or a pair of texts, as an encoder model reads it.
 *
 * @param ids the token ids, special tokens included
 * @param types for each token which text of a pair it belongs to: 0, or 1 for the second
 */
public record TypedTokens(TokenIds ids, TokenIds types) {

  public TypedTokens {
    requireNonNull(ids, "ids is null");
    if (types.size() != ids.size()) {
      throw new IllegalArgumentException(
          "%d types for %d tokens".formatted(types.size(), ids.size()));
    }
  }

  /** A single text: all tokens are of type 0. */
  public static TypedTokens single(TokenIds ids) {
    return new TypedTokens(ids, TokenIds.of(new int[ids.size()]));
  }

  /** Number of tokens. */
  public int size() {
    return ids.size();
  }
}

package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * One token of an answer.
 *
 * @param index its place in the whole answer, from 0
 * @param id the token
 * @param score how likely it was, when the request asked
 */
public record GeneratedToken(int index, int id, Optional<TokenScore> score) {

  public GeneratedToken {
    requireNonNull(score, "score is null");
  }
}

package io.infernet.inference.engine;

import java.util.List;

/**
 * How likely the model found a token, by its own distribution: before biases, penalties, the form
 * of the answer, temperature and filters.
 *
 * @param logprob natural logarithm of the token's probability
 * @param top the likeliest tokens at this place, likeliest first
 */
public record TokenScore(double logprob, List<Alternative> top) {

  /**
   * One token that could have stood here.
   *
   * @param id the token
   * @param logprob natural logarithm of its probability
   */
  public record Alternative(int id, double logprob) {}

  public TokenScore {
    top = List.copyOf(top);
  }
}

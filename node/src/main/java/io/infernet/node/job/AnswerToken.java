package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/**
 * One token of an answer as users see it.
 *
 * @param id the token
 * @param text what it stands for by itself
 * @param score how likely it was, when the request asked; never for the first token of a prompt
 */
public record AnswerToken(int id, String text, Optional<Score> score) {

  public AnswerToken {
    requireNonNull(text, "text is null");
    requireNonNull(score, "score is null");
  }

  /**
   * How likely the model found a token.
   *
   * @param logprob natural logarithm of its probability
   * @param top the likeliest tokens at this place, likeliest first
   */
  public record Score(double logprob, List<Alternative> top) {
    public Score {
      top = List.copyOf(top);
    }
  }

  /**
   * A token that could have stood there.
   *
   * @param id the token
   * @param text what it stands for by itself
   * @param logprob natural logarithm of its probability
   */
  public record Alternative(int id, String text, double logprob) {
    public Alternative {
      requireNonNull(text, "text is null");
    }
  }
}

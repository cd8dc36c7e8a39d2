package io.infernet.inference.engine;

import java.util.ArrayList;
import java.util.List;

/** Turns logits into log-probabilities. Stateless. */
public final class Scorer {

  private Scorer() {}

  /**
   * Scores one token.
   *
   * @param logits holds the logits of all tokens, by id
   * @param from where they begin
   * @param to where they end
   * @param id the token that was chosen or given
   * @param top how many of the likeliest tokens to report
   */
  public static TokenScore score(float[] logits, int from, int to, int id, int top) {
    float max = logits[from];
    for (int i = from; i < to; i++) {
      max = Math.max(max, logits[i]);
    }
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += Math.exp(logits[i] - max);
    }
    double shift = max + Math.log(sum);
    int count = Math.min(top, to - from);
    int[] best = new int[count];
    int found = 0;
    for (int i = from; count > 0 && i < to; i++) {
      if (found < count || logits[i] > logits[best[found - 1]]) {
        int place = found < count ? found++ : found - 1;
        while (place > 0 && logits[i] > logits[best[place - 1]]) {
          best[place] = best[place - 1];
          place--;
        }
        best[place] = i;
      }
    }
    List<TokenScore.Alternative> alternatives = new ArrayList<>(count);
    for (int index : best) {
      alternatives.add(new TokenScore.Alternative(index - from, logits[index] - shift));
    }
    return new TokenScore(logits[from + id] - shift, alternatives);
  }
}

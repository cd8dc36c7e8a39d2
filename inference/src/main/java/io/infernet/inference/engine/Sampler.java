package io.infernet.inference.engine;

import io.infernet.inference.InfernetException;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Chooses the tokens of one answer from logits by {@link SamplingParams}, in a way that others can
 * re-do: no hidden random numbers, only the seed, the token's place in the answer, its id, and what
 * stands before it. An answer resumed at the same place therefore goes on as it would have.
 * Confined to one thread.
 *
 * <p>Implementation notes, version 2 of the rules (a model's manifest names the version). What
 * happens to the logits, in this order:
 *
 * <ol>
 *   <li>Tokens that the {@link TokenConstraint} does not allow are out.
 *   <li>The bias of a token is added to its logit.
 *   <li>Repetition penalty: the logit of every token of prompt or answer is divided by it when
 *       above 0, else multiplied.
 *   <li>From the logit of every token of the answer are taken off: the frequency penalty times its
 *       count, and the presence penalty.
 *   <li>Temperature T: z = logit / T. T = 0 takes the largest logit, the lowest id among equals,
 *       and ends here.
 *   <li>Min-p: tokens with z − max z &lt; ln minP are out.
 *   <li>Top-k: of the tokens in order of logit, equal ones by id, the first topK stay.
 *   <li>Top-p: with the weight w = ⌊exp(z − max z) · 2⁴⁰⌋ of each token, and W the sum over all
 *       that are left, the shortest beginning of that order stays whose weights are together at
 *       least ⌈topP · W⌉. The weights are whole numbers so that sums do not depend on an order.
 *   <li>The token with the largest z + g is chosen, the lowest id among equals.
 * </ol>
 *
 * Arithmetic is in double precision with {@code StrictMath}; steps 2 to 4 are rounded to float once
 * at their end. The noise g of a token (the Gumbel-max trick: this is a draw from the softmax of
 * z):
 *
 * <pre>
 *   key = the first 16 bytes of HMAC-SHA256(key = seed, place)
 *   s   = the keystream of AES-128 in counter mode under it, from counter 0
 *   u   = (the first 52 bits of s[8·id .. 8·id + 8) + ½) / 2⁵²,   g = −ln(−ln u)
 * </pre>
 *
 * with seed, place and counter as numbers of 8, 8 and 16 bytes, big-endian.
 *
 * <p>Steps 6 to 8 cost time linear in the vocabulary ({@link Survivors}), and logarithms are
 * computed only for tokens whose u could make them win: g &gt; d needs 1 − u &lt; exp(−d).
 */
public final class Sampler {

  /** exp(−d) for whole d, a little larger so that rounding excludes nobody. */
  private static final double[] REACH = new double[(int) GumbelNoise.MAX + 2];

  static {
    for (int d = 0; d < REACH.length; d++) {
      REACH[d] = StrictMath.exp(-d) * (1 + 1e-9);
    }
  }

  /** One token in so many or more must be left for their noise to be made in sequence. */
  private static final int DENSE = 16;

  private final SamplingParams params;
  private final Optional<TokenConstraint> constraint;
  private final TokenIds prompt;
  private final boolean penalized;

  /** How often each token has occurred: in the answer, and with 0 those of the prompt. */
  private final Map<Integer, Integer> counts = new LinkedHashMap<>();

  private final GumbelNoise noise;
  private long place;

  // The best token of the draw under way.
  private double bestValue;
  private int best;

  /**
   * @param params how to choose
   * @param prompt what the answer follows
   * @param constraint which tokens the answer may have; empty for any
   */
  public Sampler(SamplingParams params, TokenIds prompt, Optional<TokenConstraint> constraint) {
    this.params = params;
    this.constraint = constraint;
    this.prompt = prompt;
    this.penalized = !params.penalties().equals(Penalties.NONE);
    this.noise = new GumbelNoise(params.seed());
    if (params.penalties().repetition() != 1) {
      for (int i = 0; i < prompt.size(); i++) {
        counts.putIfAbsent(prompt.get(i), 0);
      }
    }
  }

  /** A sampler for any text. */
  public Sampler(SamplingParams params, TokenIds prompt) {
    this(params, prompt, Optional.empty());
  }

  /**
   * The answer has a further token: one that was chosen here, or elsewhere before it was resumed.
   */
  public void accept(int id) {
    place++;
    if (penalized) {
      counts.merge(id, 1, Integer::sum);
    }
    constraint.ifPresent(c -> c.accept(id));
  }

  /** Whether the answer is complete by its form: nothing may follow what was accepted. */
  public boolean isComplete() {
    return constraint.map(TokenConstraint::isComplete).orElse(false);
  }

  /**
   * Chooses the answer's next token; {@link #accept} makes it part of the answer.
   *
   * @param logits holds the logits of all tokens, by id; left as it is
   * @param from where they begin
   * @param to where they end
   * @return the token's id
   * @throws InfernetException when the logits are not numbers, or no token of the model can follow
   *     in the wanted form
   */
  public int sample(float[] logits, int from, int to) {
    int likeliest = largest(logits, from, to);
    requireFinite(logits[likeliest]);
    if (constraint.isEmpty() && params.logitBias().isEmpty() && counts.isEmpty()) {
      return choose(logits, from, to, likeliest);
    }
    float[] adjusted = Arrays.copyOfRange(logits, from, to);
    params
        .logitBias()
        .forEach(
            (id, bias) -> {
              if (!counts.containsKey(id)) {
                adjust(adjusted, id, bias, 0);
              }
            });
    counts.forEach(
        (id, count) -> adjust(adjusted, id, params.logitBias().getOrDefault(id, 0.0), count));
    constraint.ifPresent(c -> c.mask(adjusted));
    likeliest = largest(adjusted, 0, adjusted.length);
    if (adjusted[likeliest] == Float.NEGATIVE_INFINITY) {
      throw new InfernetException("the model has no token that can follow in the wanted form");
    }
    requireFinite(adjusted[likeliest]);
    return choose(adjusted, 0, adjusted.length, likeliest);
  }

  private static void requireFinite(float logit) {
    if (!Float.isFinite(logit)) {
      throw new InfernetException(
          "the model's output is not a number ("
              + logit
              + "): its weights may be damaged, or too large for its arithmetic; pull it again or"
              + " try another variant");
    }
  }

  private void adjust(float[] logits, int id, double bias, int count) {
    if (id >= logits.length) {
      return;
    }
    Penalties penalties = params.penalties();
    double logit = logits[id] + bias;
    if (counts.containsKey(id)) {
      logit = logit > 0 ? logit / penalties.repetition() : logit * penalties.repetition();
      if (count > 0) {
        logit -= penalties.frequency() * count + penalties.presence();
      }
    }
    logits[id] = (float) logit;
  }

  /** The place of the largest logit, the first among equals, or of one that is no number. */
  private static int largest(float[] logits, int from, int to) {
    int best = from;
    for (int i = from; i < to; i++) {
      if (!(logits[i] <= logits[best])) {
        best = i;
        if (Float.isNaN(logits[i])) {
          break;
        }
      }
    }
    return best;
  }

  private int choose(float[] logits, int from, int to, int likeliest) {
    if (params.temperature() == 0) {
      return likeliest - from;
    }
    int[] survivors = Survivors.find(logits, from, to, logits[likeliest], params);
    bestValue = Double.NEGATIVE_INFINITY;
    best = -1;
    if (survivors == null) {
      drawFromAll(logits, from, to, likeliest);
    } else {
      draw(logits, from, survivors, to - from);
    }
    return best;
  }

  private void drawFromAll(float[] logits, int from, int to, int likeliest) {
    double t = params.temperature();
    // A good token first, so that few others are worth a logarithm.
    noise.singles(place);
    consider(logits[likeliest] / t, likeliest - from, noise.word(likeliest - from));
    noise.sequence(place);
    for (int start = from; start < to; start += GumbelNoise.RUN) {
      noise.nextRun();
      int end = Math.min(to, start + GumbelNoise.RUN);
      for (int i = start; i < end; i++) {
        consider(logits[i] / t, i - from, noise.inRun(i - start));
      }
    }
  }

  private void draw(float[] logits, int from, int[] ids, int vocabulary) {
    double t = params.temperature();
    if (ids.length < vocabulary / DENSE) {
      noise.singles(place);
      for (int id : ids) {
        consider(logits[from + id] / t, id, noise.word(id));
      }
      return;
    }
    noise.sequence(place);
    int end = 0;
    for (int id : ids) {
      for (; end <= id; end += GumbelNoise.RUN) {
        noise.nextRun();
      }
      consider(logits[from + id] / t, id, noise.inRun(id % GumbelNoise.RUN));
    }
  }

  private void consider(double z, int id, long word) {
    double needed = bestValue - z;
    if (needed > 0
        && (needed > GumbelNoise.MAX || 1 - GumbelNoise.uniform(word) > REACH[(int) needed])) {
      return;
    }
    double value = z + GumbelNoise.gumbel(word);
    if (value > bestValue || (value == bestValue && id < best)) {
      bestValue = value;
      best = id;
    }
  }
}

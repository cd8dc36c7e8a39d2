package io.infernet.inference.engine;

/**
 * What makes tokens less likely that have occurred already.
 *
 * @param repetition as Hugging Face defines it: the logit of each token of prompt and answer is
 *     divided by it when positive, else multiplied; {@value #MIN_REPETITION} to {@value
 *     #MAX_REPETITION}, 1 is none
 * @param presence as OpenAI defines it: taken off the logit of each token of the answer; {@value
 *     #MIN} to {@value #MAX}, 0 is none
 * @param frequency as OpenAI defines it: taken off the logit of each token of the answer as often
 *     as it occurs there; {@value #MIN} to {@value #MAX}, 0 is none
 */
public record Penalties(double repetition, double presence, double frequency) {

  /** With less, logits would be infinite. */
  public static final double MIN_REPETITION = 1e-6;

  public static final double MAX_REPETITION = 100;
  public static final double MIN = -2;
  public static final double MAX = 2;

  public static final Penalties NONE = new Penalties(1, 0, 0);

  public Penalties {
    if (!(repetition >= MIN_REPETITION && repetition <= MAX_REPETITION)) {
      throw new IllegalArgumentException("repetition penalty out of range: " + repetition);
    }
    if (!(presence >= MIN && presence <= MAX)) {
      throw new IllegalArgumentException("presence penalty out of range: " + presence);
    }
    if (!(frequency >= MIN && frequency <= MAX)) {
      throw new IllegalArgumentException("frequency penalty out of range: " + frequency);
    }
    // -0 and 0 are the same penalty, and have one encoding.
    presence += 0.0;
    frequency += 0.0;
  }

  /** The same with another repetition penalty. */
  public Penalties withRepetition(double value) {
    return new Penalties(value, presence, frequency);
  }

  /** The same with another presence penalty. */
  public Penalties withPresence(double value) {
    return new Penalties(repetition, value, frequency);
  }

  /** The same with another frequency penalty. */
  public Penalties withFrequency(double value) {
    return new Penalties(repetition, presence, value);
  }
}

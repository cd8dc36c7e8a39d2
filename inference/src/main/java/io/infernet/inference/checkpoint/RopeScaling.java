package io.infernet.inference.checkpoint;

import java.util.List;

/**
 * How the frequencies of a rotary embedding are changed for texts longer than the model was trained
 * with. Definitions as in Hugging Face's configurations.
 */
public sealed interface RopeScaling {

  /**
   * The frequencies of the pairs.
   *
   * @param dims elements of a head that are turned
   * @param theta base of the wavelengths
   * @return dims / 2 values in radians a position
   */
  default double[] frequencies(int dims, double theta) {
    double[] frequencies = new double[dims / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = 1 / StrictMath.pow(theta, 2.0 * i / dims);
    }
    return frequencies;
  }

  /** By what cosine and sine are multiplied. */
  default double magnitude() {
    return 1;
  }

  /** Frequencies stay as they are. */
  record None() implements RopeScaling {}

  /**
   * All frequencies are divided alike ({@code linear}).
   *
   * @param factor by which positions are stretched
   */
  record Linear(double factor) implements RopeScaling {
    @Override
    public double[] frequencies(int dims, double theta) {
      double[] frequencies = RopeScaling.super.frequencies(dims, theta);
      for (int i = 0; i < frequencies.length; i++) {
        frequencies[i] /= factor;
      }
      return frequencies;
    }
  }

  /**
   * Long wavelengths are stretched, short ones stay, those between blend ({@code llama3}).
   *
   * @param factor by which long wavelengths are stretched
   * @param lowFrequencyFactor wavelengths above original / this are long
   * @param highFrequencyFactor wavelengths below original / this are short
   * @param originalContext the context the model was trained with, in tokens
   */
  record Llama3(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext)
      implements RopeScaling {
    @Override
    public double[] frequencies(int dims, double theta) {
      double[] frequencies = RopeScaling.super.frequencies(dims, theta);
      for (int i = 0; i < frequencies.length; i++) {
        frequencies[i] = scale(frequencies[i]);
      }
      return frequencies;
    }

    double scale(double frequency) {
      double turns = originalContext * frequency / (2 * Math.PI);
      if (turns < lowFrequencyFactor) {
        return frequency / factor;
      }
      if (turns > highFrequencyFactor) {
        return frequency;
      }
      double smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
      return (1 - smooth) * frequency / factor + smooth * frequency;
    }
  }

  /**
   * Pairs that turn often within the original context stay, those that turn seldom are stretched,
   * with a ramp over the pairs between ({@code yarn}, arXiv 2309.00071).
   *
   * @param factor by which slow pairs are stretched
   * @param betaFast turns within the original context from which on a pair stays
   * @param betaSlow turns below which it is stretched wholly
   * @param truncate whether the ends of the ramp are rounded to whole pairs, outwards
   * @param originalContext the context the model was trained with, in tokens
   * @param magnitude by what cosine and sine are multiplied
   */
  record Yarn(
      double factor,
      double betaFast,
      double betaSlow,
      boolean truncate,
      int originalContext,
      double magnitude)
      implements RopeScaling {

    /** The paper's magnitude, for scores that are spread over more positions. */
    static double magnitude(double factor, double weight) {
      return factor <= 1 ? 1 : 0.1 * weight * StrictMath.log(factor) + 1;
    }

    @Override
    public double[] frequencies(int dims, double theta) {
      double[] frequencies = RopeScaling.super.frequencies(dims, theta);
      double low = pair(betaFast, dims, theta);
      double high = pair(betaSlow, dims, theta);
      if (truncate) {
        low = Math.floor(low);
        high = Math.ceil(high);
      }
      low = Math.max(low, 0);
      high = Math.min(high, dims - 1);
      if (low == high) {
        high += 0.001; // Hugging Face's way around a ramp of no length.
      }
      for (int i = 0; i < frequencies.length; i++) {
        double stretched = Math.min(1, Math.max(0, (i - low) / (high - low)));
        frequencies[i] = frequencies[i] * (1 - stretched + stretched / factor);
      }
      return frequencies;
    }

    /** The (broken) number of the pair that makes so many turns within the original context. */
    private double pair(double turns, int dims, double theta) {
      return dims
          * StrictMath.log(originalContext / (turns * 2 * Math.PI))
          / (2 * StrictMath.log(theta));
    }
  }

  /**
   * Each pair has a divisor of its own: one list for texts within the original context, one for
   * longer texts ({@code longrope}, arXiv 2402.13753). A text that grows beyond the original
   * context is computed again from its first token, because all its keys change.
   *
   * @param divisors for texts within the original context, one for each pair
   * @param longDivisors for longer texts
   * @param originalContext the context the model was trained with, in tokens
   * @param magnitude by what cosine and sine are multiplied, whichever list is in use
   */
  record LongRope(
      List<Double> divisors, List<Double> longDivisors, int originalContext, double magnitude)
      implements RopeScaling {

    public LongRope {
      divisors = List.copyOf(divisors);
      longDivisors = List.copyOf(longDivisors);
    }

    /** The scaling of texts beyond the original context. */
    RopeScaling stretched() {
      return new LongRope(longDivisors, longDivisors, originalContext, magnitude);
    }

    @Override
    public double[] frequencies(int dims, double theta) {
      double[] frequencies = RopeScaling.super.frequencies(dims, theta);
      for (int i = 0; i < frequencies.length; i++) {
        frequencies[i] /= divisors.get(i);
      }
      return frequencies;
    }
  }
}

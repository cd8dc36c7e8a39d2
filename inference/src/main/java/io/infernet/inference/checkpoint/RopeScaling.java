package io.infernet.inference.checkpoint;

/** How rotary frequencies are stretched for contexts longer than the model was trained with. */
public sealed interface RopeScaling {

  /** Applied to one frequency in radians a position; gives the stretched one. */
  double scale(double frequency);

  /** Frequencies stay as they are. */
  record None() implements RopeScaling {
    @Override
    public double scale(double frequency) {
      return frequency;
    }
  }

  /**
   * All frequencies are divided alike ({@code rope_type} linear).
   *
   * @param factor by which positions are stretched
   */
  record Linear(double factor) implements RopeScaling {
    @Override
    public double scale(double frequency) {
      return frequency / factor;
    }
  }

  /**
   * Long wavelengths are stretched, short ones stay, those between blend ({@code rope_type}
   * llama3).
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
    public double scale(double frequency) {
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
}

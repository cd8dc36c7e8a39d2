package io.infernet.inference.checkpoint;

import static java.util.Objects.requireNonNull;

/**
 * A rotary position embedding: element i of a head is paired with element i + dims / 2, for i below
 * dims / 2, and each pair is turned by position times its frequency; elements from dims on stay.
 *
 * @param dims how many elements of a head are turned
 * @param theta base of the wavelengths
 * @param scaling how they are stretched
 */
public record RopeConfig(int dims, double theta, RopeScaling scaling) {

  public RopeConfig {
    requireNonNull(scaling, "scaling is null");
    if (dims < 2 || dims % 2 != 0) {
      throw new DamagedModelException(
          "config.json: a rotary embedding cannot turn %d elements".formatted(dims));
    }
    if (!(theta > 1)) {
      throw new DamagedModelException("config.json: rope_theta cannot be " + theta);
    }
    for (double frequency : scaling.frequencies(dims, theta)) {
      if (!Float.isFinite((float) frequency) || frequency < 0 || !(scaling.magnitude() < 1e6)) {
        throw new DamagedModelException(
            "config.json: such a rotary embedding cannot be: " + scaling);
      }
    }
  }

  /**
   * The frequency of each pair.
   *
   * @return dims / 2 values in radians a position
   */
  public float[] frequencies() {
    double[] exact = scaling.frequencies(dims, theta);
    float[] frequencies = new float[exact.length];
    for (int i = 0; i < exact.length; i++) {
      frequencies[i] = (float) exact[i];
    }
    return frequencies;
  }

  /**
   * The frequency of each pair in texts of more tokens than {@link ModelConfig#stretchAfter()}.
   *
   * @return dims / 2 values in radians a position
   */
  public float[] stretchedFrequencies() {
    return scaling instanceof RopeScaling.LongRope longRope
        ? new RopeConfig(dims, theta, longRope.stretched()).frequencies()
        : frequencies();
  }

  /** By what cosine and sine are multiplied: 1 but for yarn and longrope. */
  public double magnitude() {
    return scaling.magnitude();
  }
}

package io.infernet.inference.checkpoint;

import java.util.List;

/**
 * Reads rotary embeddings from a {@code config.json}. Old files have {@code rope_scaling} and
 * beside it {@code rope_theta}; new ones keep all of it in {@code rope_parameters}, by kind of
 * layer where layers differ. Stateless.
 */
final class RopeReader {

  /** Hugging Face's default for most families. */
  static final double DEFAULT_THETA = 10_000;

  private RopeReader() {}

  /**
   * The rotary embedding of layers of one kind.
   *
   * @param kind such as {@code full_attention}; only files that tell kinds apart have it
   * @param headDim width of a head
   * @param otherwise base of the wavelengths when the file has none
   */
  static RopeConfig read(ConfigReader config, String kind, int headDim, double otherwise) {
    ConfigReader rope = parameters(config);
    if (rope.has(kind)) {
      rope = rope.section(kind);
    }
    double part = rope.number("partial_rotary_factor", config.number("partial_rotary_factor", 1));
    if (!(part > 0 && part <= 1)) {
      throw config.bad("partial_rotary_factor");
    }
    int dims = (int) (headDim * part);
    double theta = rope.number("rope_theta", otherwise);
    return new RopeConfig(dims, theta, scaling(config, rope, dims / 2));
  }

  /**
   * The most positions that a model with its rotary embeddings can tell apart.
   *
   * @param stated {@code max_position_embeddings}
   */
  static int contextLength(int stated, List<RopeConfig> ropes) {
    int length = stated;
    for (RopeConfig rope : ropes) {
      if (rope.scaling() instanceof RopeScaling.Yarn yarn && yarn.originalContext() <= stated) {
        // People add yarn to a config and leave the length as it was; that is what it is for.
        length = (int) Math.max(length, Math.min(1 << 24, yarn.originalContext() * yarn.factor()));
      }
    }
    return length;
  }

  /** Whether the file has parameters for layers of this kind alone. */
  static boolean tellsApart(ConfigReader config, String kind) {
    return parameters(config).has(kind);
  }

  private static ConfigReader parameters(ConfigReader config) {
    return config.section(config.has("rope_scaling") ? "rope_scaling" : "rope_parameters");
  }

  private static RopeScaling scaling(ConfigReader config, ConfigReader rope, int pairs) {
    String type = rope.text("rope_type", rope.text("type", "default"));
    int stated = config.count("max_position_embeddings", 1);
    int original =
        rope.count(
            "original_max_position_embeddings",
            config.count("original_max_position_embeddings", stated));
    switch (type) {
      case "default":
        return new RopeScaling.None();
      case "dynamic":
        // Changes nothing up to max_position_embeddings, and longer texts are not taken.
        rope.refuse("alpha");
        return new RopeScaling.None();
      case "linear":
        return new RopeScaling.Linear(rope.positive("factor"));
      case "llama3":
        RopeScaling.Llama3 llama3 =
            new RopeScaling.Llama3(
                rope.positive("factor"),
                rope.positive("low_freq_factor"),
                rope.positive("high_freq_factor"),
                rope.count("original_max_position_embeddings"));
        if (llama3.highFrequencyFactor() <= llama3.lowFrequencyFactor()) {
          throw rope.bad("high_freq_factor");
        }
        return llama3;
      case "yarn":
        return yarn(rope, original, stated);
      case "longrope", "su":
        return longRope(rope, original, stated, pairs);
      default:
        throw new UnsupportedModelException(
            "this version does not run models with rope_scaling of type "
                + ConfigReader.shortened(type)
                + ", only default, dynamic, linear, llama3, longrope and yarn");
    }
  }

  private static RopeScaling yarn(ConfigReader rope, int original, int stated) {
    double factor = rope.has("factor") ? rope.positive("factor") : (double) stated / original;
    double all = rope.number("mscale_all_dim", 0);
    double weight = rope.number("mscale", 0);
    double magnitude =
        weight > 0 && all > 0
            ? RopeScaling.Yarn.magnitude(factor, weight) / RopeScaling.Yarn.magnitude(factor, all)
            : RopeScaling.Yarn.magnitude(factor, 1);
    return new RopeScaling.Yarn(
        factor,
        rope.positive("beta_fast", 32),
        rope.positive("beta_slow", 1),
        rope.flag("truncate", true),
        original,
        rope.number("attention_factor", magnitude));
  }

  private static RopeScaling longRope(ConfigReader rope, int original, int stated, int pairs) {
    double factor = rope.has("factor") ? rope.positive("factor") : (double) stated / original;
    double magnitude =
        factor <= 1 ? 1 : Math.sqrt(1 + StrictMath.log(factor) / StrictMath.log(original));
    return new RopeScaling.LongRope(
        rope.positives("short_factor", pairs),
        rope.positives("long_factor", pairs),
        original,
        rope.number("attention_factor", magnitude));
  }
}

package io.infernet.inference.checkpoint;

import io.infernet.inference.checkpoint.EncoderConfig.Body;
import io.infernet.inference.checkpoint.EncoderConfig.Dense;
import java.util.List;

/** DistilBERT: BERT without token types, under names of its own. */
final class DistilBertFamily implements EncoderFamily {

  /** Fixed in the architecture, no option. */
  private static final double NORM_EPSILON = 1e-12;

  @Override
  public String architecture() {
    return "DistilBert";
  }

  @Override
  public Body read(ConfigReader config, boolean classifier) {
    config.refuse("quantization_config");
    int hidden = config.count("dim", 768);
    return new Body(
        "distilbert",
        EncoderNames.distilBert(),
        config.count("vocab_size"),
        hidden,
        config.count("hidden_dim", 4 * hidden),
        config.count("n_layers", 6),
        config.count("n_heads", 12),
        config.count("max_position_embeddings", 512),
        0,
        0,
        false,
        NORM_EPSILON,
        config.activation("activation", "gelu"),
        classifier
            ? List.of(new Dense("pre_classifier", hidden, Dense.Activation.RELU))
            : List.of(),
        "classifier");
  }
}

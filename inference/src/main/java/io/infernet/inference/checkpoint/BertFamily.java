package io.infernet.inference.checkpoint;

import io.infernet.inference.checkpoint.EncoderConfig.Body;
import io.infernet.inference.checkpoint.EncoderConfig.Dense;
import java.util.List;

/** BERT, and RoBERTa and XLM-R, which count positions from another number and have another head. */
final class BertFamily implements EncoderFamily {

  private final String architecture;
  private final String family;
  private final boolean roberta;

  private BertFamily(String architecture, String family, boolean roberta) {
    this.architecture = architecture;
    this.family = family;
    this.roberta = roberta;
  }

  static BertFamily bert() {
    return new BertFamily("Bert", "bert", false);
  }

  static BertFamily roberta() {
    return new BertFamily("Roberta", "roberta", true);
  }

  static BertFamily xlmRoberta() {
    return new BertFamily("XLMRoberta", "xlm_roberta", true);
  }

  @Override
  public String architecture() {
    return architecture;
  }

  @Override
  public Body read(ConfigReader config, boolean classifier) {
    config.refuse("quantization_config");
    config.expect("position_embedding_type", "absolute");
    config.refuseFlag("is_decoder");
    config.refuseFlag("add_cross_attention");
    int hidden = config.count("hidden_size");
    List<Dense> head =
        roberta
            ? List.of(new Dense("classifier.dense", hidden, Dense.Activation.TANH))
            : List.of(new Dense("pooler.dense", hidden, Dense.Activation.TANH).underPrefix());
    return new Body(
        family,
        EncoderNames.bert(roberta ? "roberta." : "bert."),
        config.count("vocab_size"),
        hidden,
        config.count("intermediate_size"),
        config.count("num_hidden_layers"),
        config.count("num_attention_heads"),
        config.count("max_position_embeddings"),
        // Position 0 of RoBERTa is the padding id, 1 by default, plus 1.
        roberta ? config.countOrZero("pad_token_id", 1) + 1 : 0,
        config.count("type_vocab_size", 2),
        !roberta,
        config.number("layer_norm_eps", 1e-12),
        config.activation("hidden_act", "gelu"),
        classifier ? head : List.of(),
        roberta ? "classifier.out_proj" : "classifier");
  }
}

package io.infernet.inference.checkpoint;

import java.util.List;

/**
 * How a family of encoders calls its tensors; names within a layer are relative to it.
 *
 * @param prefix what precedes all but the head's, in files that have a head
 * @param embeddings tables that are added up: words, positions and, where there are any, token
 *     types
 * @param embeddingNorm the norm of their sum
 * @param layers what precedes a layer's number
 * @param query projection to queries
 * @param key projection to keys
 * @param value projection to values
 * @param out projection from attention back
 * @param attentionNorm the norm after it
 * @param inner projection into the feed-forward block
 * @param outer projection out of it
 * @param outputNorm the norm after it
 */
public record EncoderNames(
    String prefix,
    List<String> embeddings,
    String embeddingNorm,
    String layers,
    String query,
    String key,
    String value,
    String out,
    String attentionNorm,
    String inner,
    String outer,
    String outputNorm) {

  /** BERT's names, which RoBERTa shares. */
  static EncoderNames bert(String prefix) {
    return new EncoderNames(
        prefix,
        List.of(
            "embeddings.word_embeddings",
            "embeddings.position_embeddings",
            "embeddings.token_type_embeddings"),
        "embeddings.LayerNorm",
        "encoder.layer.",
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "attention.output.LayerNorm",
        "intermediate.dense",
        "output.dense",
        "output.LayerNorm");
  }

  static EncoderNames distilBert() {
    return new EncoderNames(
        "distilbert.",
        List.of("embeddings.word_embeddings", "embeddings.position_embeddings"),
        "embeddings.LayerNorm",
        "transformer.layer.",
        "attention.q_lin",
        "attention.k_lin",
        "attention.v_lin",
        "attention.out_lin",
        "sa_layer_norm",
        "ffn.lin1",
        "ffn.lin2",
        "output_layer_norm");
  }
}

package io.infernet.inference.checkpoint;

import java.util.List;

/**
 * How a family calls its tensors. Names within a layer are relative to it, and all are without
 * {@code .weight} and {@code .bias}.
 *
 * @param root what precedes {@code embed_tokens}, {@code norm} and {@code layers.N}
 * @param head the output head
 * @param beforeAttention the norm before attention
 * @param afterAttention the norm of its output, where there is one
 * @param beforeMlp the norm before the feed-forward block
 * @param afterMlp the norm of its output, where there is one
 * @param qkv the pieces of the projection to queries, keys and values, whose rows come in this
 *     order
 * @param gateUp the pieces of the projections into a dense block: gate, then up
 * @param down the projection out of it
 * @param router of a mixture of experts
 * @param experts what precedes an expert's number
 * @param expertGateUp within an expert, as {@code gateUp}
 * @param expertDown within an expert, as {@code down}
 */
public record TensorNames(
    String root,
    String head,
    String beforeAttention,
    String afterAttention,
    String beforeMlp,
    String afterMlp,
    List<String> qkv,
    List<String> gateUp,
    String down,
    String router,
    String experts,
    List<String> expertGateUp,
    String expertDown) {

  /** Llama's, which most families share; the mixture as Qwen calls it. */
  public static final TensorNames LLAMA =
      new TensorNames(
          "model.",
          "lm_head",
          "input_layernorm",
          "",
          "post_attention_layernorm",
          "",
          List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
          List.of("mlp.gate_proj", "mlp.up_proj"),
          "mlp.down_proj",
          "mlp.gate",
          "mlp.experts.",
          List.of("gate_proj", "up_proj"),
          "down_proj");

  public TensorNames {
    qkv = List.copyOf(qkv);
    gateUp = List.copyOf(gateUp);
    expertGateUp = List.copyOf(expertGateUp);
  }

  /** Gemma's norms, four to a layer. */
  TensorNames withNormsAfterBranches() {
    return new TensorNames(
        root,
        head,
        beforeAttention,
        "post_attention_layernorm",
        "pre_feedforward_layernorm",
        "post_feedforward_layernorm",
        qkv,
        gateUp,
        down,
        router,
        experts,
        expertGateUp,
        expertDown);
  }

  /** With projections of the same input in one tensor. */
  TensorNames withFused(String fusedQkv, String fusedGateUp) {
    return new TensorNames(
        root,
        head,
        beforeAttention,
        afterAttention,
        beforeMlp,
        afterMlp,
        List.of(fusedQkv),
        List.of(fusedGateUp),
        down,
        router,
        experts,
        expertGateUp,
        expertDown);
  }

  TensorNames withExperts(String router, String experts, String gate, String up, String down) {
    return new TensorNames(
        root,
        head,
        beforeAttention,
        afterAttention,
        beforeMlp,
        afterMlp,
        qkv,
        gateUp,
        this.down,
        router,
        experts,
        List.of(gate, up),
        down);
  }

  /** As the text part of a model that also does other things. */
  TensorNames within() {
    return under("language_model.model.", "language_model.lm_head");
  }

  /** These, and others under which programs have stored the same model. */
  List<TensorNames> alternatives() {
    return List.of(
        this, under("model.", "lm_head"), within(), under("model.language_model.", "lm_head"));
  }

  private TensorNames under(String root, String head) {
    return new TensorNames(
        root,
        head,
        beforeAttention,
        afterAttention,
        beforeMlp,
        afterMlp,
        qkv,
        gateUp,
        down,
        router,
        experts,
        expertGateUp,
        expertDown);
  }
}

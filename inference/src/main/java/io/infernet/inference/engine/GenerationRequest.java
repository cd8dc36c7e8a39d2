package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.OptionalInt;
import java.util.Set;

/**
 * One answer to be made.
 *
 * @param model what answers; loaded first when it is not warm
 * @param prompt the token ids of the prompt, at least one
 * @param outputSoFar the answer's first tokens, when it is resumed after they were made elsewhere;
 *     they are not reported again
 * @param sampling how tokens are chosen
 * @param maxTokens length of the whole answer, {@code outputSoFar} included; 0 only scores the
 *     prompt
 * @param stopIds tokens that end the answer; they do not become part of it
 * @param topLogprobs empty for no log-probabilities; else how many of the likeliest tokens are
 *     reported beside the chosen one, 0 to {@value #MAX_TOP_LOGPROBS}
 * @param scorePrompt whether the prompt's tokens are scored too ({@link TokenListener#onPrompt})
 * @param hiddenStates whether the hidden states are wanted too ({@link TokenListener#onHidden})
 * @param tenant on whose behalf; when many answers are asked for, tenants get equal shares of the
 *     engine
 */
public record GenerationRequest(
    InstalledModel model,
    TokenIds prompt,
    TokenIds outputSoFar,
    SamplingParams sampling,
    int maxTokens,
    Set<Integer> stopIds,
    OptionalInt topLogprobs,
    boolean scorePrompt,
    boolean hiddenStates,
    String tenant) {

  /** Who asks for the answer when nobody says so: the owner of this machine. */
  public static final String LOCAL_TENANT = "";

  /** Longer names say no more. */
  private static final int MAX_TENANT_LENGTH = 256;

  /** As many as OpenAI's chat endpoint offers. */
  public static final int MAX_TOP_LOGPROBS = 20;

  public GenerationRequest {
    requireNonNull(model, "model is null");
    requireNonNull(sampling, "sampling is null");
    if (prompt.isEmpty()) {
      throw new IllegalArgumentException("the prompt has no tokens");
    }
    if (maxTokens < 0) {
      throw new IllegalArgumentException("maxTokens is negative: " + maxTokens);
    }
    int top = topLogprobs.orElse(0);
    if (top < 0 || top > MAX_TOP_LOGPROBS) {
      throw new IllegalArgumentException("topLogprobs out of range: " + top);
    }
    if (tenant.length() > MAX_TENANT_LENGTH) {
      throw new IllegalArgumentException("the tenant's name is too long: " + tenant.length());
    }
    stopIds = Set.copyOf(stopIds);
  }

  /** Without hidden states, for the owner of this machine. */
  public GenerationRequest(
      InstalledModel model,
      TokenIds prompt,
      TokenIds outputSoFar,
      SamplingParams sampling,
      int maxTokens,
      Set<Integer> stopIds,
      OptionalInt topLogprobs,
      boolean scorePrompt) {
    this(
        model,
        prompt,
        outputSoFar,
        sampling,
        maxTokens,
        stopIds,
        topLogprobs,
        scorePrompt,
        false,
        LOCAL_TENANT);
  }

  /** A plain request: a fresh answer that ends at the model's own stop tokens. */
  public static GenerationRequest of(
      InstalledModel model, TokenIds prompt, SamplingParams sampling, int maxTokens) {
    return new GenerationRequest(
        model,
        prompt,
        TokenIds.empty(),
        sampling,
        maxTokens,
        Set.copyOf(model.manifest().defaults().stopIds()),
        OptionalInt.empty(),
        false);
  }

  /**
   * Looks whether it fits into a context.
   *
   * @param context the most tokens of prompt and answer together
   * @throws ContextLengthExceededException when the prompt leaves no room for an answer
   */
  public void requireFit(int context) {
    if (prompt.size() > context - (maxTokens == 0 ? 0 : 1)
        || prompt.size() + outputSoFar.size() > context) {
      throw new ContextLengthExceededException(model.name(), prompt.size(), context);
    }
  }

  /** The same request, resumed after {@code output}. */
  public GenerationRequest resumedAfter(TokenIds output) {
    return with(output, hiddenStates, tenant);
  }

  /** The same request, with hidden states. */
  public GenerationRequest withHiddenStates() {
    return with(outputSoFar, true, tenant);
  }

  /** The same request on behalf of {@code name}. */
  public GenerationRequest forTenant(String name) {
    return with(outputSoFar, hiddenStates, name);
  }

  private GenerationRequest with(TokenIds output, boolean hidden, String name) {
    return new GenerationRequest(
        model,
        prompt,
        output,
        sampling,
        maxTokens,
        stopIds,
        topLogprobs,
        scorePrompt,
        hidden,
        name);
  }
}

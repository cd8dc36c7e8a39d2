package io.infernet.node.job;

import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.remote.BackendPrompt;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.node.UsageException;
import io.infernet.verification.wire.EvidenceLimits;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * A request with everything decided: token ids, sampling, lengths.
 *
 * @param model what answers
 * @param cid the CID of its manifest
 * @param codec its tokenizer and template
 * @param prompt the prompt's tokens
 * @param sampling with a seed
 * @param maxTokens length of the whole answer, within the context
 * @param stopIds tokens that end the answer
 * @param topLogprobs as in the request
 * @param scorePrompt whether the prompt's tokens are scored
 * @param timeout how long the answer may take
 * @param deadline when that is over
 * @param maxPrice the most to pay
 */
record ChatPlan(
    InstalledModel model,
    Cid cid,
    TextCodec codec,
    TokenIds prompt,
    SamplingParams sampling,
    int maxTokens,
    List<Integer> stopIds,
    OptionalInt topLogprobs,
    boolean scorePrompt,
    Duration timeout,
    Instant deadline,
    long maxPrice) {

  /**
   * Decides what the request leaves open.
   *
   * @throws io.infernet.inference.InfernetException when it cannot be done
   */
  static ChatPlan of(
      ChatRequest request,
      InstalledModel model,
      TextCodec codec,
      ChatServiceConfig config,
      Instant now,
      LongSupplier seeds) {
    if (request.verify() != VerifyMode.NONE) {
      throw new UsageException(
          "verify=" + request.verify() + " is not there yet; use verify=" + VerifyMode.NONE);
    }
    Duration timeout = request.deadline().orElse(config.defaultDeadline());
    if (timeout.compareTo(config.maxDeadline()) > 0) {
      throw new UsageException(
          "the deadline may be at most " + config.maxDeadline().toSeconds() + " s away");
    }
    ModelManifest manifest = model.manifest();
    if (manifest.task() != ModelTask.GENERATE) {
      throw new UsageException(
          "%s is made to %s, not to write text; ask /v1/embeddings or /v1/classify"
              .formatted(model.name(), manifest.task()));
    }
    if (manifest.isBackend()) {
      return ofBackend(request, model, codec, config, timeout, now);
    }
    TokenIds prompt = encode(request.prompt(), codec);
    if (prompt.isEmpty()) {
      throw new UsageException("the prompt is empty");
    }
    for (int i = 0; i < prompt.size(); i++) {
      requireToken(prompt.get(i), model, codec);
    }
    request.logitBias().keySet().forEach(id -> requireToken(id, model, codec));
    int room = manifest.contextLength() - prompt.size();
    int wanted = request.maxTokens().orElse(config.defaultMaxTokens());
    if (room < Math.min(wanted, 1)) {
      throw new ContextLengthExceededException(
          model.name(), prompt.size(), manifest.contextLength());
    }
    var defaults = manifest.defaults();
    return new ChatPlan(
        model,
        manifest.cid(),
        codec,
        prompt,
        new SamplingParams(
            request.temperature().orElse(defaults.temperature()),
            request.topK().orElse(defaults.topK()),
            request.topP().orElse(defaults.topP()),
            request.minP().orElse(defaults.minP()),
            new Penalties(
                request.repetitionPenalty().orElse(defaults.repetitionPenalty()),
                request.presencePenalty().orElse(0),
                request.frequencyPenalty().orElse(0)),
            request.logitBias(),
            request.format(),
            request.seed().orElseGet(seeds)),
        Math.min(wanted, room),
        defaults.stopIds(),
        request.topLogprobs(),
        request.echo() && request.topLogprobs().isPresent(),
        timeout,
        now.plus(timeout),
        request.maxPrice().orElse(config.defaultMaxPrice()));
  }

  private static void requireToken(int id, InstalledModel model, TextCodec codec) {
    if (id >= codec.vocabularySize()) {
      throw new UsageException(
          "%s has no token %d; its tokens are 0 to %d"
              .formatted(model.name(), id, codec.vocabularySize() - 1));
    }
  }

  /** The server decides what the request leaves open; how long its context is only it knows. */
  private static ChatPlan ofBackend(
      ChatRequest request,
      InstalledModel model,
      TextCodec codec,
      ChatServiceConfig config,
      Duration timeout,
      Instant now) {
    return new ChatPlan(
        model,
        model.manifest().cid(),
        codec,
        BackendCodec.encode(request),
        BackendPrompt.NO_SAMPLING,
        Math.min(
            request.maxTokens().orElse(config.defaultMaxTokens()),
            EvidenceLimits.defaults().maxAnswerTokens()),
        List.of(),
        OptionalInt.empty(),
        false,
        timeout,
        now.plus(timeout),
        request.maxPrice().orElse(config.defaultMaxPrice()));
  }

  /** Whether the model is one that backends serve. */
  boolean isBackend() {
    return model.manifest().isBackend();
  }

  private static TokenIds encode(Prompt prompt, TextCodec codec) {
    if (prompt instanceof Prompt.Messages chat) {
      if (chat.messages().isEmpty()) {
        throw new UsageException("the chat has no messages");
      }
      return codec.encode(chat.messages());
    }
    if (prompt instanceof Prompt.Text plain) {
      return codec.encode(plain.text());
    }
    return ((Prompt.Tokens) prompt).ids();
  }

  /** The answer to be made here, after the tokens that are there already. */
  GenerationRequest generation(TokenIds outputSoFar, boolean withPromptScores) {
    return new GenerationRequest(
        model,
        prompt,
        outputSoFar,
        sampling,
        maxTokens,
        Set.copyOf(stopIds),
        topLogprobs,
        withPromptScores);
  }
}

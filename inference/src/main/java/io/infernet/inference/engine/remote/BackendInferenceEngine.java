package io.infernet.inference.engine.remote;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Has backends make the answers. Prompts are {@link BackendPrompt}s and answers are {@link
 * CodePoints}; {@code maxTokens} and usage are the server's own tokens. An answer cannot be
 * resumed, and log-probabilities are not to be had. Safe from any thread; closing it closes the
 * backends.
 */
public final class BackendInferenceEngine implements InferenceEngine {

  private final Backends backends;

  // Guarded by this.
  private final Set<BackendAnswer> answers = new LinkedHashSet<>();
  private boolean closed;

  public BackendInferenceEngine(Backends backends) {
    this.backends = requireNonNull(backends, "backends is null");
  }

  /** Servers load by themselves: done when one has the model. */
  @Override
  public CompletableFuture<Void> load(InstalledModel model) {
    return backends.find(model.name()).isPresent()
        ? CompletableFuture.completedFuture(null)
        : CompletableFuture.failedFuture(
            new BackendException("no backend serves " + model.name() + " any more"));
  }

  @Override
  public Generation generate(GenerationRequest request, TokenListener listener) {
    BackendPrompt prompt = BackendPrompt.decode(request.prompt());
    requireDoable(request);
    Backends.Place place = backends.take(request.model().name());
    BackendAnswer answer;
    try {
      requireSupported(prompt, place.kind());
      answer = new BackendAnswer(request, prompt, place, backends, listener, this::ended);
      synchronized (this) {
        if (closed) {
          throw new IllegalStateException("the engine is closed");
        }
        answers.add(answer);
      }
    } catch (RuntimeException e) {
      place.leave();
      throw e;
    }
    answer.start();
    return answer;
  }

  /** The texts are {@link CodePoints}; the result is vectors as the server makes them. */
  @Override
  public CompletableFuture<EncodingResult> encode(EncodingRequest request) {
    Backends.Place place;
    try {
      place = backends.take(request.model().name());
    } catch (InfernetException e) {
      return CompletableFuture.failedFuture(e);
    }
    BackendEmbeddings work = new BackendEmbeddings(request, place, backends.config());
    return work.start();
  }

  private void ended(BackendAnswer answer) {
    synchronized (this) {
      answers.remove(answer);
    }
  }

  private static void requireDoable(GenerationRequest request) {
    require(
        request.topLogprobs().isEmpty() && !request.scorePrompt(), request, "log-probabilities");
    require(request.stopIds().isEmpty(), request, "stop tokens");
    require(request.sampling().equals(BackendPrompt.NO_SAMPLING), request, "sampling of its own");
    require(request.maxTokens() > 0, request, "max_tokens of 0");
    require(request.outputSoFar().isEmpty(), request, "the rest of an answer begun elsewhere");
  }

  private static void require(boolean done, GenerationRequest request, String what) {
    if (!done) {
      throw new InfernetException(
          request.model().name() + " runs on a backend, which does not do " + what);
    }
  }

  private static void requireSupported(BackendPrompt prompt, BackendKind kind) {
    for (String parameter : prompt.parameters().keySet()) {
      if (!kind.supports(parameter)) {
        throw new InfernetException(
            "'" + parameter + "' is not supported by the backend of this model (" + kind + ")");
      }
    }
  }

  @Override
  public int contextLength(ModelManifest model) {
    return backends
        .find(model.name())
        .map(BackendModel::contextLength)
        .filter(length -> length > 0)
        .orElse(model.contextLength());
  }

  /** Those that the servers have in memory, as far as they say. */
  @Override
  public List<LoadedModel> loaded() {
    List<LoadedModel> loaded = new ArrayList<>();
    for (BackendModel model : backends.models()) {
      if (model.warm()) {
        Backends.Load load = backends.load(model.name());
        loaded.add(
            new LoadedModel(
                ModelManifest.ofBackend(model.name()),
                model.memoryBytes(),
                load.slots(),
                load.running(),
                0));
      }
    }
    return loaded;
  }

  @Override
  public void close() {
    List<BackendAnswer> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(answers);
    }
    left.forEach(BackendAnswer::cancel);
    backends.close();
  }
}

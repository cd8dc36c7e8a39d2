package io.infernet.inference.testing;

import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.HiddenStates;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.tokenizer.TypedTokens;
import io.infernet.libp2p.concurrent.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * An engine whose answers are a function of prompt and seed and whose timing is a script. Listeners
 * are called from the scheduler's tasks. Two fakes give the same answer to the same request, and a
 * resumed request continues it, as with the real engine. Safe from any thread.
 */
public final class FakeInferenceEngine implements InferenceEngine {

  /**
   * What an engine does with an answer. Applies to requests that start after it was set.
   *
   * @param load how long loading takes
   * @param firstToken from the request (or the end of loading) to the first token
   * @param betweenTokens from each token to the next
   * @param stopAfter length of the whole answer at which the model stops by itself
   * @param stallAfter number of tokens made by this request after which nothing comes any more
   * @param failAfter number of tokens made by this request after which it fails
   * @param capacity how many answers at once before the engine is busy
   */
  public record Script(
      Duration load,
      Duration firstToken,
      Duration betweenTokens,
      OptionalInt stopAfter,
      OptionalInt stallAfter,
      OptionalInt failAfter,
      int capacity) {

    /** No stops, stalls or failures; 1 ms to the first token and between tokens. */
    public static Script defaults() {
      return new Script(
          Duration.ZERO,
          Duration.ofMillis(1),
          Duration.ofMillis(1),
          OptionalInt.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          64);
    }

    public Script withTimes(Duration first, Duration between) {
      return new Script(load, first, between, stopAfter, stallAfter, failAfter, capacity);
    }

    public Script withStopAfter(int tokens) {
      return new Script(
          load, firstToken, betweenTokens, OptionalInt.of(tokens), stallAfter, failAfter, capacity);
    }

    public Script withStallAfter(int tokens) {
      return new Script(
          load, firstToken, betweenTokens, stopAfter, OptionalInt.of(tokens), failAfter, capacity);
    }

    public Script withFailAfter(int tokens) {
      return new Script(
          load, firstToken, betweenTokens, stopAfter, stallAfter, OptionalInt.of(tokens), capacity);
    }

    public Script withCapacity(int answers) {
      return new Script(load, firstToken, betweenTokens, stopAfter, stallAfter, failAfter, answers);
    }
  }

  /** Ids of the tokens it makes: 1 up to but without this. */
  public static final int VOCABULARY = 4096;

  private final Scheduler scheduler;
  private final Set<ModelManifest> loaded = new LinkedHashSet<>();
  private final List<GenerationRequest> requests = new ArrayList<>();
  private final Set<Answer> running = new LinkedHashSet<>();
  private Script script = Script.defaults();
  private boolean closed;

  public FakeInferenceEngine(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** Sets what happens to requests from now on. */
  public synchronized void script(Script next) {
    script = next;
  }

  /** All requests so far. */
  public synchronized List<GenerationRequest> requests() {
    return List.copyOf(requests);
  }

  /** How many answers are being made. */
  public synchronized int running() {
    return running.size();
  }

  /** The token at {@code index} of the answer to {@code request}. */
  public static int tokenAt(GenerationRequest request, int index) {
    long mix = request.prompt().hashCode() * 31L + request.sampling().seed();
    mix = (mix + index + 1) * 0x9E3779B97F4A7C15L;
    return 1 + (int) Math.floorMod(mix >>> 20, (long) VOCABULARY - 1);
  }

  @Override
  public synchronized CompletableFuture<Void> load(InstalledModel model) {
    if (loaded.contains(model.manifest())) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    scheduler.schedule(
        script.load(),
        () -> {
          synchronized (this) {
            loaded.add(model.manifest());
          }
          done.complete(null);
        });
    return done;
  }

  @Override
  public synchronized Generation generate(GenerationRequest request, TokenListener listener) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    request.requireFit(contextLength(request.model().manifest()));
    if (running.size() >= script.capacity()) {
      throw new EngineBusyException(running.size(), 0);
    }
    requests.add(request);
    Answer answer = new Answer(request, listener, script);
    running.add(answer);
    boolean warm = loaded.add(request.model().manifest());
    answer.next(warm ? script.load().plus(script.firstToken()) : script.firstToken());
    return answer;
  }

  /** Numbers of a vector. */
  public static final int WIDTH = 4;

  /**
   * The vector of a text is (number of tokens, first id, last id, last type); a classifier gives
   * "short" for up to ten tokens and "long" for others.
   */
  @Override
  public synchronized CompletableFuture<EncodingResult> encode(EncodingRequest request) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    loaded.add(request.model().manifest());
    List<Integer> tokens = request.texts().stream().map(TypedTokens::size).toList();
    for (int i = 0; i < tokens.size(); i++) {
      int context = contextLength(request.model().manifest());
      if (tokens.get(i) > context) {
        return CompletableFuture.failedFuture(
            ContextLengthExceededException.ofText(
                request.model().name(), i, tokens.get(i), context));
      }
    }
    if (request.model().manifest().task() == ModelTask.CLASSIFY) {
      return CompletableFuture.completedFuture(
          new EncodingResult.Classifications(
              List.of("short", "long"),
              EncoderHead.Problem.SINGLE_LABEL_CLASSIFICATION,
              tokens.stream()
                  .map(count -> count <= 10 ? new float[] {0.75f, 0.25f} : new float[] {0.5f, 0.5f})
                  .toList(),
              tokens));
    }
    List<float[]> vectors =
        request.texts().stream()
            .map(
                text ->
                    new float[] {
                      text.size(),
                      text.ids().get(0),
                      text.ids().get(text.size() - 1),
                      text.types().get(text.size() - 1)
                    })
            .toList();
    return CompletableFuture.completedFuture(
        new EncodingResult.Embeddings(vectors, List.of(2), tokens));
  }

  @Override
  public int contextLength(ModelManifest model) {
    return model.contextLength();
  }

  @Override
  public synchronized List<LoadedModel> loaded() {
    return loaded.stream()
        .map(model -> new LoadedModel(model, model.size(), script.capacity(), running.size(), 0))
        .toList();
  }

  @Override
  public void close() {
    List<Answer> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(running);
    }
    left.forEach(Answer::cancel);
  }

  private final class Answer implements Generation {
    private final GenerationRequest request;
    private final TokenListener listener;
    private final Script plan;
    private int made;
    private boolean promptScored;
    private boolean hiddenTold;
    private Scheduler.Cancellable timer = () -> {};

    Answer(GenerationRequest request, TokenListener listener, Script plan) {
      this.request = request;
      this.listener = listener;
      this.plan = plan;
    }

    void next(Duration delay) {
      if (plan.stallAfter().isPresent() && made >= plan.stallAfter().getAsInt()) {
        return;
      }
      timer = scheduler.schedule(delay, this::step);
    }

    private void step() {
      synchronized (FakeInferenceEngine.this) {
        if (!running.contains(this)) {
          return;
        }
      }
      int index = request.outputSoFar().size() + made;
      int room = contextLength(request.model().manifest()) - request.prompt().size();
      if (plan.failAfter().isPresent() && made >= plan.failAfter().getAsInt()) {
        if (ended()) {
          listener.onError(new IllegalStateException("the script says: fail"));
        }
        return;
      }
      if (request.scorePrompt() && !promptScored) {
        promptScored = true;
        List<Optional<TokenScore>> scores = new ArrayList<>();
        for (int i = 0; i < request.prompt().size(); i++) {
          scores.add(i == 0 ? Optional.empty() : Optional.of(score(request.prompt().get(i))));
        }
        listener.onPrompt(scores);
      }
      if (request.hiddenStates() && !hiddenTold) {
        hiddenTold = true;
        int tokens = request.prompt().size();
        listener.onHidden(new HiddenStates(0, tokens, 1, new float[tokens], 0));
      }
      if (plan.stopAfter().isPresent() && index >= plan.stopAfter().getAsInt()) {
        finish(FinishReason.STOP);
        return;
      }
      if (index >= Math.min(request.maxTokens(), room)) {
        finish(FinishReason.LENGTH);
        return;
      }
      int token = tokenAt(request, index);
      if (request.stopIds().contains(token)) {
        finish(FinishReason.STOP);
        return;
      }
      made++;
      listener.onToken(
          new GeneratedToken(
              index,
              token,
              request.topLogprobs().isPresent() ? Optional.of(score(token)) : Optional.empty()));
      if (index + 1 >= Math.min(request.maxTokens(), room)) {
        finish(FinishReason.LENGTH);
        return;
      }
      next(plan.betweenTokens());
    }

    private TokenScore score(int token) {
      List<TokenScore.Alternative> top = new ArrayList<>();
      for (int i = 0; i < request.topLogprobs().orElse(0); i++) {
        top.add(new TokenScore.Alternative((token + i) % VOCABULARY, -1.0 - i));
      }
      return new TokenScore(-1, top);
    }

    private boolean ended() {
      synchronized (FakeInferenceEngine.this) {
        return running.remove(this);
      }
    }

    private void finish(FinishReason reason) {
      if (ended()) {
        listener.onFinish(
            reason, new Usage(request.prompt().size(), request.outputSoFar().size() + made));
      }
    }

    @Override
    public void cancel() {
      timer.cancel();
      finish(FinishReason.CANCELLED);
    }
  }
}

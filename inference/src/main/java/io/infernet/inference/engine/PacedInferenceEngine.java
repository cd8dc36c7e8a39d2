package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import io.infernet.libp2p.concurrent.Scheduler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the tokens of each answer no faster than a given rate, for demonstrations and for lines
 * that many share. The engine behind it may be ahead by no more than the rest of the answer. Safe
 * from any thread; closing it closes that engine.
 */
public final class PacedInferenceEngine implements InferenceEngine {

  private final InferenceEngine engine;
  private final Duration interval;
  private final Scheduler scheduler;

  /**
   * @param engine makes the answers
   * @param tokensPerSecond of one answer, above 0
   * @param scheduler on which listeners are called
   */
  public PacedInferenceEngine(InferenceEngine engine, double tokensPerSecond, Scheduler scheduler) {
    this.engine = requireNonNull(engine, "engine is null");
    this.scheduler = requireNonNull(scheduler, "scheduler is null");
    if (!(tokensPerSecond > 0 && tokensPerSecond <= 1e9)) {
      throw new IllegalArgumentException("tokensPerSecond out of range: " + tokensPerSecond);
    }
    this.interval = Duration.ofNanos(Math.round(1e9 / tokensPerSecond));
  }

  @Override
  public CompletableFuture<Void> load(InstalledModel model) {
    return engine.load(model);
  }

  @Override
  public CompletableFuture<Void> pin(InstalledModel model) {
    return engine.pin(model);
  }

  @Override
  public Generation generate(GenerationRequest request, TokenListener listener) {
    PacedAnswer answer = new PacedAnswer(request, listener);
    answer.startedAs(engine.generate(request, answer));
    return answer;
  }

  /** At the engine's own pace: there are no tokens to hold back. */
  @Override
  public CompletableFuture<EncodingResult> encode(EncodingRequest request) {
    return engine.encode(request);
  }

  @Override
  public int contextLength(ModelManifest model) {
    return engine.contextLength(model);
  }

  @Override
  public List<LoadedModel> loaded() {
    return engine.loaded();
  }

  @Override
  public Optional<String> trouble() {
    return engine.trouble();
  }

  @Override
  public void close() {
    engine.close();
  }

  /** Holds back what the engine says, and says it in its own time. */
  private final class PacedAnswer implements TokenListener, Generation {
    private final GenerationRequest request;
    private final TokenListener listener;

    // Guarded by this. Calls of the listener are made by one task at a time.
    private final Queue<Runnable> held = new ArrayDeque<>();
    private @Nullable Generation generation;
    private int told;
    private boolean ticking;
    private boolean cancelled;
    private boolean over;

    PacedAnswer(GenerationRequest request, TokenListener listener) {
      this.request = request;
      this.listener = listener;
    }

    synchronized void startedAs(Generation started) {
      generation = started;
      if (cancelled) {
        started.cancel();
      }
    }

    @Override
    public void onPrompt(List<Optional<TokenScore>> scores) {
      hold(() -> listener.onPrompt(scores));
    }

    /** Not held back: there is too much of it, and it tells nobody a word. */
    @Override
    public synchronized void onHidden(HiddenStates states) {
      if (!over && !cancelled) {
        listener.onHidden(states);
      }
    }

    @Override
    public void onToken(GeneratedToken token) {
      hold(
          () -> {
            told = token.index() + 1;
            listener.onToken(token);
          });
    }

    @Override
    public void onFinish(FinishReason reason, Usage usage) {
      hold(() -> end(() -> listener.onFinish(reason, usage)));
    }

    @Override
    public void onError(Throwable error) {
      hold(() -> end(() -> listener.onError(error)));
    }

    private synchronized void hold(Runnable call) {
      if (!over && !cancelled) {
        held.add(call);
        tick(Duration.ZERO);
      }
    }

    private void tick(Duration delay) {
      if (!ticking) {
        ticking = true;
        scheduler.schedule(delay, this::next);
      }
    }

    /** Says one thing; the lock keeps a cancel from overtaking it. */
    private synchronized void next() {
      ticking = false;
      Runnable call = held.poll();
      if (call != null && !over) {
        call.run();
        if (!over) {
          // Waits even when nothing is held yet, so that the next token keeps its distance.
          tick(interval);
        }
      }
    }

    private void end(Runnable call) {
      over = true;
      held.clear();
      call.run();
    }

    @Override
    public synchronized void cancel() {
      if (over || cancelled) {
        return;
      }
      cancelled = true;
      held.clear();
      if (generation != null) {
        generation.cancel();
      }
      int length = Math.max(told, request.outputSoFar().size());
      held.add(
          () ->
              end(
                  () ->
                      listener.onFinish(
                          FinishReason.CANCELLED, new Usage(request.prompt().size(), length))));
      ticking = true;
      scheduler.schedule(Duration.ZERO, this::next);
    }
  }
}

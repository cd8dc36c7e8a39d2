package io.infernet.inference.engine;

import io.infernet.inference.InfernetException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes an engine's answers, one step of each in turn. {@link #submit} and {@link
 * Generation#cancel} may be called from any thread; {@link #step} and {@link #close} belong to the
 * engine thread, on which all listeners are called.
 */
public final class GenerationLoop {

  private static final Logger LOG = LoggerFactory.getLogger(GenerationLoop.class);

  /** Most logits computed in one step when a prompt is scored: 64 MiB. */
  private static final int MAX_SCORED_LOGITS = 1 << 24;

  private final int maxWaiting;
  private final int prefillChunk;
  private final Runnable wakeUp;

  /** Guards waiting, running's size, and closed. */
  private final Object lock = new Object();

  private final List<Answer> waiting = new ArrayList<>();
  private final ArrayDeque<Answer> running = new ArrayDeque<>();
  private boolean closed;

  /**
   * @param maxWaiting answers that may wait for a slot
   * @param prefillChunk tokens of a prompt to compute in one step
   * @param wakeUp called from any thread when there may be something to do again
   */
  public GenerationLoop(int maxWaiting, int prefillChunk, Runnable wakeUp) {
    this.maxWaiting = maxWaiting;
    this.prefillChunk = prefillChunk;
    this.wakeUp = wakeUp;
  }

  /**
   * Queues an answer.
   *
   * @param model the request's model, done when it is loaded
   * @param slots how many answers each model makes at once; they do not count as waiting
   * @throws EngineBusyException when the queue is full
   */
  public Generation submit(
      GenerationRequest request,
      TokenListener listener,
      CompletableFuture<Decoder> model,
      int slots) {
    Answer answer = new Answer(request, listener, model);
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("the engine is closed");
      }
      Map<CompletableFuture<Decoder>, Integer> answers = new IdentityHashMap<>();
      int beyondSlots = 0;
      for (Answer other : running) {
        answers.merge(other.model, 1, Integer::sum);
      }
      for (Answer other : waiting) {
        if (answers.merge(other.model, 1, Integer::sum) > slots) {
          beyondSlots++;
        }
      }
      if (answers.getOrDefault(model, 0) >= slots && beyondSlots >= maxWaiting) {
        throw new EngineBusyException(
            answers.values().stream().mapToInt(n -> n).sum() - beyondSlots, beyondSlots);
      }
      waiting.add(answer);
    }
    model.whenComplete((decoder, error) -> wakeUp.run());
    return answer;
  }

  public int running(CompletableFuture<Decoder> model) {
    return count(running, answer -> answer.model == model);
  }

  public int waiting(CompletableFuture<Decoder> model) {
    return count(waiting, answer -> answer.model == model);
  }

  private int count(Iterable<Answer> answers, Predicate<Answer> which) {
    int count = 0;
    synchronized (lock) {
      for (Answer answer : answers) {
        count += which.test(answer) ? 1 : 0;
      }
    }
    return count;
  }

  /**
   * Makes one step of one answer.
   *
   * @return whether there was anything to do
   */
  public boolean step() {
    boolean admitted = admit();
    Answer answer;
    synchronized (lock) {
      answer = running.peekFirst();
    }
    if (answer == null) {
      return admitted;
    }
    if (answer.step()) {
      synchronized (lock) {
        running.addLast(running.removeFirst());
      }
    }
    return true;
  }

  /** Gives free slots to those who wait, first come first served. */
  private boolean admit() {
    List<Answer> ended = new ArrayList<>();
    synchronized (lock) {
      for (Iterator<Answer> all = waiting.iterator(); all.hasNext(); ) {
        Answer answer = all.next();
        if (answer.cancelled || answer.model.isCompletedExceptionally()) {
          all.remove();
          ended.add(answer);
        } else if (answer.model.isDone()) {
          Optional<InferenceSession> session = answer.model.join().openSession();
          if (session.isPresent()) {
            all.remove();
            answer.session = session.get();
            running.addLast(answer);
          }
        }
      }
    }
    ended.forEach(Answer::endUnstarted);
    return !ended.isEmpty();
  }

  /** Cancels everything; nothing can be submitted any more. */
  public void close() {
    List<Answer> left = new ArrayList<>();
    synchronized (lock) {
      closed = true;
      left.addAll(running);
      left.addAll(waiting);
      running.clear();
      waiting.clear();
    }
    left.forEach(answer -> answer.finish(FinishReason.CANCELLED));
  }

  private final class Answer implements Generation {
    private final GenerationRequest request;
    private final TokenListener listener;
    private final CompletableFuture<Decoder> model;
    private final Sampler sampler;
    private final List<Optional<TokenScore>> promptScores = new ArrayList<>();
    private int made;
    private int last = -1;
    private @Nullable InferenceSession session;
    private volatile boolean cancelled;

    Answer(GenerationRequest request, TokenListener listener, CompletableFuture<Decoder> model) {
      this.request = request;
      this.listener = listener;
      this.model = model;
      this.sampler = new Sampler(request.sampling(), request.prompt());
    }

    @Override
    public void cancel() {
      cancelled = true;
      wakeUp.run();
    }

    /** The model failed to load, or the answer was cancelled before it began. */
    void endUnstarted() {
      if (cancelled) {
        finish(FinishReason.CANCELLED);
      } else {
        model.whenComplete(
            (decoder, error) ->
                fail(
                    error instanceof CompletionException && error.getCause() != null
                        ? error.getCause()
                        : error));
      }
    }

    /** Makes one step; false when the answer has ended. */
    boolean step() {
      try {
        if (cancelled) {
          finish(FinishReason.CANCELLED);
          return false;
        }
        FinishReason reason = last < 0 ? prefill() : decode();
        if (reason != null) {
          finish(reason);
        }
        return reason == null;
      } catch (RuntimeException | Error e) {
        fail(e);
        return false;
      }
    }

    /** The next piece of prompt and resumed output; after the last, the first token. */
    private @Nullable FinishReason prefill() {
      InferenceSession sequence = session();
      int prompt = request.prompt().size();
      int total = prompt + request.outputSoFar().size();
      int done = sequence.length();
      int vocabulary = model.join().vocabSize();
      boolean score = request.scorePrompt() && done < prompt;
      int chunk = Math.min(prefillChunk, total - done);
      if (score) {
        chunk = Math.min(chunk, Math.max(1, MAX_SCORED_LOGITS / vocabulary));
      }
      int[] ids = new int[chunk];
      for (int i = 0; i < chunk; i++) {
        int place = done + i;
        ids[i] =
            place < prompt
                ? request.prompt().get(place)
                : request.outputSoFar().get(place - prompt);
        if (ids[i] >= vocabulary) {
          throw new InfernetException(
              "token id "
                  + ids[i]
                  + " is not of "
                  + request.model().name()
                  + ", whose ids end at "
                  + (vocabulary - 1));
        }
      }
      float[] logits = sequence.append(ids, score);
      if (score) {
        scorePrompt(logits, done, chunk, vocabulary);
      }
      if (done + chunk < total) {
        return null;
      }
      made = request.outputSoFar().size();
      for (int i = 0; i < made; i++) {
        sampler.accept(request.outputSoFar().get(i));
      }
      return next(logits, logits.length - vocabulary);
    }

    private void scorePrompt(float[] logits, int done, int chunk, int vocabulary) {
      if (done == 0) {
        promptScores.add(Optional.empty());
      }
      // The logits after token i are about token i + 1.
      for (int i = 0; i < chunk && done + i + 1 < request.prompt().size(); i++) {
        promptScores.add(
            Optional.of(
                Scorer.score(
                    logits,
                    i * vocabulary,
                    (i + 1) * vocabulary,
                    request.prompt().get(done + i + 1),
                    request.topLogprobs().orElse(0))));
      }
      if (done + chunk >= request.prompt().size()) {
        listener.onPrompt(List.copyOf(promptScores));
        promptScores.clear();
      }
    }

    private @Nullable FinishReason decode() {
      return next(session().append(new int[] {last}, false), 0);
    }

    /** Chooses the token that follows, from logits that begin at {@code from}. */
    private @Nullable FinishReason next(float[] logits, int from) {
      int room = model.join().contextLength() - request.prompt().size();
      int limit = Math.min(request.maxTokens(), room);
      if (made >= limit) {
        return FinishReason.LENGTH;
      }
      int id = sampler.sample(logits, from, logits.length);
      if (request.stopIds().contains(id)) {
        return FinishReason.STOP;
      }
      Optional<TokenScore> score =
          request.topLogprobs().isPresent()
              ? Optional.of(
                  Scorer.score(logits, from, logits.length, id, request.topLogprobs().getAsInt()))
              : Optional.empty();
      sampler.accept(id);
      last = id;
      listener.onToken(new GeneratedToken(made++, id, score));
      return made >= limit ? FinishReason.LENGTH : null;
    }

    private InferenceSession session() {
      if (session == null) {
        throw new IllegalStateException("the answer has not begun");
      }
      return session;
    }

    private void finish(FinishReason reason) {
      free();
      int output = Math.max(made, request.outputSoFar().size());
      try {
        listener.onFinish(reason, new Usage(request.prompt().size(), output));
      } catch (RuntimeException | Error e) {
        LOG.error("a listener failed", e);
      }
    }

    private void fail(Throwable error) {
      free();
      try {
        listener.onError(error);
      } catch (RuntimeException | Error e) {
        LOG.error("a listener failed", e);
      }
    }

    /** Before anybody hears that the answer has ended: who hears it may want its slot. */
    private void free() {
      synchronized (lock) {
        running.remove(this);
      }
      if (session != null) {
        session.close();
        session = null;
      }
    }
  }
}

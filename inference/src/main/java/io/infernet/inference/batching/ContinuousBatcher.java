package io.infernet.inference.batching;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.batching.PrefixCache.Source;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.json.Constraints;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the answers of one model, many at once: each step computes the next token of all answers
 * under way and a piece of the prompts of new ones. {@link #submit}, {@link #status} and {@link
 * Generation#cancel} may be called from any thread; {@link #step} and {@link #close} belong to the
 * engine thread, on which all listeners are called.
 *
 * <p>Implementation notes.
 *
 * <ul>
 *   <li>Who begins: {@link FairQueue}; nobody overtakes the one whose turn it is, so that a long
 *       prompt gets its room in the end. When there is no place for a tenant that has nothing under
 *       way, the youngest answer of the tenant with most rests.
 *   <li>Room: an answer begins when its tokens fit and all others can still grow once. When one
 *       cannot grow, kept sequences go ({@link PrefixCache}); then the youngest answer rests. It
 *       keeps its tokens; what of them is still in the cache later is used again, the rest is
 *       computed again, and its listener notices only the time.
 *   <li>What a step computes: {@link StepPlanner}.
 *   <li>Failures: when a step with several answers fails, its halves are computed one by one, and
 *       so on: only answers that fail alone have failed. So one answer harms no other, and a step
 *       too large for the memory that is left becomes several.
 * </ul>
 */
public final class ContinuousBatcher {

  private static final Logger LOG = LoggerFactory.getLogger(ContinuousBatcher.class);

  /** Most logits for tokens to be chosen in one step: 128 MiB. */
  private static final int MAX_CHOSEN_LOGITS = 1 << 25;

  /** What an output token costs in the count of who was served how much; a prompt token costs 1. */
  private static final int OUTPUT_COST = 2;

  private final BatcherConfig config;
  private final CompletableFuture<Decoder> model;
  private final StepPlanner planner;
  private final Constraints constraints;
  private final RowWorkers rows;
  private final Runnable wakeUp;

  /** Guards waiting, runningCount, arrivals and closed. */
  private final Object lock = new Object();

  private final FairQueue<Answer> waiting = new FairQueue<>();
  private int runningCount;
  private long arrivals;
  private boolean closed;

  private final Queue<Answer> cancelled = new ConcurrentLinkedQueue<>();

  /** By number: the oldest first. Engine thread only, as is all below. */
  private final TreeMap<Long, Answer> running = new TreeMap<>();

  private @Nullable PrefixCache cache;
  private long preemptions;

  private volatile BatcherStatus memory = new BatcherStatus(0, 0, 0, 0, 0, 0, 0);

  /** For a model of which nothing but text is wanted. */
  public ContinuousBatcher(
      BatcherConfig config, CompletableFuture<Decoder> model, Executor helpers, Runnable wakeUp) {
    this(config, model, Constraints.none(), helpers, wakeUp);
  }

  /**
   * @param model done when the model is loaded; its owner closes it after this
   * @param constraints what answers of a certain form may be
   * @param helpers runs tasks that choose tokens beside the engine thread; may refuse them
   * @param wakeUp called from any thread when there may be something to do again
   */
  public ContinuousBatcher(
      BatcherConfig config,
      CompletableFuture<Decoder> model,
      Constraints constraints,
      Executor helpers,
      Runnable wakeUp) {
    this.constraints = requireNonNull(constraints, "constraints is null");
    this.config = requireNonNull(config, "config is null");
    this.model = requireNonNull(model, "model is null");
    this.wakeUp = requireNonNull(wakeUp, "wakeUp is null");
    planner = new StepPlanner(config);
    rows = new RowWorkers(helpers, config.samplingThreads());
  }

  /**
   * Queues an answer.
   *
   * @throws ContextLengthExceededException when the model is loaded and its cache is smaller than
   *     the prompt; when it is still being loaded the listener hears of it
   * @throws EngineBusyException when the queue is full, or half of it is the tenant's, if that is
   *     not the owner of this machine
   */
  public Generation submit(GenerationRequest request, TokenListener listener) {
    Answer answer;
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("the engine is closed");
      }
      int waits = waiting.size();
      int places = config.maxBatch() + config.maxWaiting();
      if (runningCount + waits >= places
          || (!request.tenant().equals(GenerationRequest.LOCAL_TENANT)
              && waiting.count(request.tenant()) >= (places + 1) / 2)) {
        throw new EngineBusyException(runningCount, waits);
      }
      if (model.isDone() && !model.isCompletedExceptionally()) {
        request.requireFit(context(model.join()));
      }
      answer = new Answer(arrivals++, request, listener, this::cancel);
      waiting.add(answer.tenant(), answer.number(), answer);
    }
    model.whenComplete((decoder, error) -> wakeUp.run());
    constraints.prepare(request.sampling(), wakeUp);
    return answer;
  }

  /** The most tokens of one sequence. */
  private static int context(Decoder decoder) {
    return Math.min(decoder.contextLength(), decoder.cacheTokens());
  }

  /** On any thread. */
  private void cancel(Answer answer) {
    cancelled.add(answer);
    wakeUp.run();
  }

  /** How busy it is; the figures for tokens are those after the last step. */
  public BatcherStatus status() {
    BatcherStatus last = memory;
    synchronized (lock) {
      return new BatcherStatus(
          runningCount,
          waiting.size(),
          last.cacheTokens(),
          last.activeTokens(),
          last.keptTokens(),
          last.reusedTokens(),
          last.preemptions());
    }
  }

  /**
   * Makes one step.
   *
   * @return whether there was anything to do
   */
  public boolean step() {
    boolean worked = endCancelled();
    if (!model.isDone()) {
      return worked;
    }
    if (model.isCompletedExceptionally()) {
      return failAll() || worked;
    }
    Decoder decoder = model.join();
    if (cache == null) {
      cache = cacheOf(decoder);
    }
    try {
      worked |= admit(decoder, cache);
      growAll(decoder, cache);
      List<Part> parts = planner.plan(running, decoder.vocabSize(), cache);
      if (!parts.isEmpty()) {
        compute(parts, decoder, cache);
        worked = true;
      }
    } catch (RuntimeException | Error e) {
      // Keys and values could not be moved: nobody knows what the cache holds now.
      LOG.error("the cache of a model failed", e);
      worked = true;
      cache.abandon();
      cache = null;
      for (Answer answer : List.copyOf(running.values())) {
        fail(answer, e, null);
      }
    }
    report();
    return worked;
  }

  private PrefixCache cacheOf(Decoder decoder) {
    return new PrefixCache(
        decoder.cacheTokens(),
        decoder::copyCache,
        config.maxKept(),
        config.leastShared(),
        unit(),
        config.growth());
  }

  /** Pieces in which what is computed may be shared. */
  private int unit() {
    return config.deterministic() ? config.prefillTokens() : 1;
  }

  private void report() {
    PrefixCache now = cache;
    memory =
        now == null
            ? new BatcherStatus(0, 0, 0, 0, 0, 0, preemptions)
            : new BatcherStatus(
                0, 0, now.tokens(), now.heldTokens(), now.keptTokens(), now.reused(), preemptions);
  }

  // ---- Who is being computed ----

  private boolean endCancelled() {
    boolean worked = false;
    for (Answer answer = cancelled.poll(); answer != null; answer = cancelled.poll()) {
      if (!answer.ended()) {
        if (!running.containsKey(answer.number())) {
          leaveQueue(answer);
        }
        finish(answer, FinishReason.CANCELLED, cache);
        worked = true;
      }
    }
    return worked;
  }

  private void leaveQueue(Answer answer) {
    synchronized (lock) {
      waiting.remove(answer.tenant(), answer.number());
    }
  }

  /** The model failed to load. */
  private boolean failAll() {
    List<Answer> all;
    synchronized (lock) {
      all = waiting.all();
    }
    for (Answer answer : all) {
      leaveQueue(answer);
      fail(answer, modelError(), null);
    }
    return !all.isEmpty();
  }

  private Throwable modelError() {
    try {
      model.join();
      throw new IllegalStateException("the model has not failed");
    } catch (CompletionException e) {
      return e.getCause() == null ? e : e.getCause();
    }
  }

  /** Lets those begin whose turn it is, as long as there is room. */
  private boolean admit(Decoder decoder, PrefixCache room) {
    boolean worked = false;
    for (Answer next = peek(); next != null; next = peek()) {
      if (!constraints.isReady(next.request().sampling())) {
        break;
      }
      try {
        next.request().requireFit(context(decoder));
        next.prepare(
            decoder.vocabSize(), context(decoder), decoder.stretchAfter(), unit(), constraints);
      } catch (RuntimeException | Error e) {
        leaveQueue(next);
        fail(next, e, room);
        worked = true;
        continue;
      }
      if (next.complete()) {
        leaveQueue(next);
        finish(next, next.wellFormed() ? FinishReason.STOP : FinishReason.LENGTH, room);
        worked = true;
        continue;
      }
      if (!begin(next, decoder, room)) {
        break;
      }
      running.put(next.number(), next);
      synchronized (lock) {
        waiting.begin(next.tenant(), next.number());
        runningCount++;
      }
      worked = true;
    }
    return worked;
  }

  /** Finds an answer its place, if need be another tenant's; false when there is none for now. */
  private boolean begin(Answer answer, Decoder decoder, PrefixCache room) {
    try {
      while (!activate(answer, decoder, room)) {
        if (!restForOtherTenant(answer, room)) {
          return false;
        }
      }
      return true;
    } catch (RuntimeException | Error e) {
      // The cache is given up; this answer must not be the first to try the next one.
      leaveQueue(answer);
      fail(answer, e, null);
      throw e;
    }
  }

  private @Nullable Answer peek() {
    synchronized (lock) {
      return waiting.peek();
    }
  }

  /** Answers at once: as configured, unless their logits would take too much memory. */
  private int batch(Decoder decoder) {
    return Math.min(config.maxBatch(), Math.max(1, MAX_CHOSEN_LOGITS / decoder.vocabSize()));
  }

  /** Finds an answer its place in the cache; false when there is none for now. */
  private boolean activate(Answer answer, Decoder decoder, PrefixCache room) {
    if (running.size() >= batch(decoder)) {
      return false;
    }
    Sequence sequence = answer.sequence();
    int growth = Math.min(config.growth(), answer.room());
    int least = Math.min(sequence.length() + growth, context(decoder));
    // So that those who are under way can grow once before somebody must rest.
    long spare = room.tokens() - room.activeTokens() - least;
    for (Answer other : running.values()) {
      spare -= Math.min(config.growth(), other.room());
    }
    if (spare < 0 && !running.isEmpty()) {
      return false;
    }
    int share = room.tokens() / (2 * (running.size() + 1));
    int whole = Math.min(sequence.length() + answer.room(), context(decoder));
    int wanted = Math.max(least, Math.min(whole, share));
    if (!room.activate(sequence, answer.reusable(), least, wanted)) {
      return false;
    }
    answer.waitFor(sequence.computed() == 0 ? room.share(sequence, answer.reusable()) : null);
    return true;
  }

  /**
   * Lets the youngest answer of the tenant with most of them rest, when the next one's tenant has
   * none and was served less.
   */
  private boolean restForOtherTenant(Answer next, PrefixCache room) {
    Map<String, Integer> counts = new HashMap<>();
    running.values().forEach(answer -> counts.merge(answer.tenant(), 1, Integer::sum));
    if (counts.containsKey(next.tenant())) {
      return false;
    }
    synchronized (lock) {
      counts
          .entrySet()
          .removeIf(
              entry -> entry.getValue() < 2 || !waiting.servedLess(next.tenant(), entry.getKey()));
    }
    int most = counts.values().stream().mapToInt(n -> n).max().orElse(0);
    for (Answer answer : running.descendingMap().values()) {
      if (counts.getOrDefault(answer.tenant(), -1) == most) {
        rest(answer, room);
        return true;
      }
    }
    return false;
  }

  /** An answer under way waits again; its tokens stay in the cache while nobody needs the room. */
  private void rest(Answer answer, PrefixCache room) {
    preemptions++;
    running.remove(answer.number());
    answer.waitFor(null);
    room.keep(answer.sequence());
    synchronized (lock) {
      waiting.resume(answer.tenant(), answer.number(), answer);
      runningCount--;
    }
    for (Answer other : running.values()) {
      Source source = other.source();
      if (source != null && source.sequence() == answer.sequence()) {
        // Not later: two must never wait for each other.
        other.waitFor(room.share(other.sequence(), other.reusable()));
      }
    }
  }

  /** Makes sure that each answer has a place for its next token; if need be the youngest rest. */
  private void growAll(Decoder decoder, PrefixCache room) {
    for (Answer answer : List.copyOf(running.values())) {
      while (running.containsKey(answer.number()) && !grow(answer, decoder, room)) {
        rest(running.lastEntry().getValue(), room);
      }
    }
  }

  /** Gets an answer some places if it has none left, or the one it needs if there are no more. */
  private boolean grow(Answer answer, Decoder decoder, PrefixCache room) {
    Sequence sequence = answer.sequence();
    int length = sequence.length();
    if (length <= sequence.extent().capacity()) {
      return true;
    }
    int wanted = Math.min(length + growth(answer), context(decoder));
    return room.grow(sequence, length, wanted);
  }

  /** Places to ask for beyond what an answer has: more for long ones, which are dear to move. */
  private int growth(Answer answer) {
    return Math.min(answer.room(), Math.max(config.growth(), answer.sequence().length() / 4));
  }

  // ---- What is computed ----

  private void compute(List<Part> parts, Decoder decoder, PrefixCache room) {
    boolean hidden = false;
    List<Chunk> chunks = new ArrayList<>(parts.size());
    for (Part part : parts) {
      chunks.add(part.chunk());
      hidden |= part.answer().wantsHidden();
    }
    Step step = new Step(chunks, hidden);
    StepOutput output;
    try {
      output = decoder.step(step);
    } catch (RuntimeException | Error e) {
      if (parts.size() == 1) {
        fail(parts.get(0).answer(), e, room);
      } else {
        LOG.warn(
            "a step of {} answers failed ({}); its halves are tried", parts.size(), e.toString());
        int half = parts.size() / 2;
        compute(parts.subList(0, half), decoder, room);
        compute(parts.subList(half, parts.size()), decoder, room);
      }
      return;
    }
    for (Part part : parts) {
      part.answer().sequence().advance(part.chunk().ids().length);
      charge(part);
    }
    Outcome[] outcomes = choose(parts, output);
    for (int i = 0; i < outcomes.length; i++) {
      deliver(parts.get(i), output, i, outcomes[i], decoder.hiddenSize(), room);
    }
  }

  private void charge(Part part) {
    int tokens = part.chunk().ids().length;
    boolean output = part.chunk().position() >= part.answer().given();
    synchronized (lock) {
      waiting.charge(part.answer().tenant(), (long) tokens * (output ? OUTPUT_COST : 1));
    }
  }

  /** What was chosen after a chunk, or why that failed; neither when nothing was to be chosen. */
  private record Outcome(Answer.@Nullable Choice choice, @Nullable Throwable error) {
    static final Outcome NONE = new Outcome(null, null);
  }

  private Outcome[] choose(List<Part> parts, StepOutput output) {
    Outcome[] outcomes = new Outcome[parts.size()];
    int[] choosing = new int[parts.size()];
    int count = 0;
    for (int i = 0; i < outcomes.length; i++) {
      outcomes[i] = Outcome.NONE;
      if (parts.get(i).answer().choosesAfter(parts.get(i).chunk())) {
        choosing[count++] = i;
      }
    }
    int width = output.vocabSize();
    rows.forEach(
        count,
        width,
        k -> {
          int i = choosing[k];
          Part part = parts.get(i);
          int rowsOfChunk = part.chunk().logits().rows(part.chunk().ids().length);
          int from = (output.row(i) + rowsOfChunk - 1) * width;
          try {
            outcomes[i] =
                new Outcome(part.answer().choose(output.logits(), from, from + width), null);
          } catch (RuntimeException | Error e) {
            outcomes[i] = new Outcome(null, e);
          }
        });
    return outcomes;
  }

  private void deliver(
      Part part, StepOutput output, int index, Outcome outcome, int hiddenSize, PrefixCache room) {
    Answer answer = part.answer();
    if (outcome.error != null) {
      fail(answer, outcome.error, room);
      return;
    }
    FinishReason reason = null;
    try {
      answer.computed(part.chunk(), output, index, hiddenSize);
      if (outcome.choice != null) {
        reason = answer.take(outcome.choice);
      } else if (answer.sequence().remaining() == 0) {
        reason = FinishReason.LENGTH;
      }
    } catch (RuntimeException | Error e) {
      fail(answer, e, room);
      return;
    }
    if (reason != null) {
      finish(answer, reason, room);
    }
  }

  // ---- How answers end ----

  private void finish(Answer answer, FinishReason reason, @Nullable PrefixCache room) {
    leave(answer, room, true);
    try {
      answer.finish(reason);
    } catch (RuntimeException | Error e) {
      LOG.error("a listener failed", e);
    }
  }

  private void fail(Answer answer, Throwable error, @Nullable PrefixCache room) {
    leave(answer, room, false);
    try {
      answer.fail(error);
    } catch (RuntimeException | Error e) {
      LOG.error("a listener failed", e);
    }
  }

  /** Before anybody hears that the answer has ended: who hears it may want its place. */
  private void leave(Answer answer, @Nullable PrefixCache room, boolean keep) {
    boolean ran = running.remove(answer.number()) != null;
    if (ran) {
      synchronized (lock) {
        waiting.ended(answer.tenant());
        runningCount--;
      }
    }
    if (room != null && answer.placed()) {
      Sequence sequence = answer.sequence();
      if (ran && keep) {
        room.keep(sequence);
      } else if (ran) {
        room.release(sequence);
      }
    }
  }

  /** Cancels everything; nothing can be submitted any more. */
  public void close() {
    List<Answer> all = new ArrayList<>(running.values());
    synchronized (lock) {
      closed = true;
      all.addAll(waiting.all());
    }
    for (Answer answer : all) {
      if (!running.containsKey(answer.number())) {
        leaveQueue(answer);
      }
      finish(answer, FinishReason.CANCELLED, cache);
    }
    cache = null;
  }
}

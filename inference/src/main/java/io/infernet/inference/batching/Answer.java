package io.infernet.inference.batching;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.HiddenStates;
import io.infernet.inference.engine.Sampler;
import io.infernet.inference.engine.Scorer;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.json.Constraints;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One answer: what was asked, how far it is, and what its listener has heard. Confined to the
 * engine thread, but for {@link #cancel}.
 */
final class Answer implements Generation {

  private final long number;
  private final GenerationRequest request;
  private final TokenListener listener;
  private final Consumer<Answer> cancel;
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final List<Optional<TokenScore>> promptScores = new ArrayList<>();
  private @Nullable Sampler sampler;
  private @Nullable Sequence sequence;
  private PrefixCache.@Nullable Source source;
  private int made;
  private int limit;

  /** Tokens of the sequence whose hidden states the listener has. */
  private int seen;

  private boolean prefillDone;
  private boolean promptReported;
  private boolean ended;

  /**
   * @param number its place in the order of arrival
   * @param cancel called once, from any thread, when the answer is not wanted any more
   */
  Answer(long number, GenerationRequest request, TokenListener listener, Consumer<Answer> cancel) {
    this.number = number;
    this.request = request;
    this.listener = listener;
    this.cancel = cancel;
    made = request.outputSoFar().size();
  }

  @Override
  public void cancel() {
    if (cancelled.compareAndSet(false, true)) {
      cancel.accept(this);
    }
  }

  long number() {
    return number;
  }

  GenerationRequest request() {
    return request;
  }

  String tenant() {
    return request.tenant();
  }

  boolean ended() {
    return ended;
  }

  /** Tokens that are known before the first is made. */
  int given() {
    return request.prompt().size() + request.outputSoFar().size();
  }

  /**
   * Makes its sequence and its sampler, once.
   *
   * @param context the most tokens of a sequence
   * @param stretchAfter the most tokens of a sequence that is computed as usual
   * @param unit pieces in which prompts are computed when others may copy only whole ones; 1 for
   *     anything
   * @param constraints of the model's answers
   * @throws InfernetException when the model does not have one of the tokens, or cannot answer in
   *     the wanted form
   */
  void prepare(int vocabulary, int context, int stretchAfter, int unit, Constraints constraints) {
    if (sequence != null) {
      return;
    }
    int[] ids = request.prompt().concat(request.outputSoFar()).toArray();
    for (int id : ids) {
      if (id >= vocabulary) {
        throw new InfernetException(
            "token id "
                + id
                + " is not of "
                + request.model().name()
                + ", whose ids end at "
                + (vocabulary - 1));
      }
    }
    int prompt = request.prompt().size();
    limit = Math.min(request.maxTokens(), context - prompt);
    int shareable =
        unit == 1 ? Integer.MAX_VALUE : request.scorePrompt() ? 0 : prompt - prompt % unit;
    Sampler fresh =
        new Sampler(
            request.sampling(),
            request.prompt(),
            constraints.of(request.sampling(), request.stopIds()));
    for (int i = 0; i < made; i++) {
      fresh.accept(request.outputSoFar().get(i));
    }
    sampler = fresh;
    sequence = new Sequence(ids, shareable, stretchAfter);
  }

  Sequence sequence() {
    if (sequence == null) {
      throw new IllegalStateException("the answer has not begun");
    }
    return sequence;
  }

  private Sampler sampler() {
    if (sampler == null) {
      throw new IllegalStateException("the answer has not begun");
    }
    return sampler;
  }

  /** Whether it has a sequence with a place in the cache. */
  boolean placed() {
    return sequence != null && sequence.placed();
  }

  /** The active sequence it waits for, because both begin alike. */
  PrefixCache.@Nullable Source source() {
    return source;
  }

  void waitFor(PrefixCache.@Nullable Source other) {
    source = other;
  }

  /** Tokens that may still be made. */
  int room() {
    return Math.max(0, limit - made);
  }

  /** Whether the tokens it came with are a whole answer of the wanted form. */
  boolean wellFormed() {
    return sampler().isComplete();
  }

  /** Whether nothing has to be computed for it. */
  boolean complete() {
    return (room() == 0 || wellFormed()) && !request.scorePrompt() && !request.hiddenStates();
  }

  /**
   * How many of its tokens, from the first, need not be computed because others have computed them:
   * all but the last, whose logits are needed, and only those of which nobody wants more.
   */
  int reusable() {
    int most = sequence().length() - 1;
    if (request.hiddenStates()) {
      most = Math.min(most, seen);
    }
    if (request.scorePrompt() && !promptReported) {
      most = Math.min(most, scored());
    }
    return most;
  }

  /** Whether only the token chosen last remains to be computed. */
  boolean decoding() {
    return prefillDone && sequence().remaining() == 1;
  }

  /** Whether the next tokens to be computed are of the prompt and are to be scored. */
  boolean scoring() {
    return request.scorePrompt() && !promptReported && sequence().computed() >= scored();
  }

  /** Prompt tokens after which the logits have been seen, while there are more to see. */
  private int scored() {
    return promptReported ? 0 : Math.max(0, promptScores.size() - 1);
  }

  boolean wantsHidden() {
    return request.hiddenStates();
  }

  /**
   * The next tokens to compute, as a part of a step.
   *
   * @param tokens at most so many
   */
  Chunk chunk(int tokens) {
    Sequence known = sequence();
    int from = known.computed();
    int count = Math.min(tokens, known.remaining());
    boolean score = scoring();
    if (score) {
      count = Math.min(count, request.prompt().size() - from);
    } else if (from < scored()) {
      // Computed once more after a rest: the next chunk goes on where scoring stopped.
      count = Math.min(count, scored() - from);
    }
    boolean last = from + count == known.length() && room() > 0;
    Logits logits = score ? Logits.ALL : last ? Logits.LAST : Logits.NONE;
    return new Chunk(
        known.extent().start(), from, known.slice(from, from + count), logits, known.stretched());
  }

  /** Whether a token is chosen when this chunk has been computed. */
  boolean choosesAfter(Chunk chunk) {
    return room() > 0 && chunk.position() + chunk.ids().length == sequence().length();
  }

  /**
   * Chooses the next token. May be called on another thread, but by one at a time.
   *
   * @param logits of all tokens, by id, from {@code from} up to {@code to}
   */
  Choice choose(float[] logits, int from, int to) {
    int id = sampler().sample(logits, from, to);
    boolean stop = request.stopIds().contains(id);
    Optional<TokenScore> score =
        request.topLogprobs().isPresent() && !stop
            ? Optional.of(Scorer.score(logits, from, to, id, request.topLogprobs().getAsInt()))
            : Optional.empty();
    return new Choice(id, stop, score);
  }

  /** The token chosen. */
  record Choice(int id, boolean stop, Optional<TokenScore> score) {}

  /**
   * A chunk has been computed: tells the listener what it wants to know of it, but for the token
   * chosen.
   */
  void computed(Chunk chunk, StepOutput output, int index, int hiddenSize) {
    int end = chunk.position() + chunk.ids().length;
    if (request.hiddenStates() && end > seen) {
      int skip = Math.max(0, seen - chunk.position());
      seen = end;
      listener.onHidden(
          new HiddenStates(
              chunk.position() + skip,
              chunk.ids().length - skip,
              hiddenSize,
              output.hidden(),
              (output.token(index) + skip) * hiddenSize));
    }
    if (chunk.logits() == Logits.ALL) {
      scorePrompt(chunk, output, index);
    }
    if (sequence().remaining() == 0) {
      prefillDone = true;
    }
  }

  private void scorePrompt(Chunk chunk, StepOutput output, int index) {
    if (promptScores.isEmpty()) {
      promptScores.add(Optional.empty());
    }
    int prompt = request.prompt().size();
    int vocabulary = output.vocabSize();
    int row = output.row(index);
    // The logits after token i are about token i + 1.
    for (int i = 0; i < chunk.ids().length; i++) {
      int next = chunk.position() + i + 1;
      if (next < prompt) {
        promptScores.add(
            Optional.of(
                Scorer.score(
                    output.logits(),
                    (row + i) * vocabulary,
                    (row + i + 1) * vocabulary,
                    request.prompt().get(next),
                    request.topLogprobs().orElse(0))));
      }
    }
    if (chunk.position() + chunk.ids().length >= prompt) {
      promptReported = true;
      List<Optional<TokenScore>> scores = List.copyOf(promptScores);
      promptScores.clear();
      listener.onPrompt(scores);
    }
  }

  /**
   * Takes the token that was chosen.
   *
   * @return why the answer ends with it, or null
   */
  @Nullable FinishReason take(Choice choice) {
    if (choice.stop) {
      return FinishReason.STOP;
    }
    sequence().append(choice.id);
    sampler().accept(choice.id);
    listener.onToken(new GeneratedToken(made++, choice.id, choice.score));
    if (sampler().isComplete()) {
      return FinishReason.STOP;
    }
    return room() == 0 ? FinishReason.LENGTH : null;
  }

  /** Tells the listener that the answer has ended. */
  void finish(FinishReason reason) {
    ended = true;
    listener.onFinish(reason, new Usage(request.prompt().size(), made));
  }

  /** Tells the listener that the answer cannot be made. */
  void fail(Throwable error) {
    ended = true;
    listener.onError(error);
  }

  @Override
  public String toString() {
    return "answer " + number;
  }
}

package io.infernet.inference.batching;

import io.infernet.inference.engine.Sampler;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A decoder that computes with hashes: the key at a place is a hash of the whole sequence up to it,
 * and the logits are a hash of that. So each token depends on all before it, and a sequence that
 * reads a place which it did not write gets other tokens. What a careless caller could do wrong is
 * checked, and noted in {@link #faults}.
 *
 * <p>With {@code uneven} the logits also depend a little on how the sequence was cut into chunks
 * and on what was computed beside them, as a real machine's rounding does.
 */
final class FakeDecoder implements Decoder {

  static final int VOCABULARY = 50;
  static final int HIDDEN = 3;

  /** A token after which the logits are no numbers. */
  static final int POISON = 49;

  private record Key(int id, int position, long hash, long rounding) {}

  private final int contextLength;
  private final Key[] cache;
  private final boolean uneven;
  private boolean closed;

  /** What the caller did wrong. */
  final List<String> faults = new ArrayList<>();

  /** Each step: the tokens of its chunks, as {@code position+tokens}. */
  final List<List<String>> steps = new ArrayList<>();

  /** Tokens computed. */
  long computed;

  /** Tokens copied. */
  long copied;

  /** Called before each step; throws what the step is to throw. */
  Consumer<Step> beforeStep = step -> {};

  /** Called before each copy; throws what the copy is to throw. */
  Runnable beforeCopy = () -> {};

  /** Whether steps are noted. */
  boolean noting = true;

  FakeDecoder(int cacheTokens, int contextLength) {
    this(cacheTokens, contextLength, false);
  }

  FakeDecoder(int cacheTokens, int contextLength, boolean uneven) {
    this.contextLength = contextLength;
    this.uneven = uneven;
    cache = new Key[cacheTokens];
  }

  private static long mix(long value) {
    long hash = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    hash = (hash ^ (hash >>> 27)) * 0x94d049bb133111ebL;
    return hash ^ (hash >>> 31);
  }

  private static long next(long hash, int id) {
    return mix(hash * 31 + id + 1);
  }

  private static void logits(long hash, long rounding, boolean poisoned, float[] row, int from) {
    for (int id = 0; id < VOCABULARY; id++) {
      float unit = (mix(hash + id * 0x9e3779b97f4a7c15L) >>> 40) * 0x1p-24f;
      float noise = rounding == 0 ? 0 : (mix(rounding + id) >>> 40) * 0x1p-40f;
      row[from + id] = poisoned ? Float.NaN : 6 * unit + noise;
    }
    // Not a token that anybody would choose.
    row[from + POISON] = poisoned ? Float.NaN : -9;
  }

  /** The hidden state after a sequence. */
  static float hidden(int[] ids, int tokens) {
    long hash = 0;
    for (int i = 0; i < tokens; i++) {
      hash = next(hash, ids[i]);
    }
    return (hash >>> 40) * 0x1p-24f;
  }

  /** The answer to a prompt by {@code params} when nothing else is computed. */
  static List<Integer> answer(int[] prompt, SamplingParams params, int tokens) {
    Sampler sampler = new Sampler(params, TokenIds.of(prompt));
    List<Integer> answer = new ArrayList<>();
    float[] row = new float[VOCABULARY];
    long hash = 0;
    for (int id : prompt) {
      hash = next(hash, id);
    }
    for (int i = 0; i < tokens; i++) {
      logits(hash, 0, false, row, 0);
      int id = sampler.sample(row, 0, VOCABULARY);
      sampler.accept(id);
      answer.add(id);
      hash = next(hash, id);
    }
    return answer;
  }

  @Override
  public int vocabSize() {
    return VOCABULARY;
  }

  @Override
  public int hiddenSize() {
    return HIDDEN;
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public int cacheTokens() {
    return cache.length;
  }

  @Override
  public long memoryBytes() {
    return 1;
  }

  private void check(boolean ok, String message, Object... args) {
    if (!ok) {
      String fault = message.formatted(args);
      faults.add(fault);
      throw new IllegalStateException(fault);
    }
  }

  @Override
  public StepOutput step(Step step) {
    check(!closed, "a step after the end");
    beforeStep.accept(step);
    checkPlaces(step);
    if (noting) {
      steps.add(
          step.chunks().stream()
              .map(chunk -> chunk.position() + "+" + chunk.ids().length)
              .toList());
    }
    float[] logits = new float[step.rows() * VOCABULARY];
    float[] hidden = new float[step.hidden() ? step.tokens() * HIDDEN : 0];
    int row = 0;
    int token = 0;
    for (Chunk chunk : step.chunks()) {
      Key last = readPrefix(chunk);
      int beside = step.tokens() * 64 + step.chunks().size();
      for (int i = 0; i < chunk.ids().length; i++) {
        int id = chunk.ids()[i];
        check(id >= 0 && id < VOCABULARY, "token %d is not of the vocabulary", id);
        long hash = next(last.hash, id);
        long rounding = uneven ? mix(last.rounding * 31 + beside + i) : 0;
        last = new Key(id, chunk.position() + i, hash, rounding);
        cache[chunk.cacheStart() + chunk.position() + i] = last;
        if (step.hidden()) {
          hidden[token * HIDDEN] = (hash >>> 40) * 0x1p-24f;
        }
        token++;
        computed++;
        boolean wanted =
            chunk.logits() == Logits.ALL
                || (chunk.logits() == Logits.LAST && i == chunk.ids().length - 1);
        if (wanted) {
          logits(hash, rounding, id == POISON, logits, row * VOCABULARY);
          row++;
        }
      }
    }
    return new StepOutput(step, logits, VOCABULARY, hidden);
  }

  private void checkPlaces(Step step) {
    List<Chunk> sorted = new ArrayList<>(step.chunks());
    sorted.sort((a, b) -> Integer.compare(a.cacheStart(), b.cacheStart()));
    int end = 0;
    for (Chunk chunk : sorted) {
      check(chunk.cacheStart() >= end, "chunks overlap: %s", sorted);
      end = chunk.cacheEnd();
      check(end <= cache.length, "a chunk ends at %d of %d places", end, cache.length);
      int length = chunk.position() + chunk.ids().length;
      check(length <= contextLength, "a sequence of %d in a context of %d", length, contextLength);
    }
  }

  /** The keys that a chunk attends to must be those of one sequence, without a gap. */
  private Key readPrefix(Chunk chunk) {
    Key last = new Key(-1, -1, 0, 0);
    for (int i = 0; i < chunk.position(); i++) {
      Key key = cache[chunk.cacheStart() + i];
      check(key != null, "place %d was never written", chunk.cacheStart() + i);
      check(
          key.position == i && key.hash == next(last.hash, key.id),
          "place %d holds %s after %s",
          chunk.cacheStart() + i,
          key,
          last);
      last = key;
    }
    return last;
  }

  @Override
  public void copyCache(int from, int to, int tokens) {
    check(!closed, "a copy after the end");
    check(tokens > 0 && from >= 0 && to >= 0, "a copy of %d from %d to %d", tokens, from, to);
    check(Math.max(from, to) + tokens <= cache.length, "a copy beyond the cache");
    beforeCopy.run();
    System.arraycopy(cache, from, cache, to, tokens);
    copied += tokens;
  }

  @Override
  public void close() {
    closed = true;
  }
}

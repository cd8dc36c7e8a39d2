package io.infernet.inference.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.HiddenStates;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/**
 * Thousands of answers of all kinds at once, in a cache that is far too small, some cancelled, some
 * failing: each of them must be what it would be alone, and come to its end in time.
 */
class ContinuousBatcherSimulationTest {

  /** Whom the fake device hates: a step fails for a chunk that begins with it, now and then. */
  private static final int CURSED = 13;

  private final class Job implements TokenListener {
    private final GenerationRequest request;
    private final boolean fragile;
    private final List<Integer> tokens = new ArrayList<>();
    private final List<Float> hidden = new ArrayList<>();
    private int promptScores = -1;
    private FinishReason reason;
    private Throwable error;
    private Generation generation;
    private boolean cancelled;
    private int heard;

    Job(GenerationRequest request, boolean fragile) {
      this.request = request;
      this.fragile = fragile;
    }

    @Override
    public void onPrompt(List<Optional<TokenScore>> scores) {
      assertEquals(-1, promptScores);
      promptScores = scores.size();
      heard = now;
    }

    @Override
    public void onHidden(HiddenStates states) {
      assertEquals(hidden.size(), states.position());
      float[] rows = states.toArray();
      for (int i = 0; i < states.tokens(); i++) {
        hidden.add(rows[i * states.size()]);
      }
    }

    @Override
    public void onToken(GeneratedToken token) {
      assertTrue(reason == null && error == null);
      assertEquals(request.outputSoFar().size() + tokens.size(), token.index());
      tokens.add(token.id());
      heard = now;
      if (fragile && tokens.size() == 3) {
        throw new IllegalArgumentException("a listener that throws");
      }
    }

    @Override
    public void onFinish(FinishReason why, Usage usage) {
      assertTrue(reason == null && error == null);
      reason = why;
      assertEquals(request.outputSoFar().size() + tokens.size(), usage.completionTokens());
    }

    @Override
    public void onError(Throwable why) {
      assertTrue(reason == null && error == null);
      error = why;
    }

    boolean ended() {
      return reason != null || error != null;
    }

    void check(int context) {
      int given = request.outputSoFar().size();
      TokenIds all = request.prompt().concat(request.outputSoFar()).concat(TokenIds.of(tokens));
      List<Integer> alone =
          FakeDecoder.answer(request.prompt().toArray(), request.sampling(), given + tokens.size());
      assertEquals(alone.subList(given, alone.size()), tokens);
      int[] ids = all.toArray();
      for (int i = 0; i < hidden.size(); i++) {
        assertEquals(FakeDecoder.hidden(ids, i + 1), hidden.get(i));
      }
      boolean poisoned = request.prompt().toString().contains(String.valueOf(FakeDecoder.POISON));
      if (error instanceof InfernetException) {
        assertTrue(poisoned, error.getMessage());
      } else if (error instanceof IllegalArgumentException) {
        assertTrue(fragile);
      } else if (error != null) {
        assertEquals("the device hiccups", error.getMessage());
      } else if (reason == FinishReason.CANCELLED) {
        assertTrue(cancelled);
      } else {
        assertEquals(FinishReason.LENGTH, reason);
        int limit = Math.min(request.maxTokens(), context - request.prompt().size());
        assertEquals(Math.max(limit, given), given + tokens.size());
        assertEquals(request.scorePrompt() ? request.prompt().size() : -1, promptScores);
        if (request.hiddenStates() && !tokens.isEmpty()) {
          assertEquals(ids.length - 1, hidden.size());
        }
      }
    }
  }

  private int now;

  @Test
  void everyAnswerIsWhatItWouldBeAlone() {
    for (long seed = 0; seed < 30; seed++) {
      try {
        run(seed);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private void run(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int context = 16 + random.nextInt(80);
    int places = context / 2 + random.nextInt(4 * context);
    int batch = 1 + random.nextInt(12);
    int waiting = random.nextInt(40);
    BatcherConfig config =
        new BatcherConfig(
            batch,
            waiting,
            1 + random.nextInt(24),
            1 + random.nextInt(16),
            1 + random.nextInt(12),
            random.nextInt(12),
            1 + random.nextInt(6),
            1,
            random.nextInt(4) == 0);
    FakeDecoder decoder = new FakeDecoder(places, context);
    decoder.noting = false;
    decoder.beforeStep =
        step -> {
          for (Chunk chunk : step.chunks()) {
            if (chunk.ids()[0] == CURSED && random.nextInt(50) == 0) {
              throw new IllegalStateException("the device hiccups");
            }
          }
        };
    Batch batcher = new Batch(config, decoder);
    int longest = Math.min(context, places);
    List<Job> open = new ArrayList<>();
    int ended = 0;
    int refused = 0;
    now = 0;
    for (int count = 0; count < 300 || !open.isEmpty(); now++) {
      assertTrue(now < 300_000, "the work does not come to an end");
      while (count < 300 && random.nextInt(3) == 0) {
        count++;
        Job job = new Job(request(random, longest), random.nextInt(30) == 0);
        try {
          job.generation = batcher.submit(job.request, job);
          job.heard = now;
          open.add(job);
        } catch (EngineBusyException e) {
          refused++;
        }
      }
      for (Job job : open) {
        if (random.nextInt(600) == 0) {
          job.cancelled = true;
          job.generation.cancel();
        }
      }
      batcher.batcher.step();
      int before = open.size();
      open.removeIf(
          job -> {
            assertTrue(!job.cancelled || job.ended(), "not cancelled within a step");
            if (job.ended()) {
              job.check(longest);
            }
            return job.ended();
          });
      ended += before - open.size();
      BatcherStatus status = batcher.batcher.status();
      assertEquals(open.size(), status.running() + status.waiting());
      assertTrue(status.activeTokens() + status.keptTokens() <= places);
    }
    assertEquals(300, ended + refused);
    assertEquals(0, batcher.batcher.status().activeTokens());
    batcher.assertNoFaults();
  }

  private static GenerationRequest request(SplittableRandom random, int context) {
    int length = 1 + random.nextInt(Math.max(1, context - 1));
    int[] prompt = Batch.prompt(length, random.nextInt(length + 1), random.nextInt(5));
    if (random.nextInt(40) == 0) {
      prompt[random.nextInt(length)] = FakeDecoder.POISON;
    }
    SamplingParams sampling =
        random.nextBoolean()
            ? SamplingParams.greedy()
            : new SamplingParams(1, random.nextInt(20), 0.9, random.nextInt(4));
    int maxTokens = random.nextInt(context);
    GenerationRequest request = Batch.request(sampling, maxTokens, prompt);
    if (random.nextInt(5) == 0) {
      int made = random.nextInt(Math.max(1, Math.min(maxTokens + 1, context - length + 1)));
      request = request.resumedAfter(TokenIds.of(FakeDecoder.answer(prompt, sampling, made)));
    }
    if (random.nextInt(6) == 0) {
      request = Batch.scored(request, random.nextInt(3));
    }
    if (random.nextInt(6) == 0) {
      request = request.withHiddenStates();
    }
    return request.forTenant("t" + random.nextInt(3));
  }

  @Test
  void everyAnswerGetsATokenInEachStepWhenThereIsRoom() {
    for (long seed = 0; seed < 4; seed++) {
      int[] longest = crowd(seed, 1);
      assertEquals(0, longest[0], "seed " + seed);
      assertTrue(longest[1] <= 150, "seed " + seed + ": a wait of " + longest[1] + " steps");
    }
  }

  @Test
  void nobodyStarvesAmongManyTenants() {
    for (long seed = 0; seed < 4; seed++) {
      int[] longest = crowd(seed, 20);
      // An answer may rest while each other tenant is served as much as its own.
      assertTrue(longest[0] <= 200, "seed " + seed + ": a gap of " + longest[0] + " steps");
      // The last of several answers of one tenant waits for those before it, at a 20th of the
      // speed.
      assertTrue(longest[1] <= 600, "seed " + seed + ": a wait of " + longest[1] + " steps");
    }
  }

  /**
   * Keeps 40 answers in the queue of a batcher that makes 8 at once.
   *
   * @return the most steps between two tokens of an answer, and before the first
   */
  private int[] crowd(long seed, int tenants) {
    SplittableRandom random = new SplittableRandom(seed);
    BatcherConfig config = new BatcherConfig(8, 100, 16, 16, 4, 8, 4, 1, false);
    Batch batch = new Batch(config, new FakeDecoder(8 * 64, 64));
    batch.decoder.noting = false;
    List<Job> open = new ArrayList<>();
    int[] longest = new int[2];
    for (now = 0; now < 3_000; now++) {
      while (open.size() < 40) {
        int[] prompt = Batch.prompt(1 + random.nextInt(40), 0, random.nextInt(1000));
        GenerationRequest request =
            Batch.request(1 + random.nextInt(20), prompt).forTenant("t" + random.nextInt(tenants));
        Job job = new Job(request, false);
        job.generation = batch.submit(request, job);
        job.heard = now;
        open.add(job);
      }
      batch.batcher.step();
      for (Job job : open) {
        if (!job.ended()) {
          int which = job.tokens.isEmpty() ? 1 : 0;
          longest[which] = Math.max(longest[which], now - job.heard);
        }
      }
      open.removeIf(Job::ended);
    }
    batch.assertNoFaults();
    return longest;
  }

  @Test
  void sameSeedSameSteps() {
    List<List<List<String>>> steps = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      SplittableRandom random = new SplittableRandom(5);
      Batch batch = new Batch(Batch.CONFIG.withLimits(4, 100), new FakeDecoder(200, 64));
      for (int i = 0; i < 60; i++) {
        batch.submit(request(random, 64));
      }
      batch.run();
      steps.add(batch.decoder.steps);
    }
    assertEquals(steps.get(0), steps.get(1));
    assertInstanceOf(List.class, steps.get(0).get(0));
  }

  @Test
  void errorsOfTheFakeAreSeen() {
    FakeDecoder decoder = new FakeDecoder(64, 32);
    decoder.step(new Step(List.of(new Chunk(0, 0, new int[] {1, 2, 3}, Logits.LAST)), false));
    decoder.step(new Step(List.of(new Chunk(3, 0, new int[] {4, 5, 6}, Logits.LAST)), false));
    // A wrong place, a stale prefix, a gap, an overlap.
    List<Chunk> wrong =
        List.of(
            new Chunk(1, 2, new int[] {7}, Logits.LAST),
            new Chunk(0, 4, new int[] {7}, Logits.LAST),
            new Chunk(0, 7, new int[] {7}, Logits.LAST),
            new Chunk(40, 1, new int[] {7}, Logits.LAST),
            new Chunk(30, 0, new int[33], Logits.LAST));
    for (Chunk chunk : wrong) {
      int before = decoder.faults.size();
      try {
        decoder.step(new Step(List.of(chunk), false));
      } catch (IllegalStateException e) {
        // Noted too.
      }
      assertEquals(before + 1, decoder.faults.size(), chunk.toString());
    }
    try {
      decoder.step(
          new Step(
              List.of(
                  new Chunk(0, 3, new int[] {1, 2}, Logits.LAST),
                  new Chunk(4, 0, new int[] {1}, Logits.LAST)),
              false));
    } catch (CompletionException | IllegalStateException e) {
      // Noted too.
    }
    assertEquals(6, decoder.faults.size());
  }
}

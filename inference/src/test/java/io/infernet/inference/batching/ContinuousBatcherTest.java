package io.infernet.inference.batching;

import static io.infernet.inference.batching.Batch.CONFIG;
import static io.infernet.inference.batching.Batch.MODEL;
import static io.infernet.inference.batching.Batch.PLAIN;
import static io.infernet.inference.batching.Batch.assertAlone;
import static io.infernet.inference.batching.Batch.prompt;
import static io.infernet.inference.batching.Batch.request;
import static io.infernet.inference.batching.Batch.scored;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.ContextLengthExceededException;
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
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ContinuousBatcherTest {

  private final Batch batch = new Batch(PLAIN, new FakeDecoder(256, 64));
  private final FakeDecoder decoder = batch.decoder;
  private final ContinuousBatcher batcher = batch.batcher;

  @AfterEach
  void nothingWasDoneWrong() {
    batch.assertNoFaults();
  }

  private static Throwable failure(RecordingListener listener) {
    return assertThrows(CompletionException.class, listener::await).getCause();
  }

  @Test
  void makesTheAnswerAndReportsIt() {
    GenerationRequest request = request(5, 1, 2, 4);
    RecordingListener listener = batch.submit(request);
    batch.run();
    RecordingListener.Answer answer = listener.await();
    assertAlone(request, listener);
    assertEquals(List.of(0, 1, 2, 3, 4), answer.details().stream().map(t -> t.index()).toList());
    assertEquals(FinishReason.LENGTH, answer.reason());
    assertEquals(new Usage(3, 5), answer.usage());
    assertEquals(
        List.of(List.of("0+3"), List.of("3+1"), List.of("4+1"), List.of("5+1"), List.of("6+1")),
        decoder.steps);
    assertEquals(0, batcher.status().running());
    assertEquals(0, batcher.status().activeTokens());
  }

  @Test
  void readsLongPromptsInPieces() {
    batch.submit(request(1, new int[19]));
    batch.run();
    assertEquals(List.of(List.of("0+8"), List.of("8+8"), List.of("16+3")), decoder.steps);
  }

  @Test
  void decodesAllAnswersInEachStep() {
    List<GenerationRequest> requests = List.of(request(4, 1), request(4, 2), request(4, 3));
    List<RecordingListener> listeners = requests.stream().map(batch::submit).toList();
    assertEquals(4, batch.run());
    for (int i = 0; i < 3; i++) {
      assertAlone(requests.get(i), listeners.get(i));
    }
    assertEquals(List.of("1+1", "1+1", "1+1"), decoder.steps.get(1));
  }

  @Test
  void endsAtAStopTokenWhichIsNoPartOfTheAnswer() {
    List<Integer> expected = FakeDecoder.answer(new int[] {1}, SamplingParams.greedy(), 4);
    GenerationRequest plain = request(9, 1);
    RecordingListener listener =
        batch.submit(
            new GenerationRequest(
                MODEL,
                plain.prompt(),
                TokenIds.empty(),
                plain.sampling(),
                9,
                Set.of(expected.get(3)),
                OptionalInt.empty(),
                false));
    batch.run();
    assertEquals(TokenIds.of(expected.subList(0, 3)), listener.await().tokens());
    assertEquals(FinishReason.STOP, listener.await().reason());
    assertEquals(new Usage(1, 3), listener.await().usage());
  }

  @Test
  void endsWhereTheContextEnds() {
    RecordingListener listener = batch.submit(request(1_000, new int[60]));
    batch.run();
    assertEquals(FinishReason.LENGTH, listener.await().reason());
    assertEquals(new Usage(60, 4), listener.await().usage());
  }

  @Test
  void goesOnWhereAnotherNodeStopped() {
    GenerationRequest request = request(8, 3, 5);
    List<Integer> whole = FakeDecoder.answer(new int[] {3, 5}, request.sampling(), 8);
    RecordingListener listener =
        batch.submit(request.resumedAfter(TokenIds.of(whole.subList(0, 5))));
    batch.run();
    RecordingListener.Answer answer = listener.await();
    assertEquals(TokenIds.of(whole.subList(5, 8)), answer.tokens());
    assertEquals(List.of(5, 6, 7), answer.details().stream().map(t -> t.index()).toList());
    assertEquals(new Usage(2, 8), answer.usage());
  }

  @Test
  void resumesSampledAnswersWithTheSameTokens() {
    GenerationRequest request = request(new SamplingParams(2, 0, 1, 11), 12, 3);
    RecordingListener whole = batch.submit(request);
    batch.run();
    TokenIds all = whole.await().tokens();
    for (int cut = 1; cut <= 12; cut++) {
      RecordingListener rest = batch.submit(request.resumedAfter(all.slice(0, cut)));
      batch.run();
      assertEquals(all.slice(cut, 12), rest.await().tokens());
    }
  }

  @Test
  void letsOthersOnInTheMiddleOfALongPrompt() {
    batch.submit(request(1, new int[60]));
    RecordingListener brief = batch.submit(request(1, 7, 8));
    batcher.step();
    assertTrue(brief.answer().isDone());
    assertEquals(List.of(List.of("0+6", "0+2")), decoder.steps);
  }

  @Test
  void readsPromptsInSmallerPiecesWhileOthersAreDecoded() {
    batch.submit(request(20, 1));
    batcher.step();
    batch.submit(request(1, new int[7]));
    batcher.step();
    batcher.step();
    assertEquals(
        List.of(List.of("0+1"), List.of("1+1", "0+3"), List.of("2+1", "3+3")), decoder.steps);
  }

  @Test
  void doesNotLetALongPromptStarveBehindBriefOnes() {
    Batch busy = new Batch(PLAIN.withLimits(3, 200), new FakeDecoder(256, 64));
    RecordingListener slow = busy.submit(request(1, prompt(60, 0, 1)));
    int steps = 0;
    for (int i = 0; !slow.answer().isDone(); i++) {
      busy.submit(request(1, prompt(8, 0, i + 2)));
      busy.batcher.step();
      steps++;
    }
    assertEquals(15, steps);
    busy.assertNoFaults();
  }

  @Test
  void servesThoseWhoWaitInOrder() {
    List<Integer> ended = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      RecordingListener listener = batch.submit(request(2, i + 1));
      listener.answer().thenAccept(answer -> ended.add(number));
    }
    batcher.step();
    assertEquals(3, batcher.status().running());
    assertEquals(2, batcher.status().waiting());
    batch.run();
    assertEquals(List.of(0, 1, 2, 3, 4), ended);
  }

  @Test
  void freesItsPlaceBeforeItTellsThatTheAnswerHasEnded() {
    List<Integer> running = new ArrayList<>();
    TokenListener listener =
        new TokenListener() {
          @Override
          public void onToken(GeneratedToken token) {
            running.add(batcher.status().running());
          }

          @Override
          public void onFinish(FinishReason reason, Usage usage) {
            running.add(batcher.status().running());
          }

          @Override
          public void onError(Throwable error) {
            throw new AssertionError(error);
          }
        };
    batch.submit(request(2, 1), listener);
    batch.run();
    assertEquals(List.of(1, 1, 0), running);
  }

  @Test
  void refusesWhenTheQueueIsFull() {
    for (int i = 0; i < 5; i++) {
      batch.submit(request(3, 1));
    }
    batcher.step();
    EngineBusyException error =
        assertThrows(EngineBusyException.class, () -> batch.submit(request(3, 1)));
    assertEquals(
        "this machine is busy: 3 answers running, 2 waiting; try again later", error.getMessage());
    batch.run();
    batch.submit(request(3, 1));
    batch.run();
  }

  @Test
  void leavesHalfOfTheQueueToOthers() {
    for (int i = 0; i < 3; i++) {
      batch.submit(request(3, i).forTenant("many"));
    }
    assertThrows(EngineBusyException.class, () -> batch.submit(request(3, 1).forTenant("many")));
    batch.submit(request(3, 1).forTenant("other"));
    batch.submit(request(3, 1));
    batch.run();
    batch.submit(request(3, 1).forTenant("many"));
    batch.run();
  }

  @Test
  void refusesWhatCanNeverFit() {
    ContextLengthExceededException error =
        assertThrows(
            ContextLengthExceededException.class, () -> batch.submit(request(1, new int[64])));
    assertEquals(
        "the prompt has 64 tokens, but fake takes 64 for prompt and answer together; shorten the"
            + " prompt",
        error.getMessage());
    Batch small = new Batch(PLAIN, new FakeDecoder(30, 64));
    assertThrows(ContextLengthExceededException.class, () -> small.submit(request(1, new int[30])));
    RecordingListener fits = small.submit(request(100, new int[28]));
    small.run();
    assertEquals(new Usage(28, 2), fits.await().usage());
  }

  @Test
  void cancelsWithinOneStep() {
    RecordingListener listener = new RecordingListener();
    Generation generation = batch.submit(request(1_000, 1), listener);
    batcher.step();
    batcher.step();
    generation.cancel();
    assertFalse(listener.answer().isDone());
    batcher.step();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());
    assertEquals(new Usage(1, 2), listener.await().usage());
    assertEquals(0, batcher.status().running());
    generation.cancel();
    assertFalse(batcher.step());
  }

  @Test
  void cancelsWhatWaits() {
    for (int i = 0; i < 3; i++) {
      batch.submit(request(50, 1));
    }
    RecordingListener waiting = new RecordingListener();
    Generation generation = batch.submit(request(5, 1), waiting);
    batcher.step();
    generation.cancel();
    generation.cancel();
    batcher.step();
    assertEquals(FinishReason.CANCELLED, waiting.await().reason());
    assertEquals(0, batcher.status().waiting());
  }

  @Test
  void listenersMayCancelAndAskForMore() {
    List<Generation> self = new ArrayList<>();
    RecordingListener follower = new RecordingListener();
    RecordingListener first =
        new RecordingListener(
            token -> {
              if (token.index() == 1) {
                self.get(0).cancel();
                batch.submit(request(2, 5), follower);
              }
            });
    self.add(batch.submit(request(50, 1), first));
    batch.run();
    assertEquals(FinishReason.CANCELLED, first.await().reason());
    assertEquals(2, first.await().tokens().size());
    assertEquals(2, follower.await().tokens().size());
  }

  @Test
  void waitsForTheModel() {
    CompletableFuture<Decoder> loading = new CompletableFuture<>();
    List<String> wakeUps = new ArrayList<>();
    ContinuousBatcher other =
        new ContinuousBatcher(PLAIN, loading, Runnable::run, () -> wakeUps.add("up"));
    RecordingListener late = new RecordingListener();
    other.submit(request(1, 1), late);
    RecordingListener tooLong = new RecordingListener();
    other.submit(request(1, new int[9]), tooLong);
    assertFalse(other.step());
    assertEquals(List.of(), wakeUps);
    loading.complete(new FakeDecoder(8, 8));
    assertEquals(List.of("up", "up"), wakeUps);
    while (other.step()) {
      // To the end.
    }
    assertEquals(1, late.await().tokens().size());
    assertInstanceOf(ContextLengthExceededException.class, failure(tooLong));
  }

  @Test
  void reportsThatTheModelDidNotLoad() {
    CompletableFuture<Decoder> loading = new CompletableFuture<>();
    ContinuousBatcher other = new ContinuousBatcher(PLAIN, loading, Runnable::run, () -> {});
    RecordingListener listener = new RecordingListener();
    other.submit(request(1, 1), listener);
    loading.completeExceptionally(new CompletionException(new InfernetException("broken")));
    assertTrue(other.step());
    Throwable error = failure(listener);
    assertInstanceOf(InfernetException.class, error);
    assertEquals("broken", error.getMessage());
    assertEquals(0, other.status().waiting());
    assertFalse(other.step());
  }

  @Test
  void failsOnlyTheAnswerWhoseListenerFails() {
    RecordingListener bad =
        new RecordingListener(
            token -> {
              throw new IllegalStateException("mine");
            });
    batch.submit(request(3, 1), bad);
    RecordingListener good = batch.submit(request(3, 1));
    batch.run();
    assertEquals(3, good.await().tokens().size());
    assertEquals("mine", failure(bad).getMessage());
    assertEquals(0, batcher.status().running());
  }

  @Test
  void failsOnlyTheAnswerThatCannotBeComputed() {
    decoder.beforeStep =
        step -> {
          if (step.chunks().stream().anyMatch(chunk -> chunk.ids()[0] == 13)) {
            throw new IllegalStateException("no memory for 13");
          }
        };
    GenerationRequest good = request(3, 1);
    RecordingListener first = batch.submit(good);
    RecordingListener bad = batch.submit(request(3, 13));
    RecordingListener last = batch.submit(good);
    batcher.step();
    // One of three, then two of which the first is the bad one.
    assertEquals(List.of(List.of("0+1"), List.of("0+1")), decoder.steps);
    batch.run();
    assertEquals("no memory for 13", failure(bad).getMessage());
    assertAlone(good, first);
    assertAlone(good, last);
  }

  @Test
  void makesSeveralStepsOfOneThatIsTooLarge() {
    decoder.beforeStep =
        step -> {
          if (step.chunks().size() > 1) {
            throw new IllegalStateException("no memory for two");
          }
        };
    List<GenerationRequest> requests = List.of(request(4, 1), request(4, 2), request(4, 3));
    List<RecordingListener> listeners = requests.stream().map(batch::submit).toList();
    batch.run();
    for (int i = 0; i < 3; i++) {
      assertAlone(requests.get(i), listeners.get(i));
      assertEquals(4, listeners.get(i).await().tokens().size());
    }
  }

  @Test
  void failsAllAnswersOfAStepThatCannotBeComputedAndGoesOn() {
    decoder.beforeStep =
        step -> {
          throw new IllegalStateException("the device is gone");
        };
    List<RecordingListener> all = List.of(batch.submit(request(3, 1)), batch.submit(request(3, 2)));
    batch.run();
    for (RecordingListener listener : all) {
      assertEquals("the device is gone", failure(listener).getMessage());
    }
    decoder.beforeStep = step -> {};
    GenerationRequest next = request(3, 1);
    RecordingListener listener = batch.submit(next);
    batch.run();
    assertAlone(next, listener);
  }

  @Test
  void failsAnswersWhoseLogitsAreNoNumbers() {
    RecordingListener bad = batch.submit(request(3, 1, FakeDecoder.POISON));
    GenerationRequest request = request(3, 1, 2);
    RecordingListener good = batch.submit(request);
    batch.run();
    assertEquals(
        "the model's output is not a number (NaN): its weights may be damaged, or too large for its"
            + " arithmetic; pull it again or try another variant",
        failure(bad).getMessage());
    assertAlone(request, good);
  }

  @Test
  void refusesTokensThatTheModelDoesNotHave() {
    RecordingListener listener = batch.submit(request(3, 1, FakeDecoder.VOCABULARY));
    batch.run();
    assertEquals("token id 50 is not of fake, whose ids end at 49", failure(listener).getMessage());
  }

  @Test
  void scoresThePromptAndTheAnswer() {
    int[] prompt = prompt(20, 0, 3);
    GenerationRequest request = scored(request(2, prompt), 2);
    RecordingListener listener = batch.submit(request);
    batch.run();
    RecordingListener.Answer answer = listener.await();
    assertAlone(request, listener);
    assertEquals(20, answer.prompt().size());
    assertTrue(answer.prompt().get(0).isEmpty());
    for (int i = 1; i < 20; i++) {
      TokenScore score = answer.prompt().get(i).orElseThrow();
      int[] before = Arrays.copyOf(prompt, i);
      List<Integer> likeliest = FakeDecoder.answer(before, SamplingParams.greedy(), 1);
      assertEquals(likeliest.get(0), score.top().get(0).id());
      assertEquals(
          score.logprob() > score.top().get(1).logprob(),
          likeliest.get(0) == prompt[i],
          "token " + i);
    }
    TokenScore first = answer.details().get(0).score().orElseThrow();
    assertEquals(first.logprob(), first.top().get(0).logprob());
    assertEquals(2, first.top().size());
  }

  @Test
  void onlyScoresWhenNoTokensAreWanted() {
    RecordingListener listener = batch.submit(scored(request(0, 1, 2), 0));
    batch.run();
    assertEquals(2, listener.await().prompt().size());
    assertEquals(new Usage(2, 0), listener.await().usage());
    assertEquals(FinishReason.LENGTH, listener.await().reason());
  }

  @Test
  void endsAtOnceWhenNothingIsWanted() {
    RecordingListener listener = batch.submit(request(0, 1, 2));
    batch.run();
    assertEquals(new Usage(2, 0), listener.await().usage());
    assertEquals(List.of(), decoder.steps);
  }

  /** Checks that hidden states come in order, and keeps how many there were before each token. */
  private static final class HiddenListener implements TokenListener {
    private final List<Float> values = new ArrayList<>();
    private final List<Integer> ids = new ArrayList<>();
    private final List<Integer> known = new ArrayList<>();

    @Override
    public void onHidden(HiddenStates states) {
      assertEquals(values.size(), states.position());
      assertEquals(FakeDecoder.HIDDEN, states.size());
      float[] rows = states.toArray();
      for (int i = 0; i < states.tokens(); i++) {
        values.add(rows[i * FakeDecoder.HIDDEN]);
      }
    }

    @Override
    public void onToken(GeneratedToken token) {
      ids.add(token.id());
      known.add(values.size());
    }

    @Override
    public void onFinish(FinishReason reason, Usage usage) {}

    @Override
    public void onError(Throwable error) {
      throw new AssertionError(error);
    }

    void assertComplete(int[] prompt) {
      int[] all = Arrays.copyOf(prompt, prompt.length + ids.size());
      for (int i = 0; i < ids.size(); i++) {
        all[prompt.length + i] = ids.get(i);
        assertEquals(prompt.length + i, known.get(i));
      }
      assertEquals(all.length - 1, values.size());
      for (int i = 0; i < values.size(); i++) {
        assertEquals(FakeDecoder.hidden(all, i + 1), values.get(i), "token " + i);
      }
    }
  }

  @Test
  void reportsHiddenStatesInOrder() {
    HiddenListener listener = new HiddenListener();
    int[] prompt = prompt(20, 0, 1);
    batch.submit(request(30, 5));
    batch.submit(request(6, prompt).withHiddenStates(), listener);
    batch.run();
    assertEquals(6, listener.ids.size());
    listener.assertComplete(prompt);
  }

  @Test
  void reportsHiddenStatesOnceThoughTheAnswerHadToRest() {
    Batch small = new Batch(CONFIG, new FakeDecoder(60, 60));
    HiddenListener listener = new HiddenListener();
    int[] prompt = prompt(20, 0, 1);
    GenerationRequest older = request(30, prompt(20, 10, 2));
    RecordingListener other = small.submit(older);
    small.submit(request(30, prompt).withHiddenStates(), listener);
    small.run();
    assertTrue(small.batcher.status().preemptions() > 0);
    assertEquals(30, listener.ids.size());
    listener.assertComplete(prompt);
    assertAlone(older, other);
    small.assertNoFaults();
  }

  @Test
  void scoresAPromptOnceThoughTheAnswerHadToRest() {
    BatcherConfig config = new BatcherConfig(2, 9, 8, 4, 4, 8, 1, 1, false);
    Batch one = new Batch(config, new FakeDecoder(60, 60));
    GenerationRequest request = scored(request(3, prompt(40, 0, 1)), 1);
    RecordingListener alone = one.submit(request);
    one.run();
    Batch crowded = new Batch(config, new FakeDecoder(60, 60));
    RecordingListener older = crowded.submit(request(50, 1).forTenant("a"));
    RecordingListener listener = crowded.submit(request.forTenant("a"));
    for (int i = 0; i < 6; i++) {
      crowded.batcher.step();
    }
    crowded.submit(request(40, prompt(10, 0, 5)).forTenant("b"));
    crowded.run();
    assertTrue(crowded.batcher.status().preemptions() > 0);
    assertEquals(alone.await().prompt(), listener.await().prompt());
    assertEquals(50, older.await().tokens().size());
    crowded.assertNoFaults();
  }

  @Test
  void youngestAnswerRestsWhenTheCacheIsFullAndGoesOnLater() {
    Batch small = new Batch(PLAIN, new FakeDecoder(48, 48));
    List<GenerationRequest> requests =
        List.of(request(30, 1, 2), request(30, 3, 4), request(30, 5, 6));
    List<Integer> ended = new ArrayList<>();
    List<RecordingListener> listeners = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int number = i;
      listeners.add(small.submit(requests.get(i)));
      listeners.get(i).answer().thenAccept(answer -> ended.add(number));
    }
    small.run();
    for (int i = 0; i < 3; i++) {
      assertAlone(requests.get(i), listeners.get(i));
      assertEquals(30, listeners.get(i).await().tokens().size());
    }
    assertEquals(List.of(0, 1, 2), ended);
    assertTrue(small.batcher.status().preemptions() > 0);
    small.assertNoFaults();
  }

  @Test
  void computesASharedPromptOnce() {
    Batch shared = new Batch(CONFIG, new FakeDecoder(256, 64));
    GenerationRequest first = request(3, prompt(40, 32, 1));
    RecordingListener one = shared.submit(first);
    shared.run();
    long before = shared.decoder.computed;
    GenerationRequest second = request(3, prompt(36, 32, 2));
    RecordingListener two = shared.submit(second);
    shared.run();
    assertAlone(first, one);
    assertAlone(second, two);
    assertEquals(4 + 2, shared.decoder.computed - before);
    assertEquals(32, shared.batcher.status().reusedTokens());
    shared.assertNoFaults();
  }

  @Test
  void computesAPromptOnceThatSeveralNeedAtTheSameTime() {
    Batch shared = new Batch(CONFIG, new FakeDecoder(256, 64));
    List<GenerationRequest> requests = new ArrayList<>();
    List<RecordingListener> listeners = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      requests.add(request(1, prompt(40, 32, i)));
      listeners.add(shared.submit(requests.get(i)));
    }
    shared.run();
    for (int i = 0; i < 3; i++) {
      assertAlone(requests.get(i), listeners.get(i));
    }
    assertEquals(32 + 3 * 8, shared.decoder.computed);
    shared.assertNoFaults();
  }

  @Test
  void goesOnAloneWhenTheOneWithTheSamePromptIsCancelled() {
    Batch shared = new Batch(CONFIG, new FakeDecoder(256, 64));
    Generation first = shared.submit(request(1, prompt(40, 32, 1)), new RecordingListener());
    GenerationRequest second = request(1, prompt(40, 32, 2));
    RecordingListener listener = shared.submit(second);
    shared.batcher.step();
    first.cancel();
    shared.run();
    assertAlone(second, listener);
    assertEquals(40, shared.decoder.computed);
    shared.assertNoFaults();
  }

  @Test
  void goesOnAloneWhenTheOneWithTheSamePromptFails() {
    Batch shared = new Batch(CONFIG, new FakeDecoder(256, 64));
    int[] steps = {0};
    shared.decoder.beforeStep =
        step -> {
          if (++steps[0] == 3) {
            throw new IllegalStateException("once");
          }
        };
    RecordingListener first = shared.submit(request(1, prompt(40, 32, 1)));
    GenerationRequest second = request(1, prompt(40, 32, 2));
    RecordingListener listener = shared.submit(second);
    shared.run();
    assertEquals("once", failure(first).getMessage());
    assertAlone(second, listener);
    shared.assertNoFaults();
  }

  @Test
  void continuesAConversationWithoutACopy() {
    Batch shared = new Batch(CONFIG, new FakeDecoder(60, 60));
    GenerationRequest first = request(8, prompt(30, 0, 1));
    RecordingListener one = shared.submit(first);
    shared.run();
    TokenIds sofar = first.prompt().concat(one.await().tokens());
    GenerationRequest second = request(8, sofar.concat(TokenIds.of(3, 1)).toArray());
    RecordingListener two = shared.submit(second);
    shared.run();
    assertAlone(second, two);
    assertEquals(37, shared.batcher.status().reusedTokens());
    assertEquals(0, shared.decoder.copied);
    shared.assertNoFaults();
  }

  @Test
  void keptSequencesGoWhenOthersNeedTheRoom() {
    Batch shared = new Batch(CONFIG, new FakeDecoder(60, 60));
    for (int i = 0; i < 10; i++) {
      GenerationRequest request = request(5, prompt(20 + i, 0, i));
      RecordingListener listener = shared.submit(request);
      shared.run();
      assertAlone(request, listener);
      assertTrue(shared.batcher.status().keptTokens() > 0);
    }
    assertEquals(0, shared.batcher.status().preemptions());
    shared.assertNoFaults();
  }

  @Test
  void survivesACacheThatCannotBeMoved() {
    Batch small = new Batch(CONFIG, new FakeDecoder(48, 48));
    small.decoder.beforeCopy =
        () -> {
          throw new IllegalStateException("no copy");
        };
    List<RecordingListener> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      all.add(small.submit(request(30, prompt(10, 8, i))));
    }
    small.run();
    int failed = 0;
    for (RecordingListener listener : all) {
      assertTrue(listener.answer().isDone());
      failed += listener.answer().isCompletedExceptionally() ? 1 : 0;
    }
    assertTrue(failed > 0);
    small.decoder.beforeCopy = () -> {};
    GenerationRequest next = request(30, 1);
    RecordingListener listener = small.submit(next);
    small.run();
    assertAlone(next, listener);
    small.assertNoFaults();
  }

  @Test
  void tenantsGetEqualShares() {
    BatcherConfig config = new BatcherConfig(2, 100, 8, 4, 4, 8, 1, 1, false);
    Batch busy = new Batch(config, new FakeDecoder(256, 64));
    List<String> ended = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      busy.submit(request(5, i).forTenant("many")).answer().thenAccept(answer -> ended.add("many"));
    }
    for (int i = 0; i < 4; i++) {
      busy.batcher.step();
    }
    for (int i = 0; i < 10; i++) {
      busy.submit(request(5, i).forTenant("few")).answer().thenAccept(answer -> ended.add("few"));
    }
    busy.run();
    int last = ended.lastIndexOf("few");
    assertTrue(last <= 22, "the tenant with few answers waited for " + last);
    assertEquals(50, ended.size());
    busy.assertNoFaults();
  }

  @Test
  void oneTenantDoesNotHoldAllPlaces() {
    BatcherConfig config = new BatcherConfig(2, 100, 8, 4, 4, 8, 1, 1, false);
    Batch busy = new Batch(config, new FakeDecoder(256, 64));
    List<GenerationRequest> requests = List.of(request(60, 1), request(60, 2), request(60, 3));
    List<RecordingListener> many =
        requests.stream().map(request -> busy.submit(request.forTenant("many"))).toList();
    busy.batcher.step();
    GenerationRequest request = request(3, 4).forTenant("other");
    RecordingListener other = busy.submit(request);
    for (int i = 0; i < 3; i++) {
      busy.batcher.step();
    }
    assertAlone(request, other);
    busy.run();
    for (int i = 0; i < 3; i++) {
      assertAlone(requests.get(i), many.get(i));
    }
    assertEquals(1, busy.batcher.status().preemptions());
    // The tokens of the one that had to rest stayed where they were.
    assertEquals(3 * 60 + 3, busy.decoder.computed);
    busy.assertNoFaults();
  }

  @Test
  void sameRequestSameBitsInDeterministicMode() {
    BatcherConfig config = new BatcherConfig(3, 20, 8, 4, 4, 8, 1, 1, true);
    int[] prompt = prompt(27, 20, 1);
    GenerationRequest request = scored(request(12, prompt), 3);
    GenerationRequest unscored =
        new GenerationRequest(
            MODEL,
            request.prompt(),
            request.outputSoFar(),
            request.sampling(),
            12,
            Set.of(),
            OptionalInt.of(3),
            false);
    Batch alone = new Batch(config, new FakeDecoder(256, 64, true));
    RecordingListener scoredAlone = alone.submit(request);
    alone.run();
    alone = new Batch(config, new FakeDecoder(256, 64, true));
    RecordingListener unscoredAlone = alone.submit(unscored);
    alone.run();
    // A cache so small that answers have to rest.
    for (int places : new int[] {256, 70}) {
      Batch busy = new Batch(config, new FakeDecoder(places, 64, true));
      List<RecordingListener> same = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        busy.submit(request(10 + i, prompt(15 + i, 15, i)));
        same.add(busy.submit(i % 2 == 0 ? request : unscored));
        busy.submit(request(10, prompt(26, 23, i)));
      }
      busy.run();
      for (int i = 0; i < 4; i++) {
        RecordingListener expected = i % 2 == 0 ? scoredAlone : unscoredAlone;
        assertEquals(expected.await().details(), same.get(i).await().details());
        assertEquals(expected.await().prompt(), same.get(i).await().prompt());
      }
      assertTrue(busy.batcher.status().reusedTokens() > 0);
      assertEquals(places == 70, busy.batcher.status().preemptions() > 0);
      assertTrue(busy.decoder.steps.stream().allMatch(step -> step.size() == 1));
      busy.assertNoFaults();
    }
  }

  @Test
  void unevenDecoderShowsWhyDeterministicModeIsNeeded() {
    int[] prompt = prompt(20, 0, 1);
    List<List<Optional<TokenScore>>> scores = new ArrayList<>();
    for (int others = 0; others < 2; others++) {
      Batch uneven = new Batch(PLAIN, new FakeDecoder(256, 64, true));
      for (int i = 0; i < others; i++) {
        uneven.submit(request(10, 1));
      }
      RecordingListener listener = uneven.submit(scored(request(3, prompt), 1));
      uneven.run();
      scores.add(listener.await().prompt());
    }
    assertFalse(scores.get(0).equals(scores.get(1)));
  }

  @Test
  void refusesAMillionAnswersCheaply() {
    int refused = 0;
    RecordingListener listener = new RecordingListener();
    for (int i = 0; i < 1_000_000; i++) {
      try {
        batch.submit(request(3, 1).forTenant("t" + i % 1000), listener);
      } catch (EngineBusyException e) {
        refused++;
        assertEquals(0, e.getStackTrace().length);
      }
    }
    assertEquals(1_000_000 - 5, refused);
    assertEquals(5, batcher.status().waiting());
  }

  @Test
  void cancelsEverythingWhenClosed() {
    RecordingListener running = batch.submit(request(50, 1));
    batcher.step();
    RecordingListener waiting = batch.submit(request(50, 1));
    batcher.close();
    assertEquals(FinishReason.CANCELLED, running.await().reason());
    assertEquals(FinishReason.CANCELLED, waiting.await().reason());
    assertThrows(IllegalStateException.class, () -> batch.submit(request(1, 1)));
  }

  @Test
  void choosesTokensOnSeveralThreads() {
    float[] best = new float[64];
    RowWorkers workers = new RowWorkers(task -> new Thread(task).start(), 4);
    workers.forEach(64, 1 << 17, row -> best[row] = row + 1);
    float[] expected = new float[64];
    for (int i = 0; i < 64; i++) {
      expected[i] = i + 1;
    }
    assertArrayEquals(expected, best);
  }
}

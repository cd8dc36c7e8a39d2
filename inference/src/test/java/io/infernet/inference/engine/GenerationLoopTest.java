package io.infernet.inference.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.FakeModels;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class GenerationLoopTest {

  private static final InstalledModel MODEL = FakeModels.installed("fake");

  private final GenerationLoop loop = new GenerationLoop(2, 4, () -> {});
  private final FakeDecoder decoder = new FakeDecoder(2, 64);
  private final CompletableFuture<Decoder> model = CompletableFuture.completedFuture(decoder);

  private static GenerationRequest request(int maxTokens, int... prompt) {
    return new GenerationRequest(
        MODEL,
        TokenIds.of(prompt),
        TokenIds.empty(),
        SamplingParams.greedy(),
        maxTokens,
        Set.of(),
        OptionalInt.empty(),
        false);
  }

  private RecordingListener submit(GenerationRequest request) {
    RecordingListener listener = new RecordingListener();
    loop.submit(request, listener, model, decoder.slots());
    return listener;
  }

  private void runToEnd() {
    while (loop.step()) {
      // Each step is one token or one piece of a prompt.
    }
  }

  @Test
  void makesTheAnswerAndReportsIt() {
    RecordingListener listener = submit(request(5, 1, 2, 4));
    runToEnd();
    RecordingListener.Answer answer = listener.await();
    assertEquals(TokenIds.of(FakeDecoder.answer(new int[] {1, 2, 4}, 5)), answer.tokens());
    assertEquals(List.of(0, 1, 2, 3, 4), answer.details().stream().map(t -> t.index()).toList());
    assertEquals(FinishReason.LENGTH, answer.reason());
    assertEquals(new Usage(3, 5), answer.usage());
    assertEquals(List.of("0:3", "0:1", "0:1", "0:1", "0:1"), decoder.calls);
    assertEquals(0, decoder.open());
  }

  @Test
  void readsLongPromptsInPieces() {
    submit(request(1, new int[9]));
    runToEnd();
    assertEquals(List.of("0:4", "0:4", "0:1"), decoder.calls);
  }

  @Test
  void endsAtAStopTokenWhichIsNoPartOfTheAnswer() {
    List<Integer> expected = FakeDecoder.answer(new int[] {1}, 4);
    GenerationRequest plain = request(9, 1);
    RecordingListener listener =
        submit(
            new GenerationRequest(
                MODEL,
                plain.prompt(),
                TokenIds.empty(),
                plain.sampling(),
                9,
                Set.of(expected.get(3)),
                OptionalInt.empty(),
                false));
    runToEnd();
    assertEquals(TokenIds.of(expected.subList(0, 3)), listener.await().tokens());
    assertEquals(FinishReason.STOP, listener.await().reason());
    assertEquals(new Usage(1, 3), listener.await().usage());
  }

  @Test
  void endsWhereTheContextEnds() {
    RecordingListener listener = submit(request(1_000, new int[60]));
    runToEnd();
    assertEquals(FinishReason.LENGTH, listener.await().reason());
    assertEquals(new Usage(60, 4), listener.await().usage());
  }

  @Test
  void goesOnWhereAnotherNodeStopped() {
    GenerationRequest request = request(8, 3, 5);
    List<Integer> whole = FakeDecoder.answer(new int[] {3, 5}, 8);
    RecordingListener listener = submit(request.resumedAfter(TokenIds.of(whole.subList(0, 5))));
    runToEnd();
    RecordingListener.Answer answer = listener.await();
    assertEquals(TokenIds.of(whole.subList(5, 8)), answer.tokens());
    assertEquals(List.of(5, 6, 7), answer.details().stream().map(t -> t.index()).toList());
    assertEquals(new Usage(2, 8), answer.usage());
  }

  @Test
  void resumesSampledAnswersWithTheSameTokens() {
    GenerationRequest request =
        new GenerationRequest(
            MODEL,
            TokenIds.of(3),
            TokenIds.empty(),
            new SamplingParams(2, 0, 1, 11),
            12,
            Set.of(),
            OptionalInt.empty(),
            false);
    RecordingListener whole = submit(request);
    runToEnd();
    TokenIds all = whole.await().tokens();
    for (int cut = 1; cut < 12; cut++) {
      RecordingListener rest = submit(request.resumedAfter(all.slice(0, cut)));
      runToEnd();
      assertEquals(all.slice(cut, 12), rest.await().tokens());
    }
  }

  @Test
  void takesTurnsTokenByToken() {
    List<String> order = new ArrayList<>();
    for (String name : List.of("a", "b")) {
      loop.submit(
          request(3, 1), new RecordingListener(token -> order.add(name)), model, decoder.slots());
    }
    runToEnd();
    assertEquals(List.of("a", "b", "a", "b", "a", "b"), order);
  }

  @Test
  void letsOthersOnInTheMiddleOfALongPrompt() {
    submit(request(1, new int[40]));
    RecordingListener brief = submit(request(1, 7));
    loop.step();
    loop.step();
    assertTrue(brief.answer().isDone());
    assertEquals(List.of("0:4", "1:1"), decoder.calls);
  }

  @Test
  void servesThoseWhoWaitInOrder() {
    List<Integer> ended = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int number = i;
      RecordingListener listener = submit(request(2, i + 1));
      listener.answer().thenAccept(answer -> ended.add(number));
      loop.step();
    }
    assertEquals(2, loop.running(model));
    assertEquals(1, loop.waiting(model));
    runToEnd();
    assertEquals(List.of(0, 1, 2, 3), ended);
  }

  @Test
  void freesTheSlotBeforeItTellsThatTheAnswerHasEnded() {
    List<Integer> running = new ArrayList<>();
    TokenListener listener =
        new TokenListener() {
          @Override
          public void onToken(GeneratedToken token) {
            running.add(loop.running(model));
          }

          @Override
          public void onFinish(FinishReason reason, Usage usage) {
            running.add(loop.running(model));
          }

          @Override
          public void onError(Throwable error) {
            throw new AssertionError(error);
          }
        };
    loop.submit(request(2, 1), listener, model, decoder.slots());
    runToEnd();
    assertEquals(List.of(1, 1, 0), running);
  }

  @Test
  void refusesWhenTheQueueIsFull() {
    for (int i = 0; i < 4; i++) {
      submit(request(3, 1));
    }
    EngineBusyException error =
        assertThrows(EngineBusyException.class, () -> submit(request(3, 1)));
    assertTrue(error.getMessage().contains("try again later"), error.getMessage());
    runToEnd();
    submit(request(3, 1));
  }

  @Test
  void cancelsWithinOneStep() {
    RecordingListener listener = new RecordingListener();
    Generation generation = loop.submit(request(1_000, 1), listener, model, decoder.slots());
    loop.step();
    loop.step();
    generation.cancel();
    assertFalse(listener.answer().isDone());
    loop.step();
    assertEquals(FinishReason.CANCELLED, listener.await().reason());
    assertEquals(new Usage(1, 2), listener.await().usage());
    assertEquals(0, decoder.open());
    generation.cancel();
    assertFalse(loop.step());
  }

  @Test
  void cancelsWhatWaits() {
    submit(request(50, 1));
    submit(request(50, 1));
    RecordingListener waiting = new RecordingListener();
    Generation generation = loop.submit(request(5, 1), waiting, model, decoder.slots());
    loop.step();
    generation.cancel();
    loop.step();
    assertEquals(FinishReason.CANCELLED, waiting.await().reason());
    assertEquals(0, loop.waiting(model));
  }

  @Test
  void waitsForTheModelWithoutHoldingUpOthers() {
    CompletableFuture<Decoder> loading = new CompletableFuture<>();
    RecordingListener late = new RecordingListener();
    loop.submit(request(1, 1), late, loading, 2);
    assertFalse(loop.step());
    RecordingListener other = submit(request(1, 1));
    runToEnd();
    assertTrue(other.answer().isDone());
    assertFalse(late.answer().isDone());
    loading.complete(new FakeDecoder(2, 8));
    runToEnd();
    assertTrue(late.answer().isDone());
  }

  @Test
  void reportsThatTheModelDidNotLoad() {
    CompletableFuture<Decoder> loading = new CompletableFuture<>();
    RecordingListener listener = new RecordingListener();
    loop.submit(request(1, 1), listener, loading, 2);
    loading.completeExceptionally(new CompletionException(new InfernetException("broken")));
    runToEnd();
    Throwable error = assertThrows(CompletionException.class, listener::await).getCause();
    assertInstanceOf(InfernetException.class, error);
    assertEquals("broken", error.getMessage());
  }

  @Test
  void failsOnlyTheAnswerWhoseListenerFails() {
    RecordingListener bad =
        new RecordingListener(
            token -> {
              throw new IllegalStateException("mine");
            });
    loop.submit(request(3, 1), bad, model, decoder.slots());
    RecordingListener good = submit(request(3, 1));
    runToEnd();
    assertEquals(3, good.await().tokens().size());
    assertEquals(
        "mine", assertThrows(CompletionException.class, bad::await).getCause().getMessage());
    assertEquals(0, decoder.open());
  }

  @Test
  void refusesTokensThatTheModelDoesNotHave() {
    RecordingListener listener = submit(request(3, 1, FakeDecoder.VOCABULARY));
    runToEnd();
    Throwable error = assertThrows(CompletionException.class, listener::await).getCause();
    assertEquals("token id 50 is not of fake, whose ids end at 49", error.getMessage());
  }

  @Test
  void scoresThePromptAndTheAnswer() {
    RecordingListener listener = new RecordingListener();
    loop.submit(
        new GenerationRequest(
            MODEL,
            TokenIds.of(1, 1, 2, 9, 13, 30),
            TokenIds.empty(),
            SamplingParams.greedy(),
            1,
            Set.of(),
            OptionalInt.of(2),
            true),
        listener,
        model,
        decoder.slots());
    runToEnd();
    RecordingListener.Answer answer = listener.await();
    // One logit is 3, the other 49 are 0.
    double likely = 3 - Math.log(Math.exp(3) + 49);
    double unlikely = likely - 3;
    assertEquals(6, answer.prompt().size());
    assertTrue(answer.prompt().get(0).isEmpty());
    double[] expected = {0, likely, likely, unlikely, likely, unlikely};
    for (int i = 1; i < 6; i++) {
      assertEquals(expected[i], answer.prompt().get(i).orElseThrow().logprob(), 1e-6, "token " + i);
    }
    TokenScore score = answer.details().get(0).score().orElseThrow();
    assertEquals(likely, score.logprob(), 1e-6);
    assertEquals(List.of(6, 0), score.top().stream().map(TokenScore.Alternative::id).toList());
    assertEquals(unlikely, score.top().get(1).logprob(), 1e-6);
  }

  @Test
  void onlyScoresWhenNoTokensAreWanted() {
    RecordingListener listener = new RecordingListener();
    loop.submit(
        new GenerationRequest(
            MODEL,
            TokenIds.of(1, 2),
            TokenIds.empty(),
            SamplingParams.greedy(),
            0,
            Set.of(),
            OptionalInt.of(0),
            true),
        listener,
        model,
        decoder.slots());
    runToEnd();
    assertEquals(2, listener.await().prompt().size());
    assertEquals(new Usage(2, 0), listener.await().usage());
    assertEquals(FinishReason.LENGTH, listener.await().reason());
  }

  @Test
  void cancelsEverythingWhenClosed() {
    RecordingListener running = submit(request(50, 1));
    loop.step();
    RecordingListener waiting = submit(request(50, 1));
    loop.close();
    assertEquals(FinishReason.CANCELLED, running.await().reason());
    assertEquals(FinishReason.CANCELLED, waiting.await().reason());
    assertThrows(IllegalStateException.class, () -> submit(request(1, 1)));
  }
}

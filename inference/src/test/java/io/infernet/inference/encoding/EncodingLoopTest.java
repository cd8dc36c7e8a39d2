package io.infernet.inference.encoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.checkpoint.EncoderHead.Problem;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.testing.FakeModels;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EncodingLoopTest {

  private static final EncoderHead VECTORS = new EncoderHead.Embedding(2, List.of());

  private final AtomicInteger wakeUps = new AtomicInteger();
  private final EncodingLoop loop =
      new EncodingLoop(new EncodingLimits(3, 1000, 10), wakeUps::incrementAndGet);
  private final FakeEncoder encoder = new FakeEncoder(VECTORS);
  private final CompletableFuture<Encoder> model = CompletableFuture.completedFuture(encoder);

  private static TypedTokens text(int first, int length) {
    int[] ids = new int[length];
    ids[0] = first;
    return TypedTokens.single(TokenIds.of(ids));
  }

  private static EncodingRequest request(TypedTokens... texts) {
    return new EncodingRequest(FakeModels.installed("encoder"), List.of(texts));
  }

  private void runAll() {
    while (loop.step()) {
      // Until there is nothing left to do.
    }
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertTrue(future.isCompletedExceptionally());
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  @Test
  void answersInTheOrderOfTheTextsWhateverItComputesFirst() {
    CompletableFuture<EncodingResult> result =
        loop.submit(request(text(1, 6), text(2, 2), text(3, 4), text(4, 25)), model);
    runAll();

    EncodingResult.Embeddings embeddings = (EncodingResult.Embeddings) result.join();
    assertArrayEquals(new float[] {1, 6}, embeddings.vectors().get(0));
    assertArrayEquals(new float[] {2, 2}, embeddings.vectors().get(1));
    assertArrayEquals(new float[] {3, 4}, embeddings.vectors().get(2));
    assertArrayEquals(new float[] {4, 25}, embeddings.vectors().get(3));
    assertEquals(List.of(6, 2, 4, 25), embeddings.tokens());
    assertEquals(37, embeddings.totalTokens());
    // At most ten tokens a step; the text that is longer goes alone.
    assertEquals(List.of(List.of(2, 3), List.of(1), List.of(4)), encoder.steps());
  }

  @Test
  void letsRequestsTakeTurnsAndFillsTheirStepsWithEachOthersTexts() {
    CompletableFuture<EncodingResult> big =
        loop.submit(request(text(1, 9), text(2, 9), text(3, 9)), model);
    CompletableFuture<EncodingResult> small = loop.submit(request(text(4, 1), text(5, 5)), model);
    loop.step();
    assertEquals(List.of(1, 4), encoder.steps().get(0));
    loop.step();
    assertEquals(List.of(5), encoder.steps().get(1));
    assertTrue(small.isDone());
    assertFalse(big.isDone());
    runAll();
    assertTrue(big.isDone());
    assertEquals(0, loop.requests(model));
  }

  @Test
  void neverMixesModels() {
    FakeEncoder second = new FakeEncoder(VECTORS);
    loop.submit(request(text(1, 1)), model);
    loop.submit(request(text(2, 1)), CompletableFuture.completedFuture(second));
    runAll();
    assertEquals(List.of(List.of(1)), encoder.steps());
    assertEquals(List.of(List.of(2)), second.steps());
  }

  @Test
  void waitsForTheModelWithoutHoldingUpOthers() {
    CompletableFuture<Encoder> loading = new CompletableFuture<>();
    CompletableFuture<EncodingResult> waiting = loop.submit(request(text(1, 1)), loading);
    CompletableFuture<EncodingResult> other = loop.submit(request(text(2, 1)), model);
    runAll();
    assertTrue(other.isDone());
    assertFalse(waiting.isDone());
    int before = wakeUps.get();
    loading.complete(encoder);
    assertEquals(before + 1, wakeUps.get());
    runAll();
    assertTrue(waiting.isDone());
  }

  @Test
  void failsWithTheModel() {
    CompletableFuture<Encoder> loading = new CompletableFuture<>();
    CompletableFuture<EncodingResult> result = loop.submit(request(text(1, 1)), loading);
    loading.completeExceptionally(new DamagedModelException("no weights"));
    runAll();
    assertInstanceOf(DamagedModelException.class, failure(result));
  }

  @Test
  void refusesWhatTheQueueDoesNotHold() {
    EncodingRequest large = request(text(1, 100), text(1, 100), text(1, 100), text(1, 100));
    loop.submit(large, model);
    loop.submit(large, model);
    assertThrows(EngineBusyException.class, () -> loop.submit(large, model));
    loop.submit(request(text(1, 1)), model);
    assertThrows(EngineBusyException.class, () -> loop.submit(request(text(1, 1)), model));
    runAll();
    loop.submit(large, model);
  }

  @Test
  void endsACancelledRequestBeforeItsNextStep() {
    CompletableFuture<EncodingResult> result =
        loop.submit(request(text(1, 9), text(2, 9), text(3, 9)), model);
    loop.step();
    result.cancel(true);
    runAll();
    assertEquals(1, encoder.steps().size());
    assertEquals(0, loop.requests(model));
  }

  @Test
  void refusesForeignTokensAndLongTextsAndLeavesOthersUnharmed() {
    CompletableFuture<EncodingResult> foreign =
        loop.submit(request(text(FakeEncoder.VOCABULARY, 1)), model);
    CompletableFuture<EncodingResult> tooLong = loop.submit(request(text(1, 101)), model);
    CompletableFuture<EncodingResult> good = loop.submit(request(text(1, 1)), model);
    runAll();
    assertTrue(failure(foreign).getMessage().contains("1000"));
    assertTrue(failure(tooLong).getMessage().contains("101 tokens"));
    assertTrue(good.isDone() && !good.isCompletedExceptionally());
  }

  @Test
  void tellsOfWeightsThatGiveNoNumbers() {
    CompletableFuture<EncodingResult> result =
        loop.submit(request(text(FakeEncoder.NAN, 1), text(2, 1)), model);
    runAll();
    assertInstanceOf(DamagedModelException.class, failure(result));
    assertEquals(0, loop.requests(model));
  }

  @Test
  void failsTheRequestsOfAStepThatFails() {
    CompletableFuture<EncodingResult> result =
        loop.submit(request(text(FakeEncoder.FAILURE, 1)), model);
    runAll();
    assertInstanceOf(IllegalStateException.class, failure(result));
    CompletableFuture<EncodingResult> next = loop.submit(request(text(1, 1)), model);
    runAll();
    assertTrue(next.isDone() && !next.isCompletedExceptionally());
  }

  @Test
  void givesProbabilitiesOfClasses() {
    List<String> labels = List.of("no", "yes");
    for (Problem problem : Problem.values()) {
      CompletableFuture<EncodingResult> result =
          loop.submit(
              request(text(1, 3)),
              CompletableFuture.completedFuture(
                  new FakeEncoder(new EncoderHead.Classification(labels, problem))));
      runAll();
      EncodingResult.Classifications classes = (EncodingResult.Classifications) result.join();
      double softmax = Math.exp(1) / (Math.exp(1) + Math.exp(3));
      float[] expected =
          switch (problem) {
            case SINGLE_LABEL_CLASSIFICATION ->
                new float[] {(float) softmax, (float) (1 - softmax)};
            case MULTI_LABEL_CLASSIFICATION ->
                new float[] {(float) (1 / (1 + Math.exp(-1))), (float) (1 / (1 + Math.exp(-3)))};
            case REGRESSION -> new float[] {1, 3};
          };
      assertArrayEquals(expected, classes.scores().get(0), 1e-7f, problem.toString());
      assertEquals(labels, classes.labels());
      assertEquals(problem, classes.problem());
    }
  }

  @Test
  void cancelsAllWhenClosed() {
    CompletableFuture<EncodingResult> result = loop.submit(request(text(1, 1)), model);
    loop.close();
    assertTrue(result.isCompletedExceptionally());
    assertThrows(CancellationException.class, result::join);
    assertThrows(IllegalStateException.class, () -> loop.submit(request(text(1, 1)), model));
  }

  @Test
  void refusesRequestsThatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> request());
    assertThrows(
        IllegalArgumentException.class, () -> request(TypedTokens.single(TokenIds.empty())));
    TypedTokens[] tooMany = new TypedTokens[EncodingRequest.MAX_TEXTS + 1];
    Arrays.fill(tooMany, text(1, 1));
    assertThrows(IllegalArgumentException.class, () -> request(tooMany));
    assertThrows(
        IllegalArgumentException.class, () -> new TypedTokens(TokenIds.of(1, 2), TokenIds.of(0)));
    assertThrows(IllegalArgumentException.class, () -> new EncodingLimits(0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new EncodingLimits(1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new EncodingLimits(1, 1, 0));
    assertEquals(new EncodingLimits(256, 1 << 22, 512), EncodingLimits.defaults());
    assertInstanceOf(InfernetException.class, new EngineBusyException(1, 2), "front ends print it");
  }
}

package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.PriceList;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.node.DeadlinePassedException;
import io.infernet.node.ExitCode;
import io.infernet.node.NoProviderException;
import io.infernet.node.UsageException;
import io.infernet.node.job.JobWorld.Node;
import io.infernet.node.job.JobWorld.Reader;
import io.infernet.verification.receipt.ReceiptVerdict;
import io.infernet.verification.receipt.ReceiptVerifier;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NetworkChatServiceTest {

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String PROMPT = "Once upon a time";

  private final JobWorld world = new JobWorld(7);

  @Test
  void answersThroughAProviderAndBothKeepTheReceipt() {
    Node client = world.node();
    Node provider = world.provider();
    client.connect(provider);

    ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 42, 70).build());
    Reader reader = Reader.of(job);
    ChatResult result = world.await(job.result(), LIMIT);
    world.time.advance(Duration.ofSeconds(1));

    String expected = JobWorld.CODEC.decode(JobWorld.expected(PROMPT, 42, 70));
    assertEquals(expected, result.text());
    assertEquals(expected, reader.text.toString());
    assertEquals(new Usage(PROMPT.length(), 70), result.usage());
    assertEquals(FinishReason.LENGTH, result.finishReason());
    assertEquals(new Provider(provider.id(), false), result.provider());
    assertEquals(ChatResult.Verdict.UNAUDITED, result.verdict());
    assertEquals(0, result.price());
    assertTrue(reader.complete);
    assertInstanceOf(ChatEvent.Started.class, reader.events.get(0));
    assertEquals(new ChatEvent.Finished(result), reader.events.get(reader.events.size() - 1));

    SignedReceipt kept = client.receipts.get(result.receipt().orElseThrow()).orElseThrow();
    assertEquals(List.of(kept), provider.receipts.newest(10));
    assertEquals(new ReceiptVerdict.Valid(), new ReceiptVerifier().verify(kept));
    assertEquals(70, kept.receipt().completionTokens());
    assertEquals(0, provider.provider.running());
    assertEquals(JobRecord.State.COMPLETED, client.jobs.get(job.id()).orElseThrow().state());
  }

  @Test
  void goesOnElsewhereWhereverTheProviderDies() {
    String whole = JobWorld.CODEC.decode(JobWorld.expected(PROMPT, 5, 68));
    for (int n = 0; n <= 68; n++) {
      JobWorld fresh = new JobWorld(1000 + n);
      Node client = fresh.node();
      Node first = fresh.provider();
      Node second = fresh.provider();
      client.connect(first, second);
      ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 5, 68).build());
      int dieAfter = n;
      boolean[] killed = new boolean[1];
      Reader reader =
          new Reader(
              r -> {
                if (r.tokens >= dieAfter && !killed[0]) {
                  killed[0] = true;
                  ChatEvent.Started started = (ChatEvent.Started) r.events.get(0);
                  fresh.network.kill(started.provider().peer());
                }
              });
      job.events().subscribe(reader);

      ChatResult result = fresh.await(job.result(), LIMIT);

      String message = "dies after " + n + " tokens, seed " + (1000 + n);
      assertEquals(whole, result.text(), message);
      assertEquals(whole, reader.text.toString(), message);
      assertEquals(68, result.tokens().size(), message);
      assertEquals(FinishReason.LENGTH, result.finishReason(), message);
      if (n < 66) {
        assertEquals(1, reader.of(ChatEvent.Switched.class).size(), message);
        assertEquals(2, result.attempts().size(), message);
        assertEquals(Attempt.Outcome.BROKEN, result.attempts().get(0).outcome(), message);
        SignedReceipt receipt = client.receipts.get(result.receipt().orElseThrow()).orElseThrow();
        assertEquals(result.attempts().get(0).tokens(), receipt.receipt().resumedTokens(), message);
        assertEquals(68, receipt.receipt().resumedTokens() + receipt.receipt().completionTokens());
      }
    }
  }

  @Test
  void goesOnElsewhereWhenTheProviderStalls() {
    Node client = world.node();
    Node stalling = world.node().serving(JobWorld.script().withStallAfter(5));
    client.connect(stalling);
    ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 9, 20).build());
    world.time.advance(Duration.ofSeconds(1));
    Node healthy = world.provider();
    client.connect(healthy);

    ChatResult result = world.await(job.result(), LIMIT);

    assertEquals(JobWorld.CODEC.decode(JobWorld.expected(PROMPT, 9, 20)), result.text());
    assertEquals(
        List.of(Attempt.Outcome.STALLED, Attempt.Outcome.COMPLETED),
        result.attempts().stream().map(Attempt::outcome).toList());
    assertEquals(5, result.attempts().get(0).tokens());
    assertEquals(0, stalling.engine.running(), "the stalled answer was cancelled");
  }

  @Test
  void goesOnElsewhereWhenNoTokenComes() {
    Node client = world.node();
    Node silent =
        world
            .node()
            .serving(JobWorld.script().withTimes(Duration.ofHours(1), Duration.ofMillis(1)));
    client.connect(silent);
    ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 9, 20).build());
    world.time.advance(Duration.ofSeconds(1));
    client.connect(world.provider());

    ChatResult result = world.await(job.result(), LIMIT);

    assertEquals(Attempt.Outcome.STALLED, result.attempts().get(0).outcome());
    assertEquals(20, result.usage().completionTokens());
  }

  @Test
  void usesTheNextProviderWhenOneFreezesBeforeItsQuote() {
    Node client = world.node();
    Node frozen = world.provider();
    client.connect(frozen);
    world.network.stall(frozen.id());
    ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 9, 20).build());
    world.time.advance(Duration.ofSeconds(1));
    client.connect(world.provider());

    ChatResult result = world.await(job.result(), LIMIT);

    assertEquals(2, result.attempts().size());
    assertEquals(20, result.usage().completionTokens());
  }

  @Test
  void asksOneAfterTheOtherWhenProvidersRefuse() {
    Node client = world.node();
    Node busy = world.node().serving(JobWorld.script().withCapacity(0));
    Node lost = world.provider();
    Node draining = world.provider();
    Node willing = world.provider();
    client.connect(busy, lost, draining, willing);
    lost.served.set(List.of());
    draining.provider.drain(Duration.ofHours(1));
    for (int i = 0; i < 5; i++) {
      client.selector.succeeded(busy.id());
      client.selector.failed(willing.id());
    }
    world.time.advance(Duration.ofSeconds(2));

    ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 1, 10).build());
    ChatResult result = world.await(job.result(), LIMIT);

    assertEquals(10, result.usage().completionTokens());
    assertEquals(
        Attempt.Outcome.COMPLETED, result.attempts().get(result.attempts().size() - 1).outcome());
    for (Attempt attempt : result.attempts().subList(0, result.attempts().size() - 1)) {
      assertEquals(Attempt.Outcome.REFUSED, attempt.outcome(), attempt.toString());
      assertFalse(attempt.detail().isEmpty());
    }
  }

  @Test
  void waitsForABusyProviderWhenThereIsNoOther() {
    Node client = world.node();
    Node busy = world.node().serving(JobWorld.script().withCapacity(1));
    client.connect(busy);
    NetworkChatService chat = client.chat(Optional.empty());
    ChatJob first = chat.start(JobWorld.request(PROMPT, 1, 60).build());
    ChatJob second = chat.start(JobWorld.request(PROMPT, 2, 10).build());

    assertEquals(60, world.await(first.result(), LIMIT).usage().completionTokens());
    ChatResult waited = world.await(second.result(), LIMIT);

    assertEquals(10, waited.usage().completionTokens());
    assertEquals(Attempt.Outcome.REFUSED, waited.attempts().get(0).outcome());
  }

  @Test
  void answersHereWhenTwoProvidersFailed() {
    Node client = world.node();
    Node first = world.node().serving(JobWorld.script().withFailAfter(3));
    Node second = world.node().serving(JobWorld.script().withFailAfter(4));
    client.connect(first, second);
    client.engine.script(JobWorld.script());

    ChatJob job =
        client.chat(Optional.of(client.engine)).start(JobWorld.request(PROMPT, 3, 40).build());
    Reader reader = Reader.of(job);
    ChatResult result = world.await(job.result(), LIMIT);

    assertEquals(JobWorld.CODEC.decode(JobWorld.expected(PROMPT, 3, 40)), result.text());
    assertEquals(new Provider(client.id(), true), result.provider());
    assertEquals(Optional.empty(), result.receipt());
    assertEquals(ChatResult.Verdict.UNAUDITED, result.verdict());
    assertEquals(
        List.of(Attempt.Outcome.FAILED, Attempt.Outcome.FAILED, Attempt.Outcome.COMPLETED),
        result.attempts().stream().map(Attempt::outcome).toList());
    assertEquals(2, reader.of(ChatEvent.Switched.class).size());
    assertEquals(7, client.engine.requests().get(0).outputSoFar().size());
  }

  @Test
  void answersHereWithoutPeers() {
    Node alone = world.node();
    alone.engine.script(JobWorld.script());

    ChatResult result =
        world.await(
            alone
                .chat(Optional.of(alone.engine))
                .start(JobWorld.request(PROMPT, 3, 40).build())
                .result(),
            LIMIT);

    assertEquals(ChatResult.Verdict.LOCAL, result.verdict());
    assertEquals(40, result.usage().completionTokens());
  }

  @Test
  void saysWhyNobodyCanAnswer() {
    Node client = world.node();
    Node dear =
        world
            .node(JobProviderConfig.defaults().withPrices(new PriceList(5, 0)))
            .serving(JobWorld.script());
    Node failing = world.node().serving(JobWorld.script().withFailAfter(0));
    client.connect(dear, failing);

    Throwable error =
        world.awaitFailure(
            client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 3, 40).build()).result(),
            LIMIT);

    assertInstanceOf(NoProviderException.class, error);
    assertEquals(ExitCode.NOBODY_CAN_SERVE, ExitCode.of(error));
    assertTrue(error.getMessage().contains("engine failed"), error.getMessage());
    assertTrue(error.getMessage().contains("the ceiling is 0"), error.getMessage());
    assertFalse(error.getMessage().contains("\n"));
  }

  @Test
  void paysWhatWasAgreed() {
    Node client = world.node();
    Node dear =
        world
            .node(JobProviderConfig.defaults().withPrices(new PriceList(100, 2_000)))
            .serving(JobWorld.script().withStopAfter(30));
    client.connect(dear);

    ChatResult result =
        world.await(
            client
                .chat(Optional.empty())
                .start(JobWorld.request(PROMPT, 3, 40).maxPrice(1_000).build())
                .result(),
            LIMIT);

    assertEquals(FinishReason.STOP, result.finishReason());
    assertEquals(100 + 2 * (PROMPT.length() + 30), result.price());
    assertEquals(
        result.price(),
        client.receipts.get(result.receipt().orElseThrow()).orElseThrow().receipt().price());
  }

  @Test
  void endsAtTheDeadline() {
    Node client = world.node();
    Node slow =
        world
            .node()
            .serving(JobWorld.script().withTimes(Duration.ofSeconds(1), Duration.ofSeconds(8)));
    client.connect(slow);

    ChatJob job =
        client
            .chat(Optional.empty())
            .start(JobWorld.request(PROMPT, 3, 400).deadline(Duration.ofSeconds(30)).build());
    Reader reader = Reader.of(job);
    Throwable error = world.awaitFailure(job.result(), LIMIT);
    world.time.advance(Duration.ofSeconds(1));

    assertInstanceOf(DeadlinePassedException.class, error);
    assertEquals(ExitCode.DEADLINE_PASSED, ExitCode.of(error));
    assertEquals(Optional.of(error), reader.error);
    assertEquals(0, slow.engine.running());
    assertEquals(0, slow.provider.running());
    assertEquals(JobRecord.State.FAILED, client.jobs.get(job.id()).orElseThrow().state());
  }

  @Test
  void endsAtOnceWhenItIsCancelled() {
    Node client = world.node();
    Node provider = world.provider();
    client.connect(provider);
    NetworkChatService chat = client.chat(Optional.empty());
    ChatJob job = chat.start(JobWorld.request(PROMPT, 3, 400).build());
    Reader reader = Reader.of(job);
    world.time.advance(Duration.ofMillis(200));
    assertEquals(1, provider.engine.running());
    assertEquals(1, chat.running().size());

    job.cancel();
    world.time.advance(Duration.ofMillis(20));

    assertEquals(0, provider.engine.running());
    assertEquals(0, provider.provider.running());
    assertEquals(0, chat.running().size());
    assertInstanceOf(JobCancelledException.class, reader.error.orElseThrow());
    assertTrue(reader.tokens > 5);
    assertEquals(JobRecord.State.CANCELLED, client.jobs.get(job.id()).orElseThrow().state());
  }

  @Test
  void readsNothingForAJobThatWasCancelledBeforeItsTurn() {
    Node client = world.node();
    List<Runnable> tasks = new ArrayList<>();
    client.background = tasks::add;
    ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 3, 4).build());
    job.cancel();
    world.time.advance(Duration.ofMillis(20));

    List.copyOf(tasks).forEach(Runnable::run);
    assertEquals(0, client.codecsRead);
    assertEquals(JobRecord.State.CANCELLED, client.jobs.get(job.id()).orElseThrow().state());
  }

  @Test
  void stopsAtAStopTextThatSpansTokens() {
    Node client = world.node();
    Node provider = world.provider();
    client.connect(provider);
    String whole = JobWorld.CODEC.decode(JobWorld.expected(PROMPT, 3, 200));
    // From within the 50th token to within the 51st.
    List<String> tokens = List.of(whole.split(" ", -1));
    String stop =
        tokens.get(49).substring(1)
            + " "
            + tokens.get(50).substring(0, tokens.get(50).length() - 1);

    ChatJob job =
        client
            .chat(Optional.empty())
            .start(JobWorld.request(PROMPT, 3, 400).stop(List.of("never", stop)).build());
    Reader reader = Reader.of(job);
    ChatResult result = world.await(job.result(), LIMIT);
    world.time.advance(Duration.ofSeconds(1));

    assertEquals(whole.substring(0, whole.indexOf(stop)), result.text());
    assertEquals(result.text(), reader.text.toString());
    assertEquals(FinishReason.STOP, result.finishReason());
    assertEquals(51, result.usage().completionTokens());
    assertEquals(50, result.tokens().size());
    assertEquals(0, provider.engine.running());
    SignedReceipt receipt = client.receipts.get(result.receipt().orElseThrow()).orElseThrow();
    assertEquals(51, receipt.receipt().completionTokens());
    assertEquals(List.of(receipt), provider.receipts.newest(1));
  }

  @Test
  void tellsHowLikelyTokensWereAndEchoesThePrompt() {
    Node client = world.node();
    client.connect(world.provider());

    ChatResult result =
        world.await(
            client
                .chat(Optional.empty())
                .start(JobWorld.request("ab", 3, 4).echo(true).topLogprobs(2).build())
                .result(),
            LIMIT);

    assertEquals("97 98 " + JobWorld.CODEC.decode(JobWorld.expected("ab", 3, 4)), result.text());
    assertEquals(6, result.tokens().size());
    assertEquals(Optional.empty(), result.tokens().get(0).score());
    for (AnswerToken token : result.tokens().subList(1, 6)) {
      assertEquals(-1, token.score().orElseThrow().logprob());
      assertEquals(2, token.score().orElseThrow().top().size());
    }
    assertEquals(new Usage(2, 4), result.usage());
  }

  @Test
  void onlyScoresThePromptWhenNoTokensAreWanted() {
    Node client = world.node();
    client.connect(world.provider());

    ChatResult result =
        world.await(
            client
                .chat(Optional.empty())
                .start(JobWorld.request("abc", 3, 0).echo(true).topLogprobs(0).build())
                .result(),
            LIMIT);

    assertEquals("97 98 99 ", result.text());
    assertEquals(new Usage(3, 0), result.usage());
    assertTrue(result.tokens().get(2).score().isPresent());
  }

  @Test
  void echoesThePromptOnceWhenAProviderDies() {
    Node client = world.node();
    client.connect(
        world.node().serving(JobWorld.script().withFailAfter(2)),
        world.node().serving(JobWorld.script().withFailAfter(2)));
    client.engine.script(JobWorld.script());

    ChatResult result =
        world.await(
            client
                .chat(Optional.of(client.engine))
                .start(JobWorld.request("ab", 3, 9).echo(true).topLogprobs(0).build())
                .result(),
            LIMIT);

    assertEquals("97 98 " + JobWorld.CODEC.decode(JobWorld.expected("ab", 3, 9)), result.text());
    assertEquals(11, result.tokens().size());
  }

  @Test
  void refusesAnImpossibleRequestBeforeItUsesTheNetwork() {
    Node client = world.node();
    Node provider = world.provider();
    client.connect(provider);
    NetworkChatService chat = client.chat(Optional.empty());

    assertInstanceOf(
        ContextLengthExceededException.class,
        world.awaitFailure(
            chat.start(JobWorld.request("x".repeat(512), 1, 10).build()).result(), LIMIT));
    assertInstanceOf(
        UsageException.class,
        world.awaitFailure(chat.start(JobWorld.request("", 1, 10).build()).result(), LIMIT));
    assertInstanceOf(
        UsageException.class,
        world.awaitFailure(
            chat.start(JobWorld.request("x", 1, 10).verify(VerifyMode.AUDIT).build()).result(),
            LIMIT));
    assertInstanceOf(
        UsageException.class,
        world.awaitFailure(
            chat.start(JobWorld.request("x", 1, 10).deadline(Duration.ofDays(1)).build()).result(),
            LIMIT));
    assertInstanceOf(
        UsageException.class,
        world.awaitFailure(
            chat.start(ChatRequest.builder("storyteller").tokens(TokenIds.of(1, 4096)).build())
                .result(),
            LIMIT));
    assertTrue(provider.engine.requests().isEmpty());
    assertTrue(chat.running().isEmpty());
  }

  @Test
  void cutsTheAnswerToWhatTheContextLeaves() {
    Node client = world.node();
    client.connect(world.provider());

    ChatResult result =
        world.await(
            client
                .chat(Optional.empty())
                .start(JobWorld.request("x".repeat(500), 1, 10_000).build())
                .result(),
            LIMIT);

    assertEquals(new Usage(500, 12), result.usage());
  }

  @Test
  void findsAProviderBehindTheOnlyPeerItKnows() {
    Node client = world.node();
    Node bootstrap = world.node();
    Node provider = world.provider();
    bootstrap.connect(provider);
    world.time.advance(Duration.ofSeconds(2));
    client.host.connect(bootstrap.host.info());
    world.time.advance(Duration.ofMillis(20));

    ChatResult result =
        world.await(
            client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 1, 10).build()).result(),
            LIMIT);

    assertEquals(provider.id(), result.provider().peer());
  }

  @Test
  void completesTheAnswerWhenTheProviderDiesAfterItsLastToken() {
    Node client = world.node();
    Node provider = world.provider();
    client.connect(provider);
    ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 3, 40).build());
    Reader reader =
        new Reader(
            r -> {
              if (r.tokens == 40) {
                world.network.kill(provider.id());
              }
            });
    job.events().subscribe(reader);

    ChatResult result = world.await(job.result(), LIMIT);

    assertEquals(JobWorld.CODEC.decode(JobWorld.expected(PROMPT, 3, 40)), result.text());
    assertEquals(FinishReason.LENGTH, result.finishReason());
  }

  @Test
  void keepsTheReceiptThatTheProviderNeverGetsBack() {
    Node client = world.node();
    Node provider = world.provider();
    client.connect(provider);
    ReceiptStore cutting =
        new ReceiptStore() {
          @Override
          public void put(SignedReceipt receipt) {
            client.receipts.put(receipt);
            world.network.disconnect(client.id(), provider.id());
          }

          @Override
          public Optional<SignedReceipt> get(String id) {
            return client.receipts.get(id);
          }

          @Override
          public List<SignedReceipt> newest(int limit) {
            return client.receipts.newest(limit);
          }
        };

    ChatResult result =
        world.await(
            client
                .chat(Optional.empty(), ChatServiceConfig.defaults(), client.client(cutting))
                .start(JobWorld.request(PROMPT, 3, 40).build())
                .result(),
            LIMIT);
    world.time.advance(Duration.ofMinutes(1));

    assertTrue(client.receipts.get(result.receipt().orElseThrow()).orElseThrow().isComplete());
    SignedReceipt half = provider.receipts.newest(1).get(0);
    assertEquals(result.receipt().orElseThrow(), half.receipt().id());
    assertEquals(new ReceiptVerdict.HalfSigned(), new ReceiptVerifier().verify(half));
    assertEquals(0, provider.provider.running());
  }

  @Test
  void runsManyJobsAtOnce() {
    Node client = world.node();
    client.connect(world.provider(), world.provider(), world.provider());
    NetworkChatService chat = client.chat(Optional.empty());

    List<ChatJob> jobs =
        IntStream.range(0, 60)
            .mapToObj(i -> chat.start(JobWorld.request(PROMPT, i, 50).build()))
            .toList();

    for (int i = 0; i < 60; i++) {
      assertEquals(
          JobWorld.CODEC.decode(JobWorld.expected(PROMPT, i, 50)),
          world.await(jobs.get(i).result(), LIMIT).text());
    }
  }

  @Test
  void takesNoMoreJobsThanItsLimit() {
    Node client = world.node();
    client.engine.script(JobWorld.script());
    ChatServiceConfig one =
        new ChatServiceConfig(
            16,
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            0,
            1,
            1,
            4,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1));
    NetworkChatService chat =
        client.chat(Optional.of(client.engine), one, client.client(client.receipts));
    ChatJob first = chat.start(JobWorld.request(PROMPT, 1, 50).build());
    ChatJob second = chat.start(JobWorld.request(PROMPT, 2, 50).build());

    assertTrue(world.awaitFailure(second.result(), LIMIT).getMessage().contains("try again later"));
    assertEquals(50, world.await(first.result(), LIMIT).usage().completionTokens());
  }

  @Test
  void drainsWithoutLosingAnAnswer() {
    Node client = world.node();
    Node leaving = world.provider();
    client.connect(leaving);
    NetworkChatService chat = client.chat(Optional.empty());
    ChatJob quick = chat.start(JobWorld.request(PROMPT, 1, 60).build());
    ChatJob lengthy = chat.start(JobWorld.request(PROMPT, 2, 400).build());
    world.time.advance(Duration.ofMillis(200));

    var drained = leaving.provider.drain(Duration.ofSeconds(1));
    Node staying = world.provider();
    client.connect(staying);
    world.await(drained, Duration.ofSeconds(2));
    leaving.host.close();

    assertEquals(leaving.id(), world.await(quick.result(), LIMIT).provider().peer());
    ChatResult moved = world.await(lengthy.result(), LIMIT);
    assertEquals(staying.id(), moved.provider().peer());
    assertEquals(JobWorld.CODEC.decode(JobWorld.expected(PROMPT, 2, 400)), moved.text());
    assertEquals(Attempt.Outcome.FAILED, moved.attempts().get(0).outcome());
    assertTrue(moved.attempts().get(0).detail().contains("shuts down"));
  }

  @Test
  void endsWhatIsUnderWayWhenItCloses() {
    Node client = world.node();
    client.connect(world.provider());
    NetworkChatService chat = client.chat(Optional.empty());
    ChatJob job = chat.start(JobWorld.request(PROMPT, 1, 400).build());
    world.time.advance(Duration.ofMillis(100));

    chat.close();

    assertInstanceOf(JobCancelledException.class, world.awaitFailure(job.result(), LIMIT));
    assertTrue(
        world
            .awaitFailure(chat.start(JobWorld.request(PROMPT, 1, 4).build()).result(), LIMIT)
            .getMessage()
            .contains("shuts down"));
  }

  @Test
  void repeatsItselfForASeed() {
    assertEquals(trace(11), trace(11));
  }

  private static String trace(long seed) {
    JobWorld world = new JobWorld(seed);
    Node client = world.node();
    Node first = world.provider();
    client.connect(first, world.node().serving(JobWorld.script().withFailAfter(9)));
    ChatJob job = client.chat(Optional.empty()).start(JobWorld.request(PROMPT, 1, 50).build());
    Reader reader = Reader.of(job);
    world.await(job.result(), LIMIT);
    return reader.events.toString();
  }

  @Test
  void fakeEnginesAgree() {
    // What every test here rests on.
    assertEquals(JobWorld.expected(PROMPT, 1, 5), JobWorld.expected(PROMPT, 1, 9).slice(0, 5));
    assertTrue(FakeInferenceEngine.VOCABULARY > 1000);
  }
}

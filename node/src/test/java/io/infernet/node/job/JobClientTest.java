package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.PriceList;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.node.DeadlinePassedException;
import io.infernet.node.job.JobWorld.Node;
import io.infernet.node.job.wire.JobMessage;
import io.infernet.node.job.wire.Quote;
import io.infernet.verification.commitment.Commitment;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Every lie that a provider can tell ends its attempt, and the answer comes from another one. */
class JobClientTest {

  private static final int TOKENS = 40;

  /** What came of a job whose first provider follows that script and whose second is honest. */
  private static ChatResult run(String name, Consumer<RogueProvider> script) {
    JobWorld world = new JobWorld(name.hashCode());
    Node client = world.node();
    Node rogue = world.node();
    Node honest = world.node();
    RogueProvider.serve(world, rogue, script);
    client.connect(rogue);
    client.engine.script(JobWorld.script());
    honest.serving(JobWorld.script());
    ChatJob job =
        client.chat(Optional.of(client.engine)).start(JobWorld.request("Once", 4, TOKENS).build());
    world.time.advance(Duration.ofMillis(100));
    client.connect(honest);
    ChatResult result = world.await(job.result(), Duration.ofMinutes(2));
    assertEquals(JobWorld.CODEC.decode(JobWorld.expected("Once", 4, TOKENS)), result.text(), name);
    return result;
  }

  @Test
  void acceptsAnHonestProviderOfThisTest() {
    ChatResult result =
        run(
            "honest",
            rogue -> {
              rogue.quote();
              rogue.tokens(TOKENS);
              rogue.result(AnswerEnd.LENGTH, UnaryOperator.identity());
            });

    assertEquals(1, result.attempts().size());
    assertTrue(result.receipt().isPresent());
  }

  @Test
  void bothSidesProtectTheirConnectionWhileTheyWork() {
    JobWorld world = new JobWorld(1);
    Node client = world.node();
    Node provider = world.node();
    provider.serving(JobWorld.script());
    client.connect(provider);
    ChatJob job =
        client.chat(Optional.of(client.engine)).start(JobWorld.request("Once", 4, TOKENS).build());
    world.time.advance(Duration.ofMillis(100));
    assertTrue(client.host.protections(provider.id()).contains("job-client"));
    assertTrue(provider.host.protections(client.id()).contains("job-provider"));

    world.await(job.result(), Duration.ofMinutes(2));
    world.time.advance(Duration.ofSeconds(10));

    assertFalse(client.host.protections(provider.id()).contains("job-client"));
    assertFalse(provider.host.protections(client.id()).contains("job-provider"));
  }

  @Test
  void leavesAProviderThatLies() {
    Map<String, Consumer<RogueProvider>> lies = new LinkedHashMap<>();
    lies.put("tokens before the quote", rogue -> rogue.tokens(1));
    lies.put(
        "a result before the quote",
        rogue -> rogue.result(AnswerEnd.STOP_TOKEN, UnaryOperator.identity()));
    lies.put(
        "a quote signed by another",
        rogue -> rogue.quote(rogue.honestQuote(), TestIdentities.privateKey(77)));
    lies.put(
        "a quote for another job",
        rogue -> {
          Quote q = rogue.honestQuote();
          rogue.quote(
              new Quote(JobId.parse("00".repeat(16)), q.attempt(), q.prices(), 0, q.validUntil()),
              rogue.node().key);
        });
    lies.put(
        "a quote for another attempt",
        rogue -> {
          Quote q = rogue.honestQuote();
          rogue.quote(
              new Quote(q.jobId(), q.attempt() + 1, q.prices(), 0, q.validUntil()),
              rogue.node().key);
        });
    lies.put(
        "a quote above the ceiling",
        rogue -> {
          Quote q = rogue.honestQuote();
          rogue.quote(
              new Quote(q.jobId(), q.attempt(), new PriceList(1, 0), 1, q.validUntil()),
              rogue.node().key);
        });
    lies.put(
        "a quote that lapses early",
        rogue -> {
          Quote q = rogue.honestQuote();
          rogue.quote(
              new Quote(q.jobId(), q.attempt(), q.prices(), 0, q.validUntil().minusSeconds(1)),
              rogue.node().key);
        });
    lies.put(
        "two quotes",
        rogue -> {
          rogue.quote();
          rogue.quote();
        });
    lies.put(
        "the same tokens twice",
        rogue -> {
          rogue.quote();
          rogue.tokens(3);
          rogue.say(new JobMessage.Tokens(2, TokenIds.of(rogue.token(2)), List.of()));
        });
    lies.put(
        "a gap between tokens",
        rogue -> {
          rogue.quote();
          rogue.tokens(3);
          rogue.say(new JobMessage.Tokens(4, TokenIds.of(rogue.token(4)), List.of()));
        });
    lies.put(
        "a stop token as text",
        rogue -> {
          rogue.quote();
          rogue.say(new JobMessage.Tokens(0, TokenIds.of(0), List.of()));
        });
    lies.put(
        "a token that the model does not have",
        rogue -> {
          rogue.quote();
          rogue.say(
              new JobMessage.Tokens(0, TokenIds.of(JobWorld.CODEC.vocabularySize()), List.of()));
        });
    lies.put(
        "scores that nobody asked for",
        rogue -> {
          rogue.quote();
          rogue.say(
              new JobMessage.Tokens(
                  0, TokenIds.of(rogue.token(0)), List.of(new TokenScore(-1, List.of()))));
        });
    lies.put(
        "prompt scores that nobody asked for",
        rogue -> {
          rogue.quote();
          rogue.say(new JobMessage.PromptScores(1, List.of(new TokenScore(-1, List.of()))));
        });
    lies.put(
        "no commitment to a chunk",
        rogue -> {
          rogue.quote();
          for (int i = 0; i < 33; i++) {
            rogue.say(new JobMessage.Tokens(i, TokenIds.of(rogue.token(i)), List.of()));
          }
        });
    lies.put(
        "a commitment to other tokens",
        rogue -> {
          rogue.quote();
          rogue.tokens(31);
          rogue.say(new JobMessage.Tokens(31, TokenIds.of(rogue.token(31)), List.of()));
          rogue.say(new JobMessage.Committed(new Commitment(1, Hash.parse("ab".repeat(32)))));
        });
    lies.put(
        "a commitment too early",
        rogue -> {
          rogue.quote();
          rogue.tokens(5);
          rogue.say(new JobMessage.Committed(new Commitment(1, Hash.parse("ab".repeat(32)))));
        });
    lies.put(
        "a commitment twice",
        rogue -> {
          rogue.quote();
          rogue.tokens(32);
          rogue.say(new JobMessage.Committed(rogue.chain().commitment(1).orElseThrow()));
        });
    lies.put(
        "an answer cut short",
        rogue -> {
          rogue.quote();
          rogue.tokens(10);
          rogue.result(AnswerEnd.LENGTH, UnaryOperator.identity());
        });
    lies.put(
        "a stop that nobody asked for",
        rogue -> {
          rogue.quote();
          rogue.tokens(10);
          rogue.result(AnswerEnd.CLIENT_STOP, UnaryOperator.identity());
        });
    lies.put(
        "what a client says",
        rogue -> {
          rogue.quote();
          rogue.say(new JobMessage.Stop(0));
        });
    Map<String, UnaryOperator<Receipt>> receipts = new LinkedHashMap<>();
    receipts.put(
        "another job",
        r ->
            copy(
                r,
                JobId.parse("11".repeat(16)),
                r.price(),
                r.completionTokens(),
                r.lastCommitment(),
                r.promptTokens(),
                r.resumedTokens()));
    receipts.put(
        "another price",
        r ->
            copy(
                r,
                r.jobId(),
                5,
                r.completionTokens(),
                r.lastCommitment(),
                r.promptTokens(),
                r.resumedTokens()));
    receipts.put(
        "more tokens",
        r ->
            copy(
                r,
                r.jobId(),
                r.price(),
                r.completionTokens() + 1,
                r.lastCommitment(),
                r.promptTokens(),
                r.resumedTokens()));
    receipts.put(
        "another chain",
        r ->
            copy(
                r,
                r.jobId(),
                r.price(),
                r.completionTokens(),
                Hash.parse("cd".repeat(32)),
                r.promptTokens(),
                r.resumedTokens()));
    receipts.put(
        "a longer prompt",
        r ->
            copy(
                r,
                r.jobId(),
                r.price(),
                r.completionTokens(),
                r.lastCommitment(),
                r.promptTokens() + 1,
                r.resumedTokens()));
    receipts.put(
        "resumed tokens",
        r ->
            copy(
                r,
                r.jobId(),
                r.price(),
                r.completionTokens(),
                r.lastCommitment(),
                r.promptTokens(),
                1));
    receipts.forEach(
        (name, lie) ->
            lies.put(
                "a receipt for " + name,
                rogue -> {
                  rogue.quote();
                  rogue.tokens(20);
                  rogue.result(AnswerEnd.STOP_TOKEN, lie);
                }));
    lies.put(
        "a receipt signed by another",
        rogue -> {
          rogue.quote();
          rogue.tokens(20);
          rogue.result(
              SignedReceipt.byProvider(
                  rogue.honestReceipt(AnswerEnd.STOP_TOKEN), TestIdentities.privateKey(66)));
        });
    lies.forEach(
        (name, script) -> {
          ChatResult result = run(name, script);
          assertEquals(
              Attempt.Outcome.MISBEHAVED,
              result.attempts().get(0).outcome(),
              () -> name + ": " + result.attempts());
          assertEquals(2, result.attempts().size(), name);
        });
  }

  private static Receipt copy(
      Receipt r, JobId job, long price, int made, Hash last, int prompt, int resumed) {
    return new Receipt(
        job,
        r.attempt(),
        r.client(),
        r.provider(),
        r.model(),
        r.firstCommitment(),
        last,
        prompt,
        resumed,
        made,
        price,
        r.end(),
        r.startedAt(),
        r.finishedAt());
  }

  @Test
  void leavesAProviderThatSendsMoreThanWasAskedFor() {
    ChatResult result =
        run(
            "too many",
            rogue -> {
              rogue.quote();
              rogue.tokens(TOKENS + 1);
            });

    // The whole answer was there when the lie came.
    assertEquals(Attempt.Outcome.MISBEHAVED, result.attempts().get(0).outcome());
    assertEquals(Optional.empty(), result.receipt());
  }

  @Test
  void leavesAProviderThatSendsGarbage() {
    ChatResult result =
        run(
            "garbage",
            rogue -> {
              rogue.quote();
              rogue.tokens(3);
              rogue.garbage(new byte[] {5, 1, 2, 3, 4, 5});
            });

    assertEquals(Attempt.Outcome.MISBEHAVED, result.attempts().get(0).outcome());
  }

  @Test
  void leavesAProviderThatClosesWithoutAResult() {
    ChatResult result =
        run(
            "closes",
            rogue -> {
              rogue.quote();
              rogue.tokens(3);
              rogue.close();
            });

    assertEquals(Attempt.Outcome.BROKEN, result.attempts().get(0).outcome());
  }

  @Test
  void cutsOffASlowLorisWithinTheDeadline() {
    JobWorld world = new JobWorld(3);
    Node client = world.node();
    Node rogue = world.node();
    RogueProvider.serve(
        world,
        rogue,
        r -> {
          r.quote();
          drip(world, r, 0);
        });
    client.connect(rogue);
    ChatJob job =
        client
            .chat(Optional.empty())
            .start(JobWorld.request("Once", 4, TOKENS).deadline(Duration.ofSeconds(40)).build());

    Throwable error = world.awaitFailure(job.result(), Duration.ofSeconds(41));

    assertTrue(error instanceof DeadlinePassedException, error.toString());
  }

  /** One token just before the time between tokens is over. */
  private static void drip(JobWorld world, RogueProvider rogue, int count) {
    if (count < TOKENS) {
      rogue.tokens(1);
      world.time.schedule(Duration.ofSeconds(9), () -> drip(world, rogue, count + 1));
    }
  }
}

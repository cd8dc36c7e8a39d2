package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.PriceList;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.node.job.wire.JobCodec;
import io.infernet.node.job.wire.JobLimits;
import io.infernet.node.job.wire.JobMessage;
import io.infernet.node.job.wire.Quote;
import io.infernet.verification.commitment.Commitment;
import io.infernet.verification.commitment.CommitmentChain;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import io.infernet.verification.receipt.SignedReceipt;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The provider's side of a job, spoken by a test: honest where the test does not say otherwise, so
 * that each lie stands alone.
 */
final class RogueProvider {

  private final JobWorld world;
  private final JobWorld.Node node;
  private @Nullable RawStream stream;
  private @Nullable JobRequest request;
  private @Nullable CommitmentChain chain;

  private RogueProvider(JobWorld world, JobWorld.Node node) {
    this.world = world;
    this.node = node;
  }

  /** Serves jobs of {@code node} by that script, which begins when the request is there. */
  static void serve(JobWorld world, JobWorld.Node node, Consumer<RogueProvider> script) {
    node.engine.load(JobWorld.MODEL);
    node.served.set(List.of(JobWorld.MODEL));
    node.host.handle(
        JobMessage.PROTOCOL,
        opened -> {
          RogueProvider rogue = new RogueProvider(world, node);
          rogue.stream =
              new RawStream(
                  opened,
                  world.time,
                  message -> {
                    if (message instanceof JobMessage.Request asked) {
                      rogue.request = asked.signed().request();
                      rogue.chain = new CommitmentChain(rogue.request());
                      script.accept(rogue);
                    }
                  });
        });
  }

  JobRequest request() {
    return requireNonNull(request);
  }

  CommitmentChain chain() {
    return requireNonNull(chain);
  }

  void say(JobMessage message) {
    requireNonNull(stream).messages.send(message);
  }

  Quote honestQuote() {
    return new Quote(
        request().jobId(), request().attempt(), PriceList.free(), 0, request().deadline());
  }

  void quote() {
    quote(honestQuote(), node.key);
  }

  void quote(Quote quote, PrivateKey key) {
    say(new JobMessage.Quoted(new JobCodec(JobLimits.defaults()).sign(quote, key)));
  }

  /** The next {@code count} honest tokens, with their commitments. */
  void tokens(int count) {
    for (int i = 0; i < count; i++) {
      int offset = chain().size();
      int id = token(offset);
      Optional<Commitment> commitment = chain().add(id);
      say(new JobMessage.Tokens(offset, TokenIds.of(id), List.of()));
      commitment.ifPresent(link -> say(new JobMessage.Committed(link)));
    }
  }

  /** The honest token at that place of this attempt. */
  int token(int index) {
    int at = request().outputSoFar().size() + index;
    int[] ids = new int[at + 1];
    var generation =
        GenerationRequest.of(JobWorld.MODEL, request().prompt(), request().sampling(), ids.length);
    return FakeInferenceEngine.tokenAt(generation, at);
  }

  Receipt honestReceipt(AnswerEnd end) {
    Instant now = world.time.clock().instant();
    return new Receipt(
        request().jobId(),
        request().attempt(),
        request().client(),
        request().provider(),
        request().model(),
        chain().first(),
        chain().end(chain().size()),
        request().prompt().size(),
        request().outputSoFar().size(),
        chain().size(),
        0,
        end,
        now,
        now);
  }

  void result(AnswerEnd end, UnaryOperator<Receipt> lie) {
    result(SignedReceipt.byProvider(lie.apply(honestReceipt(end)), node.key));
  }

  void result(SignedReceipt receipt) {
    say(
        new JobMessage.Result(
            receipt, new JobMessage.Timings(Duration.ofMillis(1), Duration.ofMillis(2))));
  }

  void garbage(byte[] bytes) {
    requireNonNull(stream).messages.stream().send(ByteBuffer.wrap(bytes));
  }

  void close() {
    requireNonNull(stream).messages.closeWrite();
  }

  JobWorld.Node node() {
    return node;
  }
}

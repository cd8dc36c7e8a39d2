package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.model.GenerationDefaults;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelFile;
import io.infernet.inference.model.ModelManifest;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.node.job.JobWorld.Node;
import io.infernet.node.job.wire.JobLimits;
import io.infernet.node.job.wire.JobMessage;
import io.infernet.node.job.wire.Refusal;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.ReceiptVerdict;
import io.infernet.verification.receipt.ReceiptVerifier;
import io.infernet.verification.receipt.SignedReceipt;
import io.infernet.verification.wire.EvidenceLimits;
import io.infernet.verification.wire.JobRequestCodec;
import io.infernet.verification.wire.SignedJobRequest;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class JobProviderTest {

  private static final JobRequestCodec REQUESTS = new JobRequestCodec(EvidenceLimits.defaults());

  private final JobWorld world = new JobWorld(21);
  private final Node client = world.node();
  private final Node provider = world.provider();
  private int jobs;

  /** What a test may change about an honest request. */
  private final class Terms {
    JobId job = JobId.fromBytes(ByteBuffer.allocate(16).putInt(++jobs).array());
    int attempt;
    PeerId from = client.id();
    PeerId to = provider.id();
    Cid model = JobWorld.MODEL.manifest().cid();
    TokenIds prompt = JobWorld.CODEC.encode("Once");
    TokenIds outputSoFar = TokenIds.empty();
    int maxTokens = 40;
    OptionalInt topLogprobs = OptionalInt.empty();
    Instant deadline = world.time.clock().instant().plusSeconds(60);
    long maxPrice;

    JobRequest request() {
      return new JobRequest(
          job,
          attempt,
          from,
          to,
          model,
          prompt,
          outputSoFar,
          new SamplingParams(0.7, 40, 0.95, 5),
          maxTokens,
          List.of(0),
          topLogprobs,
          false,
          deadline,
          maxPrice,
          77);
    }

    SignedJobRequest signed() {
      return REQUESTS.sign(request(), client.key);
    }
  }

  private RawStream open() {
    return open(client, provider);
  }

  private RawStream open(Node from, Node to) {
    if (from.host.connection(to.id()).isEmpty()) {
      from.connect(to);
    }
    return new RawStream(
        world.await(
            from.host.newStream(to.id(), List.of(JobMessage.PROTOCOL)), Duration.ofSeconds(5)),
        world.time,
        message -> {});
  }

  private RawStream ask(SignedJobRequest request) {
    RawStream stream = open();
    stream.messages.send(new JobMessage.Request(request));
    return stream;
  }

  private Refusal.Reason refused(Terms terms) {
    return refused(terms.signed());
  }

  private Refusal.Reason refused(SignedJobRequest request) {
    RawStream stream = ask(request);
    world.time.advance(Duration.ofMillis(100));
    assertEquals(1, stream.heard.size(), () -> "heard " + stream.heard);
    assertTrue(stream.remoteClosed);
    assertEquals(0, provider.provider.running());
    return stream.refusal().reason();
  }

  @Test
  void answersWithQuoteTokensCommitmentsAndResult() {
    Terms terms = new Terms();
    terms.maxTokens = 70;
    RawStream stream = ask(terms.signed());
    world.time.advance(Duration.ofSeconds(2));

    assertTrue(stream.heard.get(0) instanceof JobMessage.Quoted);
    List<JobMessage.Committed> commitments = stream.of(JobMessage.Committed.class);
    assertEquals(2, commitments.size());
    int committedAt = stream.heard.indexOf(commitments.get(0));
    int before =
        stream.heard.subList(0, committedAt).stream()
            .mapToInt(m -> m instanceof JobMessage.Tokens tokens ? tokens.ids().size() : 0)
            .sum();
    assertEquals(32, before, "a commitment follows its chunk at once");
    JobMessage.Result result = stream.of(JobMessage.Result.class).get(0);
    assertEquals(AnswerEnd.LENGTH, result.receipt().receipt().end());
    assertEquals(new ReceiptVerdict.HalfSigned(), new ReceiptVerifier().verify(result.receipt()));
    assertEquals(
        List.of(result.receipt()),
        provider.receipts.newest(1),
        "the provider's half is stored before it is seen");
    assertTrue(result.timings().firstToken().compareTo(result.timings().total()) < 0);

    SignedReceipt complete = result.receipt().counterSigned(client.key);
    stream.messages.send(new JobMessage.ReceiptAck(complete.clientSignature().orElseThrow()));
    stream.messages.closeWrite();
    world.time.advance(Duration.ofMillis(100));

    assertEquals(List.of(complete), provider.receipts.newest(1));
    assertTrue(stream.remoteClosed);
    assertFalse(stream.reset);
  }

  @Test
  void refusesARequestThatWasThereBefore() {
    Terms terms = new Terms();
    SignedJobRequest request = terms.signed();
    ask(request);
    RawStream again = ask(request);
    world.time.advance(Duration.ofMillis(100));

    assertEquals(Refusal.Reason.REPLAY, again.refusal().reason());
    assertEquals(1, provider.engine.requests().size());
  }

  @Test
  void refusesARequestOfSomebodyElse() {
    Terms stolen = new Terms();
    SignedJobRequest request = stolen.signed();
    Node thief = world.node();
    RawStream stream = open(thief, provider);
    stream.messages.send(new JobMessage.Request(request));
    world.time.advance(Duration.ofMillis(100));

    assertEquals(Refusal.Reason.BAD_REQUEST, stream.refusal().reason());
    assertTrue(provider.engine.requests().isEmpty());
  }

  @Test
  void refusesWhatIsWrongWithARequest() {
    Terms elsewhere = new Terms();
    elsewhere.to = TestIdentities.peerId(99);
    assertEquals(Refusal.Reason.BAD_REQUEST, refused(elsewhere));

    Terms unsigned = new Terms();
    assertEquals(
        Refusal.Reason.BAD_REQUEST,
        refused(REQUESTS.sign(unsigned.request(), TestIdentities.privateKey(98))));

    Terms late = new Terms();
    late.deadline = world.time.clock().instant();
    assertEquals(Refusal.Reason.DEADLINE, refused(late));

    Terms far = new Terms();
    far.deadline = world.time.clock().instant().plus(Duration.ofHours(2));
    assertEquals(Refusal.Reason.DEADLINE, refused(far));

    Terms unknown = new Terms();
    unknown.model = Cid.of(Cid.RAW, Multihash.sha256(new byte[1]));
    assertEquals(Refusal.Reason.UNKNOWN_MODEL, refused(unknown));

    Terms lengthy = new Terms();
    lengthy.prompt = JobWorld.CODEC.encode("x".repeat(600));
    assertEquals(Refusal.Reason.CONTEXT_LENGTH, refused(lengthy));

    Terms curious = new Terms();
    curious.topLogprobs = OptionalInt.of(21);
    assertEquals(Refusal.Reason.BAD_REQUEST, refused(curious));

    provider.engine.script(JobWorld.script().withCapacity(0));
    assertEquals(Refusal.Reason.BUSY, refused(new Terms()));
    assertTrue(provider.engine.requests().isEmpty());
  }

  @Test
  void resetsAStreamThatSpeaksOutOfTurn() {
    List<List<JobMessage>> conversations = new ArrayList<>();
    conversations.add(List.of(new JobMessage.Stop(0)));
    conversations.add(
        List.of(
            new JobMessage.Request(new Terms().signed()),
            new JobMessage.Request(new Terms().signed())));
    conversations.add(
        List.of(new JobMessage.Request(new Terms().signed()), new JobMessage.Stop(1000)));
    conversations.add(
        List.of(
            new JobMessage.Request(new Terms().signed()),
            new JobMessage.Tokens(0, TokenIds.of(1), List.of())));
    for (List<JobMessage> said : conversations) {
      RawStream stream = open();
      said.forEach(stream.messages::send);
      world.time.advance(Duration.ofMillis(100));
      assertTrue(stream.reset, () -> "after " + said);
    }
    assertEquals(0, provider.engine.running());
    assertEquals(0, provider.provider.running());
  }

  @Test
  void resetsAStreamThatSendsGarbageOrTooMuch() {
    for (byte[] bytes :
        List.of(
            new byte[] {3, 1, 2, 3},
            new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7})) {
      RawStream stream = open();
      stream.messages.stream().send(ByteBuffer.wrap(bytes));
      world.time.advance(Duration.ofMillis(100));
      assertTrue(stream.reset);
    }
  }

  @Test
  void resetsAStreamOnWhichNoRequestComes() {
    RawStream stream = open();
    world.time.advance(JobProviderConfig.defaults().requestTimeout().plusSeconds(1));

    assertTrue(stream.reset);
  }

  @Test
  void stopsWithinAStepWhenTheClientLeaves() {
    RawStream leaving = ask(new Terms().signed());
    RawStream closing = ask(new Terms().signed());
    world.time.advance(Duration.ofMillis(50));
    assertEquals(2, provider.engine.running());

    leaving.messages.reset();
    closing.messages.closeWrite();
    world.time.advance(Duration.ofMillis(10));

    assertEquals(0, provider.engine.running());
    assertEquals(0, provider.provider.running());
  }

  @Test
  void endsAJobAtItsDeadline() {
    Terms terms = new Terms();
    terms.maxTokens = 400;
    terms.deadline = world.time.clock().instant().plusSeconds(3);
    RawStream stream = ask(terms.signed());
    world.time.advance(Duration.ofSeconds(4));

    assertEquals(Refusal.Reason.DEADLINE, stream.refusal().reason());
    assertEquals(0, provider.engine.running());
  }

  @Test
  void acceptsAStopAndSignsForWhatIsKept() {
    Terms terms = new Terms();
    terms.maxTokens = 400;
    RawStream stream = ask(terms.signed());
    world.time.advance(Duration.ofSeconds(1));
    stream.messages.send(new JobMessage.Stop(33));
    world.time.advance(Duration.ofMillis(100));

    SignedReceipt receipt = stream.of(JobMessage.Result.class).get(0).receipt();
    assertEquals(AnswerEnd.CLIENT_STOP, receipt.receipt().end());
    assertEquals(33, receipt.receipt().completionTokens());
    assertEquals(0, provider.engine.running());
  }

  @Test
  void letsNobodyTakeMuchForNothing() {
    JobProviderConfig usual = JobProviderConfig.defaults();
    Node strict =
        world
            .node(
                new JobProviderConfig(
                    usual.limits(),
                    usual.prices(),
                    usual.requestTimeout(),
                    usual.maxDeadline(),
                    usual.sendTimeout(),
                    usual.ackTimeout(),
                    usual.busyRetryAfter(),
                    usual.maxStreams(),
                    usual.maxStreamsPerPeer(),
                    usual.maxJobsPerPeer(),
                    usual.maxRequestsPerMinute(),
                    usual.maxRememberedRequests(),
                    10))
            .serving(JobWorld.script());
    RawStream stream = open(client, strict);
    Terms terms = new Terms();
    terms.to = strict.id();
    terms.maxTokens = 400;
    stream.messages.send(new JobMessage.Request(terms.signed()));
    world.time.advance(Duration.ofSeconds(1));
    int sent = stream.of(JobMessage.Tokens.class).stream().mapToInt(t -> t.ids().size()).sum();
    stream.messages.send(new JobMessage.Stop(0));
    world.time.advance(Duration.ofMillis(100));

    int paid = stream.of(JobMessage.Result.class).get(0).receipt().receipt().completionTokens();
    assertTrue(paid >= sent - 10 && paid <= sent + 10, paid + " of " + sent);
  }

  @Test
  void limitsJobsAndRequestsOfOnePeer() {
    JobProviderConfig usual = JobProviderConfig.defaults();
    Node strict =
        world
            .node(
                new JobProviderConfig(
                    usual.limits(),
                    usual.prices(),
                    usual.requestTimeout(),
                    usual.maxDeadline(),
                    usual.sendTimeout(),
                    usual.ackTimeout(),
                    usual.busyRetryAfter(),
                    usual.maxStreams(),
                    4,
                    2,
                    3,
                    usual.maxRememberedRequests(),
                    usual.maxUnpaidTokens()))
            .serving(JobWorld.script());
    List<RawStream> streams = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      RawStream stream = open(client, strict);
      Terms terms = new Terms();
      terms.to = strict.id();
      terms.maxTokens = 400;
      stream.messages.send(new JobMessage.Request(terms.signed()));
      streams.add(stream);
      world.time.advance(Duration.ofMillis(50));
    }

    assertEquals(2, strict.engine.running());
    assertEquals(Refusal.Reason.BUSY, streams.get(2).refusal().reason());
    assertEquals("you have 2 jobs here already", streams.get(2).refusal().detail());
    assertTrue(streams.get(2).refusal().retryAfter().isPresent());
    assertEquals("too many requests in a minute", streams.get(3).refusal().detail());

    RawStream fifth = open(client, strict);
    RawStream sixth = open(client, strict);
    RawStream seventh = open(client, strict);
    world.time.advance(Duration.ofMillis(50));
    assertFalse(fifth.reset || sixth.reset);
    assertTrue(seventh.reset, "two jobs and two open streams are all");
  }

  @Test
  void cutsOffAClientThatDoesNotReadAndKeepsNoMoreThanItsAnswer() {
    InstalledModel large =
        new InstalledModel(
            new ModelManifest(
                ModelName.parse("large"),
                "llama",
                "bf16",
                20_000,
                new GenerationDefaults(0.7, 40, 0.95, List.of(0)),
                List.of(new ModelFile("model.safetensors", 1_000, "0".repeat(64)))),
            Path.of("models", "large"));
    provider.served.set(List.of(large));
    provider.engine.script(
        FakeInferenceEngine.Script.defaults()
            .withTimes(Duration.ofMillis(1), Duration.ofNanos(100_000)));
    RawStream stream = open();
    stream.messages.stream().pauseReading();
    Terms terms = new Terms();
    terms.model = large.manifest().cid();
    terms.maxTokens = 19_000;
    terms.topLogprobs = OptionalInt.of(20);
    stream.messages.send(new JobMessage.Request(terms.signed()));
    world.time.advance(Duration.ofSeconds(5));
    assertEquals(1, provider.provider.running());

    world.time.advance(JobProviderConfig.defaults().sendTimeout());

    assertEquals(0, provider.provider.running());
    assertTrue(stream.reset);
  }

  @Test
  void sendsWhatCollectedTogetherWhenASlowClientReadsAgain() {
    provider.engine.script(
        FakeInferenceEngine.Script.defaults()
            .withTimes(Duration.ofMillis(1), Duration.ofNanos(100_000)));
    Terms terms = new Terms();
    terms.maxTokens = 400;
    terms.topLogprobs = OptionalInt.of(20);
    RawStream stream = ask(terms.signed());
    world.time.advance(Duration.ofMillis(20));
    stream.messages.stream().pauseReading();
    world.time.advance(Duration.ofSeconds(2));
    stream.messages.stream().resumeReading();
    world.time.advance(Duration.ofSeconds(2));

    assertEquals(
        400, stream.of(JobMessage.Tokens.class).stream().mapToInt(t -> t.ids().size()).sum());
    assertEquals(1, stream.of(JobMessage.Result.class).size());
    assertTrue(
        stream.of(JobMessage.Tokens.class).stream()
            .allMatch(t -> t.ids().size() <= JobLimits.defaults().maxTokensPerFrame()));
  }

  @Test
  void keepsHalfAReceiptWhenTheClientDoesNotAgree() {
    Terms terms = new Terms();
    RawStream silent = ask(terms.signed());
    RawStream forging = ask(new Terms().signed());
    world.time.advance(Duration.ofSeconds(1));
    SignedReceipt forged =
        forging
            .of(JobMessage.Result.class)
            .get(0)
            .receipt()
            .counterSigned(TestIdentities.privateKey(55));
    forging.messages.send(new JobMessage.ReceiptAck(forged.clientSignature().orElseThrow()));
    world.time.advance(Duration.ofMillis(100));
    assertTrue(forging.reset);
    world.time.advance(JobProviderConfig.defaults().ackTimeout());

    assertTrue(silent.reset);
    assertEquals(2, provider.receipts.newest(10).size());
    assertTrue(provider.receipts.newest(10).stream().noneMatch(SignedReceipt::isComplete));
    assertEquals(0, provider.provider.running());
  }

  @Test
  void saysNothingOfAnAnswerWhoseReceiptCannotBeStored() {
    Node broken = world.node();
    ReceiptStore full =
        new ReceiptStore() {
          @Override
          public void put(SignedReceipt receipt) {
            throw new IllegalStateException("the disk is full");
          }

          @Override
          public Optional<SignedReceipt> get(String id) {
            return Optional.empty();
          }

          @Override
          public List<SignedReceipt> newest(int limit) {
            return List.of();
          }
        };
    broken.engine.script(JobWorld.script());
    broken.served.set(List.of(JobWorld.MODEL));
    new JobProvider(
            broken.host,
            broken.key,
            broken.engine,
            broken.served,
            full,
            JobProviderConfig.defaults(),
            world.time,
            world.time,
            world.time,
            world.time.clock(),
            world.time,
            () -> {})
        .start();
    RawStream stream = open(client, broken);
    Terms terms = new Terms();
    terms.to = broken.id();
    stream.messages.send(new JobMessage.Request(terms.signed()));
    world.time.advance(Duration.ofSeconds(2));

    assertTrue(stream.reset);
    assertTrue(stream.of(JobMessage.Result.class).isEmpty());
  }
}

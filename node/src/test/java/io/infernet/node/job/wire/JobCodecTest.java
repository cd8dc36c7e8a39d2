package io.infernet.node.job.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.PriceList;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.node.job.Samples;
import io.infernet.verification.commitment.Commitment;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.wire.EvidenceLimits;
import io.infernet.verification.wire.JobRequestCodec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class JobCodecTest {

  static final JobCodec CODEC = new JobCodec(JobLimits.defaults());

  private static final JobRequestCodec REQUESTS = new JobRequestCodec(EvidenceLimits.defaults());

  static JobMessage random(RandomGenerator random) {
    return switch (random.nextInt(9)) {
      case 0 ->
          new JobMessage.Request(
              REQUESTS.sign(
                  Samples.request(1 + random.nextInt(100)), TestIdentities.privateKey(1)));
      case 1 -> new JobMessage.Quoted(CODEC.sign(quote(random), TestIdentities.privateKey(2)));
      case 2 ->
          new JobMessage.Refused(
              new Refusal(
                  Property.pick(random, List.of(Refusal.Reason.values())),
                  "detail " + random.nextInt(),
                  random.nextBoolean()
                      ? Optional.empty()
                      : Optional.of(Duration.ofMillis(1 + random.nextInt(10_000)))));
      case 3 -> {
        int count = 1 + random.nextInt(8);
        yield new JobMessage.Tokens(
            random.nextInt(Integer.MAX_VALUE),
            TokenIds.of(
                IntStream.range(0, count).map(i -> random.nextInt(Integer.MAX_VALUE)).toArray()),
            random.nextBoolean() ? List.of() : scores(random, count));
      }
      case 4 -> new JobMessage.PromptScores(random.nextInt(100), scores(random, random.nextInt(8)));
      case 5 ->
          new JobMessage.Committed(
              new Commitment(
                  1 + random.nextInt(100),
                  Hash.fromBytes(Property.bytesOfLength(random, Hash.LENGTH))));
      case 6 -> new JobMessage.Stop(random.nextInt(Integer.MAX_VALUE));
      case 7 ->
          new JobMessage.Result(
              Samples.half(random.nextInt(100)),
              new JobMessage.Timings(
                  Duration.ofNanos(1_000L * random.nextInt(1_000_000)),
                  Duration.ofNanos(1_000L * random.nextInt(1_000_000))));
      default ->
          new JobMessage.ReceiptAck(
              Samples.whole(random.nextInt(100)).clientSignature().orElseThrow());
    };
  }

  private static Quote quote(RandomGenerator random) {
    return new Quote(
        JobId.random(random),
        random.nextInt(100),
        new PriceList(random.nextLong(PriceList.MAX), random.nextLong(PriceList.MAX)),
        random.nextLong(Long.MAX_VALUE),
        Samples.EPOCH.plusMillis(random.nextInt()));
  }

  private static List<TokenScore> scores(RandomGenerator random, int count) {
    List<TokenScore> scores = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<TokenScore.Alternative> top = new ArrayList<>();
      for (int j = random.nextInt(21); j > 0; j--) {
        top.add(new TokenScore.Alternative(random.nextInt(1 << 17), -20 * random.nextDouble()));
      }
      scores.add(
          new TokenScore(
              random.nextInt(10) == 0 ? Double.NEGATIVE_INFINITY : -random.nextDouble(), top));
    }
    return scores;
  }

  private static JobMessage copy(JobMessage message) throws ProtocolViolationException {
    ByteBuffer bytes = CODEC.encode(message);
    assertTrue(bytes.remaining() <= CODEC.maxMessageSize());
    return CODEC.decode(bytes);
  }

  @Test
  void readsWhatItWrites() {
    Property.forAll(
        300,
        random -> {
          JobMessage message = random(random);
          assertEquals(message, copy(message));
        });
  }

  @Test
  void knowsWhoSignedAQuote() {
    Quote quote = quote(new SplittableRandom(1));
    SignedQuote signed = CODEC.sign(quote, TestIdentities.privateKey(2));

    assertTrue(signed.isSignedBy(TestIdentities.peerId(2)));
    assertFalse(signed.isSignedBy(TestIdentities.peerId(1)));
    assertFalse(
        new SignedQuote(quote, CODEC.sign(quote, TestIdentities.privateKey(1)).envelope())
            .isSignedBy(TestIdentities.peerId(2)));
  }

  @Test
  void neverAsksMoreThanTheMaximum() {
    Quote quote = new Quote(Samples.jobId(1), 0, new PriceList(10, 1_000), 15, Samples.EPOCH);

    assertEquals(14, quote.price(4));
    assertEquals(15, quote.price(1_000));
  }

  @Test
  void refusesWhatIsNoMessage() {
    for (byte[] bytes :
        List.of(
            new byte[0],
            new byte[] {10, 0},
            new byte[] {18, 0},
            new byte[] {34, 0},
            new byte[] {34, 2, 8, 1},
            new byte[] {42, 0},
            new byte[] {58, 0},
            new byte[] {66, 0},
            new byte[] {1, 2, 3, 4})) {
      assertThrows(
          ProtocolViolationException.class,
          () -> CODEC.decode(ByteBuffer.wrap(bytes)),
          () -> HexFormat.of().formatHex(bytes));
    }
  }

  @Test
  void refusesListsAndTextsOverTheLimits() {
    TokenScore plain = new TokenScore(-1, List.of());
    TokenScore rich =
        new TokenScore(-1, Collections.nCopies(21, new TokenScore.Alternative(1, -1)));
    List<JobMessage> tooMuch =
        List.of(
            new JobMessage.Tokens(0, TokenIds.of(new int[257]), List.of()),
            new JobMessage.Tokens(0, TokenIds.empty(), List.of()),
            new JobMessage.PromptScores(0, Collections.nCopies(257, plain)),
            new JobMessage.Tokens(0, TokenIds.of(1), List.of(rich)),
            new JobMessage.Tokens(0, TokenIds.of(1), List.of(new TokenScore(1, List.of()))),
            new JobMessage.Tokens(
                0, TokenIds.of(1), List.of(new TokenScore(Double.NaN, List.of()))));
    for (JobMessage message : tooMuch) {
      assertThrows(ProtocolViolationException.class, () -> CODEC.decode(CODEC.encode(message)));
    }
  }

  @Test
  void fitsTheLargestMessageIntoItsLimit() throws ProtocolViolationException {
    TokenScore rich =
        new TokenScore(
            -1, Collections.nCopies(20, new TokenScore.Alternative(Integer.MAX_VALUE, -1e-300)));
    int[] ids = new int[256];
    Arrays.fill(ids, Integer.MAX_VALUE);
    JobLimits small = new JobLimits(new EvidenceLimits(1, 1, 1), 256, 500);
    JobMessage largest =
        new JobMessage.Tokens(Integer.MAX_VALUE, TokenIds.of(ids), Collections.nCopies(256, rich));

    assertTrue(CODEC.encode(largest).remaining() <= small.maxMessageSize());
    assertEquals(largest, copy(largest));
  }

  @Test
  void keepsARefusalsDetailShortAndOnOneLine() throws ProtocolViolationException {
    JobMessage.Refused lengthy =
        new JobMessage.Refused(Refusal.of(Refusal.Reason.POLICY, "two\nlines " + "x".repeat(1000)));

    Refusal read = ((JobMessage.Refused) copy(lengthy)).refusal();

    assertEquals(500, read.detail().length());
    assertTrue(read.detail().startsWith("two lines x"));
    assertEquals("policy: " + read.detail(), read.toString());
    assertEquals("unknown model", Refusal.of(Refusal.Reason.UNKNOWN_MODEL, "").toString());
  }

  @Test
  void refusesLimitsBelowOne() {
    EvidenceLimits evidence = EvidenceLimits.defaults();
    assertThrows(IllegalArgumentException.class, () -> new JobLimits(evidence, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new JobLimits(evidence, 1, 0));
    assertEquals(new JobLimits(evidence, 256, 500), JobLimits.defaults());
  }
}

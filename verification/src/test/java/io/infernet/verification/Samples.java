package io.infernet.verification;

import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.testing.Property;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** Evidence for tests: one fixed example of each kind, and random ones. */
public final class Samples {

  /** Private key 0x11…11. */
  public static final PrivateKey CLIENT = key("11");

  /** Private key 0x22…22. */
  public static final PrivateKey PROVIDER = key("22");

  public static final Cid MODEL =
      Cid.parse("bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");

  private Samples() {}

  private static PrivateKey key(String digits) {
    try {
      // Field 1, type secp256k1; field 2, 32 bytes.
      return PrivateKey.fromProtobuf(HexFormat.of().parseHex("08021220" + digits.repeat(32)));
    } catch (ProtocolViolationException e) {
      throw new IllegalStateException(e);
    }
  }

  public static PeerId client() {
    return PeerId.of(CLIENT.publicKey());
  }

  public static PeerId provider() {
    return PeerId.of(PROVIDER.publicKey());
  }

  public static JobRequest request() {
    return new JobRequest(
        JobId.parse("000102030405060708090a0b0c0d0e0f"),
        2,
        client(),
        provider(),
        MODEL,
        TokenIds.of(5, 6, 7),
        TokenIds.of(8),
        new SamplingParams(0.7, 40, 0.95, 42),
        64,
        List.of(0, 2),
        OptionalInt.of(3),
        false,
        Instant.ofEpochMilli(1_767_225_700_000L),
        1_000,
        99);
  }

  public static Receipt receipt() {
    return new Receipt(
        JobId.parse("000102030405060708090a0b0c0d0e0f"),
        2,
        client(),
        provider(),
        MODEL,
        Hash.parse("a1".repeat(32)),
        Hash.parse("b2".repeat(32)),
        123,
        7,
        4096,
        9_007_199_254_740_993L,
        AnswerEnd.CLIENT_STOP,
        Instant.ofEpochMilli(1_767_225_600_123L),
        Instant.ofEpochMilli(1_767_225_605_456L));
  }

  public static JobRequest request(RandomGenerator random) {
    TokenIds soFar = tokens(random, 20);
    return new JobRequest(
        JobId.random(random),
        random.nextInt(10),
        client(),
        provider(),
        MODEL,
        TokenIds.of(random.nextInt(1000)).concat(tokens(random, 200)),
        soFar,
        sampling(random),
        soFar.size() + random.nextInt(1000),
        IntStream.range(0, random.nextInt(5)).mapToObj(i -> random.nextInt(100)).toList(),
        random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(random.nextInt(21)),
        random.nextBoolean(),
        Instant.ofEpochMilli(random.nextLong(1L << 45)),
        random.nextLong(Long.MAX_VALUE),
        random.nextLong());
  }

  private static SamplingParams sampling(RandomGenerator random) {
    SamplingParams plain =
        new SamplingParams(
            random.nextDouble() * 2,
            random.nextInt(100),
            1 - random.nextDouble() / 2,
            random.nextLong());
    return random.nextBoolean()
        ? plain
        : plain
            .withMinP(random.nextDouble())
            .withPenalties(
                new Penalties(0.1 + random.nextDouble(), random.nextDouble(), -random.nextDouble()))
            .withLogitBias(Map.of(random.nextInt(1000), -100 * random.nextDouble()))
            .withFormat(ResponseFormat.values()[random.nextInt(2)]);
  }

  public static Receipt receipt(RandomGenerator random) {
    return new Receipt(
        JobId.random(random),
        random.nextInt(Integer.MAX_VALUE),
        client(),
        provider(),
        MODEL,
        Hash.fromBytes(Property.bytesOfLength(random, 32)),
        Hash.fromBytes(Property.bytesOfLength(random, 32)),
        random.nextInt(Integer.MAX_VALUE),
        random.nextInt(Integer.MAX_VALUE),
        random.nextInt(Integer.MAX_VALUE),
        random.nextLong(Long.MAX_VALUE),
        Property.pick(random, List.of(AnswerEnd.values())),
        Instant.ofEpochMilli(random.nextLong(1L << 45)),
        Instant.ofEpochMilli(random.nextLong(1L << 45)));
  }

  private static TokenIds tokens(RandomGenerator random, int max) {
    return TokenIds.of(
        IntStream.range(0, random.nextInt(max))
            .map(i -> random.nextInt(Integer.MAX_VALUE))
            .toArray());
  }
}

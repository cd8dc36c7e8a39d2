package io.infernet.node.job;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import io.infernet.verification.receipt.SignedReceipt;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Values that follow from a number. Client is identity 1, provider identity 2. */
public final class Samples {

  public static final Instant EPOCH = Instant.parse("2026-03-01T10:00:00Z");

  private static final Cid MODEL = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1}));

  private Samples() {}

  public static JobId jobId(int n) {
    return JobId.fromBytes(ByteBuffer.allocate(JobId.LENGTH).putInt(n).array());
  }

  public static JobRequest request(int n) {
    return new JobRequest(
        jobId(n),
        n % 3,
        TestIdentities.peerId(1),
        TestIdentities.peerId(2),
        MODEL,
        TokenIds.of(n, 2, 3),
        TokenIds.of(4),
        new SamplingParams(0.7, 40, 0.95, -n),
        10,
        List.of(0, 7),
        n % 2 == 0 ? OptionalInt.empty() : OptionalInt.of(3),
        n % 2 == 1,
        EPOCH.plusSeconds(n),
        n,
        n);
  }

  /** The provider's half; later for greater numbers. */
  public static SignedReceipt half(int n) {
    return SignedReceipt.byProvider(
        new Receipt(
            jobId(n),
            1,
            TestIdentities.peerId(1),
            TestIdentities.peerId(2),
            MODEL,
            Hash.parse("11".repeat(32)),
            Hash.parse("22".repeat(32)),
            3,
            1,
            9,
            n,
            AnswerEnd.LENGTH,
            EPOCH.plusSeconds(n),
            EPOCH.plusSeconds(n + 1)),
        TestIdentities.privateKey(2));
  }

  public static SignedReceipt whole(int n) {
    return half(n).counterSigned(TestIdentities.privateKey(1));
  }

  /** Created later for greater numbers. */
  public static JobRecord job(int n) {
    Provider remote = new Provider(TestIdentities.peerId(2), false);
    return new JobRecord(
        jobId(n),
        ModelName.parse("storyteller"),
        EPOCH.plusSeconds(n),
        n % 2 == 0 ? Optional.empty() : Optional.of(EPOCH.plusSeconds(n + 5)),
        List.of(JobRecord.State.values()).get(n % 4),
        n % 2 == 0 ? Optional.empty() : Optional.of(new Usage(n, 2 * n)),
        n % 2 == 0 ? Optional.empty() : Optional.of(remote),
        n % 2 == 0 ? Optional.empty() : Optional.of("ab".repeat(32)),
        n,
        List.of(
            new Attempt(
                remote, Attempt.Outcome.REFUSED, "busy: \"no\"", 0, Duration.ofNanos(1_234_567)),
            new Attempt(
                new Provider(TestIdentities.peerId(1), true),
                Attempt.Outcome.COMPLETED,
                "",
                n,
                Duration.ofSeconds(2))),
        List.of(
            new Decision(
                EPOCH,
                List.of(
                    new Decision.Candidate(
                        TestIdentities.peerId(2), Decision.Standing.LEFT_ALONE, 0.1 + n, "cold"),
                    new Decision.Candidate(
                        TestIdentities.peerId(3), Decision.Standing.EXCLUDED, 0, "ümläut")))),
        n % 2 == 0 ? "" : "nobody\twas there");
  }
}

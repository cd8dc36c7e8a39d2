package io.infernet.verification.commitment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.verification.Samples;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CommitmentChainTest {

  /** C₀ written out by hand from the type's description. */
  @Test
  void hashesTheTermsAsDescribed() throws Exception {
    JobRequest terms = Samples.request();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    sized(out, "infernet-job-1".getBytes(StandardCharsets.US_ASCII));
    sized(out, terms.jobId().toBytes());
    out.writeLong(2);
    sized(out, Samples.provider().toBytes());
    sized(out, Samples.MODEL.toBytes());
    ids(out, 5, 6, 7);
    ids(out, 8);
    out.writeDouble(0.7);
    out.writeLong(40);
    out.writeDouble(0.95);
    out.writeLong(42);
    out.writeLong(64);
    ids(out, 0, 2);

    assertEquals(sha256(bytes), new CommitmentChain(terms).first());
  }

  @Test
  void chainsChunksAsDescribed() throws Exception {
    CommitmentChain chain = new CommitmentChain(Samples.request());
    Hash first = chain.first();
    Optional<Commitment> commitment = Optional.empty();
    int[] ids = new int[32];
    for (int i = 0; i < 32; i++) {
      assertTrue(commitment.isEmpty());
      ids[i] = 100 + i;
      commitment = chain.add(ids[i]);
    }
    Hash one = chunk(first, ids);
    assertEquals(Optional.of(new Commitment(1, one)), commitment);
    assertEquals(commitment, chain.commitment(1));
    assertEquals(one, chain.end(32));

    chain.add(7);
    chain.add(8);
    assertEquals(chunk(one, 7, 8), chain.end(34));
    assertEquals(chunk(one, 7), chain.end(33));
    assertEquals(first, chain.end(0));
    assertEquals(Optional.empty(), chain.commitment(2));
    assertEquals(34, chain.size());
    assertEquals(TokenIds.of(ids).concat(TokenIds.of(7, 8)), chain.tokens());
    assertThrows(IllegalArgumentException.class, () -> chain.end(35));
  }

  @Test
  void changesWithEveryTerm() {
    JobRequest r = Samples.request();
    SamplingParams s = r.sampling();
    List<JobRequest> others =
        List.of(
            with(r, JobId.parse("ff".repeat(16)), r.attempt(), r.model(), r.prompt(), s),
            with(r, r.jobId(), 3, r.model(), r.prompt(), s),
            with(r, r.jobId(), 2, Cid.of(Cid.RAW, Multihash.sha256(new byte[9])), r.prompt(), s),
            with(r, r.jobId(), 2, r.model(), TokenIds.of(5, 6), s),
            with(r, r.jobId(), 2, r.model(), TokenIds.of(5, 6, 7, 8), s),
            with(r, r.jobId(), 2, r.model(), r.prompt(), new SamplingParams(0.8, 40, 0.95, 42)),
            with(r, r.jobId(), 2, r.model(), r.prompt(), new SamplingParams(0.7, 41, 0.95, 42)),
            with(r, r.jobId(), 2, r.model(), r.prompt(), new SamplingParams(0.7, 40, 0.9, 42)),
            with(r, r.jobId(), 2, r.model(), r.prompt(), new SamplingParams(0.7, 40, 0.95, 43)),
            with(r, r.jobId(), 2, r.model(), r.prompt(), s.withMinP(0.1)),
            with(r, r.jobId(), 2, r.model(), r.prompt(), s.withPenalties(new Penalties(2, 0, 0))),
            with(r, r.jobId(), 2, r.model(), r.prompt(), s.withPenalties(new Penalties(1, 2, 0))),
            with(r, r.jobId(), 2, r.model(), r.prompt(), s.withPenalties(new Penalties(1, 0, 2))),
            with(r, r.jobId(), 2, r.model(), r.prompt(), s.withLogitBias(Map.of(1, 2.0))),
            with(r, r.jobId(), 2, r.model(), r.prompt(), s.withLogitBias(Map.of(2, 2.0))),
            with(r, r.jobId(), 2, r.model(), r.prompt(), s.withLogitBias(Map.of(2, 1.0))),
            with(r, r.jobId(), 2, r.model(), r.prompt(), s.withFormat(ResponseFormat.JSON_OBJECT)));
    Set<Hash> hashes = new LinkedHashSet<>();
    hashes.add(new CommitmentChain(r).first());
    others.forEach(other -> hashes.add(new CommitmentChain(other).first()));
    hashes.add(
        new CommitmentChain(
                new JobRequest(
                    r.jobId(),
                    r.attempt(),
                    r.client(),
                    TestIdentities.peerId(3),
                    r.model(),
                    r.prompt(),
                    r.outputSoFar(),
                    s,
                    r.maxTokens(),
                    r.stopIds(),
                    r.topLogprobs(),
                    r.scorePrompt(),
                    r.deadline(),
                    r.maxPrice(),
                    r.nonce()))
            .first());
    hashes.add(
        new CommitmentChain(
                new JobRequest(
                    r.jobId(),
                    r.attempt(),
                    r.client(),
                    r.provider(),
                    r.model(),
                    TokenIds.of(5, 6),
                    TokenIds.of(7, 8),
                    s,
                    r.maxTokens(),
                    r.stopIds(),
                    r.topLogprobs(),
                    r.scorePrompt(),
                    r.deadline(),
                    r.maxPrice(),
                    r.nonce()))
            .first());

    assertEquals(1 + others.size() + 2, hashes.size());
  }

  @Test
  void changesWithEveryToken() {
    Property.forAll(
        200,
        random -> {
          int length = 1 + random.nextInt(100);
          CommitmentChain honest = new CommitmentChain(Samples.request());
          CommitmentChain other = new CommitmentChain(Samples.request());
          int different = random.nextInt(length);
          for (int i = 0; i < length; i++) {
            int id = random.nextInt(1000);
            honest.add(id);
            other.add(i == different ? id + 1 : id);
          }
          assertEquals(honest.end(different), other.end(different));
          for (int kept = different + 1; kept <= length; kept++) {
            assertNotEquals(honest.end(kept), other.end(kept));
          }
        });
  }

  private static JobRequest with(
      JobRequest r, JobId job, int attempt, Cid model, TokenIds prompt, SamplingParams sampling) {
    return new JobRequest(
        job,
        attempt,
        r.client(),
        r.provider(),
        model,
        prompt,
        r.outputSoFar(),
        sampling,
        r.maxTokens(),
        r.stopIds(),
        r.topLogprobs(),
        r.scorePrompt(),
        r.deadline(),
        r.maxPrice(),
        r.nonce());
  }

  private static Hash chunk(Hash before, int... ids) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    sized(out, "infernet-chunk-1".getBytes(StandardCharsets.US_ASCII));
    sized(out, before.toBytes());
    ids(out, ids);
    sized(out, new byte[0]);
    return sha256(bytes);
  }

  private static void sized(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static void ids(DataOutputStream out, int... ids) throws IOException {
    out.writeInt(ids.length);
    for (int id : ids) {
      out.writeInt(id);
    }
  }

  private static Hash sha256(ByteArrayOutputStream bytes) throws Exception {
    return Hash.fromBytes(MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray()));
  }
}

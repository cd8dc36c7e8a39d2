package io.infernet.verification.commitment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.verification.Samples;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class JobRequestTest {

  @Test
  void ordersStopTokensAndCutsTheDeadlineToMilliseconds() {
    JobRequest request = of(TokenIds.of(1), TokenIds.empty(), 4, List.of(9, 3, 9), 0);

    assertEquals(List.of(3, 9), request.stopIds());
    assertEquals(Instant.ofEpochMilli(1_000), request.deadline());
  }

  @Test
  void refusesImpossibleTerms() {
    assertThrows(
        IllegalArgumentException.class,
        () -> of(TokenIds.empty(), TokenIds.empty(), 4, List.of(), 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> of(TokenIds.of(1), TokenIds.of(1, 2), 1, List.of(), 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> of(TokenIds.of(1), TokenIds.empty(), 4, List.of(), -1));
  }

  @Test
  void readsItsIdsFromText() {
    JobId job = JobId.random(new SplittableRandom(1));
    assertEquals(job, JobId.parse(job.toString()));
    assertThrows(IllegalArgumentException.class, () -> JobId.parse("abc"));
    assertThrows(IllegalArgumentException.class, () -> JobId.fromBytes(new byte[15]));

    Hash hash = Hash.parse("0x" + "Ab".repeat(32));
    assertEquals(hash, Hash.parse(hash.toString()));
    assertEquals(hash, Hash.fromBytes(hash.toBytes()));
    assertThrows(IllegalArgumentException.class, () -> Hash.parse("ab"));
    assertThrows(IllegalArgumentException.class, () -> Hash.fromBytes(new byte[33]));
  }

  private static JobRequest of(
      TokenIds prompt, TokenIds soFar, int maxTokens, List<Integer> stopIds, long maxPrice) {
    JobRequest r = Samples.request();
    return new JobRequest(
        r.jobId(),
        r.attempt(),
        r.client(),
        r.provider(),
        r.model(),
        prompt,
        soFar,
        r.sampling(),
        maxTokens,
        stopIds,
        r.topLogprobs(),
        r.scorePrompt(),
        Instant.ofEpochSecond(1, 999),
        maxPrice,
        r.nonce());
  }
}

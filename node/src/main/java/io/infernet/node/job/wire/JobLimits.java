package io.infernet.node.job.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.verification.wire.EvidenceLimits;

/**
 * How large the messages of a job may be.
 *
 * @param evidence size of requests
 * @param maxTokensPerFrame tokens, or prompt scores, in one message
 * @param maxDetailLength characters of a refusal's explanation
 */
public record JobLimits(EvidenceLimits evidence, int maxTokensPerFrame, int maxDetailLength) {

  public JobLimits {
    requireNonNull(evidence, "evidence is null");
    if (maxTokensPerFrame < 1 || maxDetailLength < 1) {
      throw new IllegalArgumentException("a limit of the job protocol is below 1");
    }
  }

  public static JobLimits defaults() {
    return new JobLimits(EvidenceLimits.defaults(), 256, 500);
  }

  /** Longest message in bytes. */
  public int maxMessageSize() {
    return Math.max(
        16 + evidence.maxRequestSize() + SignedEnvelope.OVERHEAD,
        // A token with 20 alternatives of 13 bytes takes less than 320.
        Math.max(64 + 320 * maxTokensPerFrame, 64 + 4 * maxDetailLength));
  }
}

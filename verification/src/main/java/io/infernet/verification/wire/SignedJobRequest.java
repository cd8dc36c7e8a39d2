package io.infernet.verification.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.verification.commitment.JobRequest;

/**
 * A request and the envelope that it came in or goes out in.
 *
 * @param request what the envelope contains
 * @param envelope the exact bytes, with a signature that {@link #isSignedByClient} checks
 */
public record SignedJobRequest(JobRequest request, SignedEnvelope envelope) {

  public SignedJobRequest {
    requireNonNull(request, "request is null");
    requireNonNull(envelope, "envelope is null");
  }

  /** Whether the client that the request names signed it. */
  public boolean isSignedByClient() {
    return request.client().matches(envelope.signer())
        && envelope.isSignedFor(JobRequestCodec.DOMAIN, JobRequestCodec.PAYLOAD_TYPE);
  }
}

package io.infernet.node.job.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.SignedEnvelope;

/**
 * A quote and the envelope that it came in or goes out in.
 *
 * @param quote what the envelope contains
 * @param envelope the exact bytes, with a signature that {@link #isSignedBy} checks
 */
public record SignedQuote(Quote quote, SignedEnvelope envelope) {

  public SignedQuote {
    requireNonNull(quote, "quote is null");
    requireNonNull(envelope, "envelope is null");
  }

  /** Whether {@code provider} signed it. */
  public boolean isSignedBy(PeerId provider) {
    return provider.matches(envelope.signer())
        && envelope.isSignedFor(JobCodec.QUOTE_DOMAIN, JobCodec.QUOTE_TYPE);
  }
}

package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.verification.commitment.Hash;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A statement and the envelope that it came in or goes out in.
 *
 * @param statement what the envelope contains
 * @param envelope the exact bytes, with a signature that {@link #isGenuine} checks
 */
public record Signed<S extends Statement>(S statement, SignedEnvelope envelope) {

  public Signed {
    requireNonNull(statement, "statement is null");
    requireNonNull(envelope, "envelope is null");
  }

  /** Whether the author that the statement names signed it, and as this kind of statement. */
  public boolean isGenuine() {
    return statement.author().matches(envelope.signer())
        && envelope.isSignedFor(statement.kind().domain(), statement.kind().payloadType());
  }

  /** SHA-256 of the statement as it was signed: its name. */
  public Hash digest() {
    try {
      return Hash.fromBytes(MessageDigest.getInstance("SHA-256").digest(envelope.payload()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}

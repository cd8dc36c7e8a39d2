package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.SignedEnvelope;

/**
 * A record and the envelope that it travels in, so that it can be passed on.
 *
 * @param record what the envelope contains
 * @param envelope the exact bytes, with a signature that {@link #isSignedByPeer} checks
 */
public record SignedCapability(CapabilityRecord record, SignedEnvelope envelope) {

  public SignedCapability {
    requireNonNull(record, "record is null");
    requireNonNull(envelope, "envelope is null");
  }

  /** Whether the peer that the record is about signed it. */
  public boolean isSignedByPeer() {
    return record.peer().matches(envelope.signer())
        && envelope.isSignedFor(DirectoryCodec.DOMAIN, DirectoryCodec.PAYLOAD_TYPE);
  }
}

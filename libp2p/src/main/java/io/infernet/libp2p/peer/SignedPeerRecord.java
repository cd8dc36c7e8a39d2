package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;

/**
 * A {@link PeerRecord} with the signature of the peer it is of, so that anyone may pass it on. An
 * instance is the proof: there is none whose signature does not hold. An immutable value.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/RFC/0003-routing-records.md">RFC 0003,
 *     routing records</a>
 */
public final class SignedPeerRecord {

  /** Longest encoded form in bytes. */
  public static final int MAX_LENGTH = PeerRecord.MAX_LENGTH + SignedEnvelope.OVERHEAD;

  /** What go-libp2p and js-libp2p sign for; the text of the RFC has another. */
  private static final String DOMAIN = "libp2p-peer-record";

  /** libp2p-peer-record, 0x0301, in the table of multicodecs. */
  private static final byte[] PAYLOAD_TYPE = {0x03, 0x01};

  private final PeerRecord record;
  private final SignedEnvelope envelope;

  private SignedPeerRecord(PeerRecord record, SignedEnvelope envelope) {
    this.record = record;
    this.envelope = envelope;
  }

  /**
   * Signs a record.
   *
   * @param key that of the record's peer
   * @throws IllegalArgumentException when it is another's, or the record has more than {@value
   *     PeerRecord#MAX_LENGTH} bytes
   */
  public static SignedPeerRecord sign(PrivateKey key, PeerRecord record) {
    byte[] payload = record.toBytes();
    if (!record.peer().matches(key.publicKey()) || payload.length > PeerRecord.MAX_LENGTH) {
      throw new IllegalArgumentException("not this key's record, or too long: " + record);
    }
    return new SignedPeerRecord(record, SignedEnvelope.sign(key, DOMAIN, PAYLOAD_TYPE, payload));
  }

  /**
   * Reads and checks an encoded record; takes as long as checking a signature does.
   *
   * @throws ProtocolViolationException when it is too large, malformed, or not signed by its peer
   */
  public static SignedPeerRecord fromBytes(byte[] bytes) throws ProtocolViolationException {
    return of(SignedEnvelope.fromBytes(bytes, PeerRecord.MAX_LENGTH));
  }

  /**
   * Checks and reads the record in {@code envelope}.
   *
   * @throws ProtocolViolationException when it is none, or not signed by its peer
   */
  public static SignedPeerRecord of(SignedEnvelope envelope) throws ProtocolViolationException {
    PeerRecord record = PeerRecord.fromBytes(envelope.payload());
    if (!record.peer().matches(envelope.signer()) || !envelope.isSignedFor(DOMAIN, PAYLOAD_TYPE)) {
      throw new ProtocolViolationException("a record of " + record.peer() + " not signed by it");
    }
    return new SignedPeerRecord(record, envelope);
  }

  public PeerRecord record() {
    return record;
  }

  public SignedEnvelope envelope() {
    return envelope;
  }

  /** The encoded envelope, as the peer made it. */
  public byte[] toBytes() {
    return envelope.toBytes();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SignedPeerRecord that && envelope.equals(that.envelope);
  }

  @Override
  public int hashCode() {
    return envelope.hashCode();
  }

  @Override
  public String toString() {
    return "signed " + record;
  }
}

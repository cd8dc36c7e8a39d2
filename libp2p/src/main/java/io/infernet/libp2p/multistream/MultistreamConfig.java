package io.infernet.libp2p.multistream;

/**
 * Limits on what a remote peer may send while a protocol is negotiated.
 *
 * @param maxMessageBytes longest message, newline included, length prefix not; at most 16383, which
 *     fills the two bytes of the prefix
 * @param maxProposals how many protocols a remote initiator may propose before the responder gives
 *     up on it
 */
public record MultistreamConfig(int maxMessageBytes, int maxProposals) {

  public MultistreamConfig {
    if (maxMessageBytes < MultistreamNegotiation.HEADER.length() + 1 || maxMessageBytes > 0x3fff) {
      throw new IllegalArgumentException("maxMessageBytes out of range: " + maxMessageBytes);
    }
    if (maxProposals < 1) {
      throw new IllegalArgumentException("maxProposals is not positive: " + maxProposals);
    }
  }

  /** Messages up to 1024 bytes, as go-multistream and js-libp2p have it, and 32 proposals. */
  public static MultistreamConfig defaults() {
    return new MultistreamConfig(1024, 32);
  }
}

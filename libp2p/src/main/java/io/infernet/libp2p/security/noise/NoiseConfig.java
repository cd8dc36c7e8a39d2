package io.infernet.libp2p.security.noise;

/**
 * Limits of the Noise channel.
 *
 * @param maxHandshakeMessageBytes longest handshake message taken from a remote, without its length
 *     prefix; at most 65535
 * @param maxPlaintextBytes most plaintext put into one transport message; at most 65519, the
 *     longest message without its tag
 */
public record NoiseConfig(int maxHandshakeMessageBytes, int maxPlaintextBytes) {

  /** Longest Noise message, Noise §3. */
  static final int MAX_MESSAGE_BYTES = 65535;

  public NoiseConfig {
    if (maxHandshakeMessageBytes < 256 || maxHandshakeMessageBytes > MAX_MESSAGE_BYTES) {
      throw new IllegalArgumentException(
          "maxHandshakeMessageBytes out of range: " + maxHandshakeMessageBytes);
    }
    if (maxPlaintextBytes < 1 || maxPlaintextBytes > MAX_MESSAGE_BYTES - Aead.TAG_BYTES) {
      throw new IllegalArgumentException("maxPlaintextBytes out of range: " + maxPlaintextBytes);
    }
  }

  /**
   * Handshake messages up to 8 KiB, room for an RSA key of 8192 bits, its signature and a long list
   * of muxers; transport messages as long as Noise allows.
   */
  public static NoiseConfig defaults() {
    return new NoiseConfig(8 * 1024, MAX_MESSAGE_BYTES - Aead.TAG_BYTES);
  }
}

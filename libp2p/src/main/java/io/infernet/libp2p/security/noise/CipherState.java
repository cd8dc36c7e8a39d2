package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import javax.crypto.AEADBadTagException;

/**
 * A key and the nonce of its next message: Noise's {@code CipherState} (§5.1). libp2p never rekeys;
 * the last nonce, reserved for that, is not used.
 *
 * <p>Not thread-safe. Views and positions of buffers as in {@link Aead}.
 */
final class CipherState {

  /** 2^64-1 as an unsigned number. */
  private static final long RESERVED_NONCE = -1;

  private final Aead aead;
  private long nonce;

  CipherState(Aead aead) {
    this(aead, 0);
  }

  CipherState(Aead aead, long firstNonce) {
    this.aead = aead;
    this.nonce = firstNonce;
  }

  /**
   * Encrypts one message.
   *
   * @throws IllegalStateException when 2^64-1 messages were encrypted
   */
  void encrypt(byte[] associatedData, ByteBuffer in, ByteBuffer out) {
    aead.seal(nextNonce(), associatedData, in, out);
  }

  /**
   * Decrypts the next message.
   *
   * @throws ProtocolViolationException when it is not the authentic next one
   * @throws IllegalStateException when 2^64-1 messages were decrypted
   */
  void decrypt(byte[] associatedData, ByteBuffer in, ByteBuffer out)
      throws ProtocolViolationException {
    if (in.remaining() < Aead.TAG_BYTES) {
      throw new ProtocolViolationException(
          "Noise ciphertext of %d bytes, shorter than its tag".formatted(in.remaining()));
    }
    long used = nextNonce();
    try {
      aead.open(used, associatedData, in, out);
    } catch (AEADBadTagException e) {
      throw new ProtocolViolationException(
          "Noise ciphertext %s is not authentic".formatted(Long.toUnsignedString(used)), e);
    }
  }

  private long nextNonce() {
    if (nonce == RESERVED_NONCE) {
      throw new IllegalStateException("all nonces of this Noise channel are used up");
    }
    return nonce++;
  }
}

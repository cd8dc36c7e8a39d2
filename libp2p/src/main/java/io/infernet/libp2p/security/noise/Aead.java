package io.infernet.libp2p.security.noise;

import java.nio.ByteBuffer;
import javax.crypto.AEADBadTagException;

/**
 * ChaCha20-Poly1305 with one key and Noise's nonces (Noise §12.3). Not thread-safe.
 *
 * <p>Input and output may be two views of the same bytes, beginning at the same place; they may not
 * overlap in any other way. Direct buffers are fastest. Both operations read all that remains in
 * {@code in} and leave both positions behind what they took and wrote.
 */
public interface Aead {

  /** By how much a ciphertext is longer than its plaintext. */
  int TAG_BYTES = 16;

  /**
   * Encrypts.
   *
   * @param nonce never used before with this key
   * @param associatedData authenticated but not sent; may be empty
   */
  void seal(long nonce, byte[] associatedData, ByteBuffer in, ByteBuffer out);

  /**
   * Decrypts.
   *
   * @throws AEADBadTagException when the ciphertext is not authentic; the contents of {@code out}
   *     are undefined then
   */
  void open(long nonce, byte[] associatedData, ByteBuffer in, ByteBuffer out)
      throws AEADBadTagException;
}

package io.infernet.libp2p.security.noise;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** An {@link Aead} on a JCA cipher. */
final class CipherAead implements Aead {

  private final Cipher cipher;
  private final SecretKey key;

  /** Four zero bytes and the nonce in little endian, Noise §12.3. */
  private final byte[] nonceBytes = new byte[12];

  private final ByteBuffer nonceBuffer = ByteBuffer.wrap(nonceBytes).order(ByteOrder.LITTLE_ENDIAN);

  /**
   * @param cipher ChaCha20-Poly1305 of some provider
   * @param key 32 bytes, not kept
   */
  CipherAead(Cipher cipher, byte[] key) {
    this.cipher = cipher;
    this.key = new SecretKeySpec(key, "ChaCha20");
  }

  @Override
  public void seal(long nonce, byte[] associatedData, ByteBuffer in, ByteBuffer out) {
    try {
      run(Cipher.ENCRYPT_MODE, nonce, associatedData, in, out);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot encrypt", e);
    }
  }

  @Override
  public void open(long nonce, byte[] associatedData, ByteBuffer in, ByteBuffer out)
      throws AEADBadTagException {
    try {
      run(Cipher.DECRYPT_MODE, nonce, associatedData, in, out);
    } catch (AEADBadTagException e) {
      throw e;
    } catch (BadPaddingException e) {
      AEADBadTagException badTag = new AEADBadTagException(e.getMessage());
      badTag.initCause(e);
      throw badTag;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot decrypt", e);
    }
  }

  private void run(int mode, long nonce, byte[] associatedData, ByteBuffer in, ByteBuffer out)
      throws GeneralSecurityException {
    nonceBuffer.putLong(4, nonce);
    cipher.init(mode, key, new IvParameterSpec(nonceBytes));
    if (associatedData.length > 0) {
      cipher.updateAAD(associatedData);
    }
    cipher.doFinal(in, out);
  }
}

package io.infernet.libp2p.security.noise;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;

/** ChaCha20-Poly1305 of the JDK: there everywhere, slow before JDK 25. */
public final class JdkAeadFactory implements AeadFactory {

  @Override
  public Aead create(byte[] key) {
    try {
      return new CipherAead(Cipher.getInstance("ChaCha20-Poly1305"), key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has ChaCha20-Poly1305", e);
    }
  }
}

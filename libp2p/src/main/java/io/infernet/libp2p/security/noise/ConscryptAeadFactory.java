package io.infernet.libp2p.security.noise;

import java.security.GeneralSecurityException;
import java.security.Provider;
import javax.crypto.Cipher;
import org.conscrypt.Conscrypt;

/** ChaCha20-Poly1305 of Conscrypt, which is BoringSSL behind JNI. */
public final class ConscryptAeadFactory implements AeadFactory {

  private final Provider provider;

  /**
   * Loads the native library.
   *
   * @throws LinkageError when there is none for this machine or it cannot be unpacked
   */
  public ConscryptAeadFactory() {
    provider = Conscrypt.newProvider();
  }

  @Override
  public Aead create(byte[] key) {
    try {
      return new CipherAead(Cipher.getInstance("ChaCha20/Poly1305/NoPadding", provider), key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Conscrypt has ChaCha20-Poly1305", e);
    }
  }
}

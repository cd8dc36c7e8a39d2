package io.infernet.libp2p.security.noise;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.nio.ByteBuffer;

/**
 * ChaCha20-Poly1305 of the OpenSSL that comes with a Linux system, whose code for AVX-512 is twice
 * as fast as what libraries in the JVM have.
 */
public final class OpenSslAeadFactory implements AeadFactory {

  /** The names under which distributions install OpenSSL 3 and 1.1. */
  private static final String[] NAMES = {"libcrypto.so.3", "libcrypto.so.1.1"};

  private final long cipher;

  /**
   * Finds the library and tries the cipher.
   *
   * @throws LinkageError when there is none
   * @throws IllegalStateException when it has no such cipher, as in its FIPS mode
   */
  public OpenSslAeadFactory() {
    if (!Platform.isLinux()) {
      throw new UnsatisfiedLinkError("the system's OpenSSL is used on Linux only");
    }
    register();
    cipher = OpenSsl.EVP_chacha20_poly1305();
    create(new byte[32])
        .seal(0, new byte[0], ByteBuffer.allocate(1), ByteBuffer.allocate(1 + Aead.TAG_BYTES));
  }

  private static void register() {
    UnsatisfiedLinkError missing = new UnsatisfiedLinkError("no libcrypto");
    for (String name : NAMES) {
      try {
        Native.register(OpenSsl.class, NativeLibrary.getInstance(name));
        return;
      } catch (UnsatisfiedLinkError e) {
        missing.addSuppressed(e);
      }
    }
    throw missing;
  }

  @Override
  public Aead create(byte[] key) {
    return new OpenSslAead(cipher, key);
  }
}

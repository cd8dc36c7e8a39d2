package io.infernet.libp2p.security.noise;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes ciphers for keys. Safe from any thread. */
@FunctionalInterface
public interface AeadFactory {

  /**
   * A cipher with {@code key}.
   *
   * @param key 32 bytes, not kept
   */
  Aead create(byte[] key);

  /**
   * The fastest implementation that works on this machine.
   *
   * <p>Implementation notes: one thread, messages of 64 KiB in direct buffers, an AMD EPYC with
   * AVX-512 (NoiseBenchmark). OpenSSL of the system does about 5 GB/s. On JDK 17 Conscrypt does 2.8
   * and the JDK 0.46; on JDK 25 Conscrypt the same and the JDK, which has vector code for both
   * halves of the cipher by then, 3.8. Conscrypt has no library for Linux on ARM, and neither it
   * nor JNA can load its own where the folder of temporary files forbids execution.
   */
  static AeadFactory fastest() {
    Logger log = LoggerFactory.getLogger(AeadFactory.class);
    try {
      AeadFactory openSsl = new OpenSslAeadFactory();
      log.debug("Noise takes ChaCha20-Poly1305 from the system's OpenSSL");
      return openSsl;
    } catch (LinkageError | RuntimeException e) {
      log.debug("the system's OpenSSL cannot be used: {}", e.toString());
    }
    AeadFactory jdk = new JdkAeadFactory();
    if (Runtime.version().feature() >= 25) {
      log.debug("Noise takes ChaCha20-Poly1305 from the JDK");
      return jdk;
    }
    try {
      AeadFactory conscrypt = new ConscryptAeadFactory();
      log.debug("Noise takes ChaCha20-Poly1305 from Conscrypt");
      return conscrypt;
    } catch (LinkageError | RuntimeException e) {
      log.info(
          "Conscrypt cannot be loaded, encryption will be slower with the JDK's cipher: {}",
          e.toString());
      return jdk;
    }
  }
}

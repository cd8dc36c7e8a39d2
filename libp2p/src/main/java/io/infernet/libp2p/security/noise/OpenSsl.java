package io.infernet.libp2p.security.noise;

/**
 * The functions of libcrypto that {@link OpenSslAead} calls, by their own names
 * (EVP_EncryptInit(3)); bound by {@link OpenSslAeadFactory}. A {@code long} is an address.
 */
final class OpenSsl {

  private OpenSsl() {}

  static native long EVP_chacha20_poly1305();

  static native long EVP_CIPHER_CTX_new();

  static native void EVP_CIPHER_CTX_free(long context);

  /** A direction of 1 encrypts, 0 decrypts; 1 when it worked, as with all that follow. */
  static native int EVP_CipherInit_ex(
      long context, long cipher, long engine, long key, long nonce, int direction);

  static native int EVP_CipherUpdate(long context, long out, long outLength, long in, int inLength);

  static native int EVP_CipherFinal_ex(long context, long out, long outLength);

  static native int EVP_CIPHER_CTX_ctrl(long context, int command, int argument, long pointer);
}

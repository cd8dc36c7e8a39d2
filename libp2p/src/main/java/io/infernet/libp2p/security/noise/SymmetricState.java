package io.infernet.libp2p.security.noise;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Noise's {@code SymmetricState} (§5.2) with SHA-256. Not thread-safe. */
final class SymmetricState {

  private static final int HASH_BYTES = 32;

  private final AeadFactory aeads;
  private final MessageDigest sha256;
  private final Mac hmac;
  private byte[] chainingKey;
  private byte[] hash;
  private @Nullable CipherState cipher;

  SymmetricState(String protocolName, AeadFactory aeads) {
    this.aeads = aeads;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
      hmac = Mac.getInstance("HmacSHA256");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    byte[] name = protocolName.getBytes(US_ASCII);
    hash = name.length <= HASH_BYTES ? Arrays.copyOf(name, HASH_BYTES) : sha256.digest(name);
    chainingKey = hash;
  }

  void mixHash(byte[] data) {
    sha256.update(hash);
    hash = sha256.digest(data);
  }

  void mixKey(byte[] inputKeyMaterial) {
    byte[][] keys = hkdf(inputKeyMaterial);
    chainingKey = keys[0];
    cipher = new CipherState(aeads.create(keys[1]));
  }

  /** The ciphertext, or the plaintext while there is no key. */
  byte[] encryptAndHash(byte[] plaintext) {
    byte[] ciphertext = plaintext;
    if (cipher != null) {
      ciphertext = new byte[plaintext.length + Aead.TAG_BYTES];
      cipher.encrypt(hash, ByteBuffer.wrap(plaintext), ByteBuffer.wrap(ciphertext));
    }
    mixHash(ciphertext);
    return ciphertext;
  }

  /** The plaintext; while there is no key, the bytes themselves. */
  byte[] decryptAndHash(byte[] ciphertext) throws ProtocolViolationException {
    byte[] plaintext = ciphertext;
    if (cipher != null) {
      plaintext = new byte[Math.max(0, ciphertext.length - Aead.TAG_BYTES)];
      cipher.decrypt(hash, ByteBuffer.wrap(ciphertext), ByteBuffer.wrap(plaintext));
    }
    mixHash(ciphertext);
    return plaintext;
  }

  /** The two ciphers of the transport phase: the initiator's for sending first. */
  CipherState[] split() {
    byte[][] keys = hkdf(new byte[0]);
    return new CipherState[] {
      new CipherState(aeads.create(keys[0])), new CipherState(aeads.create(keys[1]))
    };
  }

  /** The hash of all that was said, by which other protocols can name this channel (§11.2). */
  byte[] hash() {
    return hash.clone();
  }

  /** HKDF with two outputs, Noise §4.3. */
  private byte[][] hkdf(byte[] inputKeyMaterial) {
    byte[] temporary = hmac(chainingKey, inputKeyMaterial);
    byte[] first = hmac(temporary, new byte[] {1});
    byte[] input = Arrays.copyOf(first, HASH_BYTES + 1);
    input[HASH_BYTES] = 2;
    return new byte[][] {first, hmac(temporary, input)};
  }

  private byte[] hmac(byte[] key, byte[] data) {
    try {
      hmac.init(new SecretKeySpec(key, "HmacSHA256"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HMAC takes any key", e);
    }
    return hmac.doFinal(data);
  }
}

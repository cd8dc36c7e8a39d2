package io.infernet.inference.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The noise that decides a draw: for each place of an answer and each token id a number that
 * follows from the seed alone. {@link Sampler} says how. Confined to one thread.
 *
 * <p>Implementation notes. A word of the keystream can be had by itself, as the encryption of its
 * block's number, or in sequence; the second costs less for many neighbours.
 */
final class GumbelNoise {

  /** No noise is larger: −ln(−ln(1 − 2⁻⁵³)) = 36.74. */
  static final double MAX = 37;

  private static final String MAC = "HmacSHA256";
  private static final String CIPHER = "AES";
  private static final int BLOCK = 16;
  private static final int WORDS_PER_BLOCK = BLOCK / Long.BYTES;

  /** Words made at once in sequence: 16 KiB, so that they stay in the nearest cache. */
  static final int RUN = 2048;

  private static final byte[] ZEROS = new byte[RUN * Long.BYTES];
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final Mac mac;
  private final Cipher counter;
  private final Cipher block;
  private final byte[] run = new byte[RUN * Long.BYTES];
  private final byte[] number = new byte[BLOCK];
  private final byte[] single = new byte[BLOCK];
  private SecretKeySpec key;

  GumbelNoise(long seed) {
    try {
      mac = Mac.getInstance(MAC);
      mac.init(new SecretKeySpec(ByteBuffer.allocate(Long.BYTES).putLong(seed).array(), MAC));
      counter = Cipher.getInstance("AES/CTR/NoPadding");
      block = Cipher.getInstance("AES/ECB/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has HMAC-SHA256 and AES", e);
    }
    key = keyOf(0);
  }

  private SecretKeySpec keyOf(long place) {
    byte[] digest = mac.doFinal(ByteBuffer.allocate(Long.BYTES).putLong(place).array());
    return new SecretKeySpec(digest, 0, BLOCK, CIPHER);
  }

  /** Turns to the noise of one place of the answer, for single words. */
  void singles(long place) {
    key = keyOf(place);
    try {
      block.init(Cipher.ENCRYPT_MODE, key);
    } catch (InvalidKeyException e) {
      throw new IllegalStateException("AES takes keys of 16 bytes", e);
    }
  }

  /** The word of one token, after {@link #singles}. */
  long word(int id) {
    LONG.set(number, Long.BYTES, (long) (id / WORDS_PER_BLOCK));
    try {
      block.update(number, 0, BLOCK, single, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a block has 16 bytes", e);
    }
    return (long) LONG.get(single, id % WORDS_PER_BLOCK * Long.BYTES);
  }

  /** Turns to the noise of one place of the answer, for words in sequence. */
  void sequence(long place) {
    key = keyOf(place);
    try {
      counter.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(new byte[BLOCK]));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES takes keys of 16 bytes", e);
    }
  }

  /** Makes the next {@value #RUN} words, after {@link #sequence}; {@link #inRun} gives them. */
  void nextRun() {
    try {
      counter.update(ZEROS, 0, ZEROS.length, run, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the run has room", e);
    }
  }

  long inRun(int index) {
    return (long) LONG.get(run, index * Long.BYTES);
  }

  /** The number between 0 and 1 that a word stands for. */
  static double uniform(long word) {
    return ((word >>> 12) + 0.5) * 0x1p-52;
  }

  /** The noise that a word stands for: −ln(−ln u). */
  static double gumbel(long word) {
    return -StrictMath.log(-StrictMath.log(uniform(word)));
  }
}

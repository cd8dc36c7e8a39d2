package io.infernet.libp2p.security.noise;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.crypto.AEADBadTagException;

/**
 * An {@link Aead} on OpenSSL. Its native context is freed after the object is garbage.
 *
 * <p>Implementation notes: native code writes where it is told, so all lengths are checked here and
 * all that it touches is held until it is done. Heap buffers are copied to a direct one and back.
 */
final class OpenSslAead implements Aead {

  private static final Cleaner CLEANER = Cleaner.create();

  /** EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG of openssl/evp.h. */
  private static final int GET_TAG = 0x10;

  private static final int SET_TAG = 0x11;

  private static final int ENCRYPT = 1;
  private static final int DECRYPT = 0;

  private static final int KEY_BYTES = 32;

  /** What stands where in {@link #memory}. */
  private static final int NONCE_AT = KEY_BYTES;

  private static final int LENGTH_AT = NONCE_AT + 16;
  private static final int MEMORY_BYTES = LENGTH_AT + 16;

  private final long cipher;
  private final long context;

  /** The key, four zero bytes and the nonce (Noise §12.3), and where OpenSSL writes lengths. */
  private final ByteBuffer memory =
      ByteBuffer.allocateDirect(MEMORY_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private final long address = address(memory);

  /**
   * @param cipher OpenSSL's ChaCha20-Poly1305
   * @param key 32 bytes, not kept
   */
  OpenSslAead(long cipher, byte[] key) {
    if (key.length != KEY_BYTES) {
      throw new IllegalArgumentException("a key has 32 bytes, not " + key.length);
    }
    this.cipher = cipher;
    memory.put(0, key);
    long created = OpenSsl.EVP_CIPHER_CTX_new();
    if (created == 0) {
      throw new IllegalStateException("OpenSSL has no memory for a cipher");
    }
    context = created;
    CLEANER.register(this, () -> OpenSsl.EVP_CIPHER_CTX_free(created));
    check(OpenSsl.EVP_CipherInit_ex(context, cipher, 0, address, 0, ENCRYPT));
  }

  @Override
  public void seal(long nonce, byte[] associatedData, ByteBuffer in, ByteBuffer out) {
    int length = in.remaining();
    requireRoom(out, length + TAG_BYTES);
    if (!in.isDirect() || !out.isDirect()) {
      ByteBuffer direct = ByteBuffer.allocateDirect(length + TAG_BYTES);
      direct.put(in).flip();
      seal(nonce, associatedData, direct, direct.duplicate().clear());
      out.put(direct.clear());
      return;
    }
    long to = address(out) + out.position();
    begin(ENCRYPT, nonce, associatedData);
    update(to, address(in) + in.position(), length);
    check(OpenSsl.EVP_CipherFinal_ex(context, to + length, address + LENGTH_AT));
    check(OpenSsl.EVP_CIPHER_CTX_ctrl(context, GET_TAG, TAG_BYTES, to + length));
    end(in, length, out, length + TAG_BYTES);
  }

  @Override
  public void open(long nonce, byte[] associatedData, ByteBuffer in, ByteBuffer out)
      throws AEADBadTagException {
    int length = in.remaining() - TAG_BYTES;
    if (length < 0) {
      throw new AEADBadTagException("shorter than its tag");
    }
    requireRoom(out, length);
    if (!in.isDirect() || !out.isDirect()) {
      ByteBuffer direct = ByteBuffer.allocateDirect(length + TAG_BYTES);
      direct.put(in).flip();
      open(nonce, associatedData, direct, direct.duplicate());
      out.put(direct.position(0).limit(length));
      return;
    }
    long from = address(in) + in.position();
    long to = address(out) + out.position();
    begin(DECRYPT, nonce, associatedData);
    // The tag is read before anything is written over it.
    check(OpenSsl.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG_BYTES, from + length));
    update(to, from, length);
    boolean authentic = OpenSsl.EVP_CipherFinal_ex(context, to + length, address + LENGTH_AT) == 1;
    end(in, length + TAG_BYTES, out, length);
    if (!authentic) {
      throw new AEADBadTagException("the tag does not fit");
    }
  }

  private void begin(int direction, long nonce, byte[] associatedData) {
    memory.putLong(NONCE_AT + 4, nonce);
    check(OpenSsl.EVP_CipherInit_ex(context, cipher, 0, address, address + NONCE_AT, direction));
    if (associatedData.length > 0) {
      ByteBuffer direct = ByteBuffer.allocateDirect(associatedData.length).put(associatedData);
      update(0, address(direct), associatedData.length);
      Reference.reachabilityFence(direct);
    }
  }

  private void update(long to, long from, int length) {
    if (length > 0) {
      check(OpenSsl.EVP_CipherUpdate(context, to, address + LENGTH_AT, from, length));
    }
  }

  private void end(ByteBuffer in, int taken, ByteBuffer out, int written) {
    in.position(in.position() + taken);
    out.position(out.position() + written);
    Reference.reachabilityFence(in);
    Reference.reachabilityFence(out);
    Reference.reachabilityFence(this);
  }

  private static void requireRoom(ByteBuffer out, int bytes) {
    if (out.remaining() < bytes) {
      throw new BufferOverflowException();
    }
  }

  private static void check(int result) {
    if (result != 1) {
      throw new IllegalStateException("OpenSSL refused to run ChaCha20-Poly1305");
    }
  }

  private static long address(ByteBuffer direct) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
  }
}

package io.infernet.libp2p.security.noise;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import javax.crypto.AEADBadTagException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link Aead} does, and {@link CipherState} with it. */
class AeadTest {

  private static final byte[] KEY = HexFormat.of().parseHex("0f1e".repeat(16));
  private static final byte[] NONE = {};

  static List<AeadFactory> factories() {
    return TestAeads.all();
  }

  /** Key, nonce and tag from RFC 8439, appendix A.5, whose nonce has the form of Noise's. */
  @ParameterizedTest
  @MethodSource("factories")
  void opensThePublishedCiphertext(AeadFactory factory) throws Exception {
    Aead aead =
        factory.create(
            HexFormat.of()
                .parseHex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"));
    byte[] ciphertext =
        HexFormat.of()
            .parseHex(
                "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
                    + "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
                    + "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
                    + "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
                    + "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
                    + "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
                    + "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
                    + "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
                    + "a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38");
    byte[] associatedData = HexFormat.of().parseHex("f33388860000000000004e91");
    byte[] plaintext = new byte[ciphertext.length - 16];
    // The nonce 00000000 0102030405060708, its last eight bytes in little endian.
    aead.open(
        0x0807060504030201L,
        associatedData,
        ByteBuffer.wrap(ciphertext),
        ByteBuffer.wrap(plaintext));
    assertEquals(
        "Internet-Drafts are draft documents valid for a maximum of six months",
        new String(plaintext, 0, 69, UTF_8));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 16, 17, 63, 64, 65, 255, 4096, 4097, 65519})
  void allImplementationsAgreeInPlaceAndApart(int length) throws Exception {
    byte[] plaintext = new byte[length];
    new SplittableRandom(length).nextBytes(plaintext);
    byte[] associatedData = {1, 2, 3};
    byte[] expected = null;
    for (AeadFactory factory : factories()) {
      for (IntFunction<ByteBuffer> allocate :
          List.<IntFunction<ByteBuffer>>of(ByteBuffer::allocate, ByteBuffer::allocateDirect)) {
        Aead sealing = factory.create(KEY);
        Aead opening = factory.create(KEY);
        ByteBuffer apart = allocate.apply(length + 16);
        ByteBuffer in = allocate.apply(length).put(plaintext).flip();
        sealing.seal(5, associatedData, in, apart);
        assertEquals(0, in.remaining() + apart.remaining());
        ByteBuffer inPlace = allocate.apply(length + 16).put(0, plaintext);
        sealing.seal(6, associatedData, inPlace.slice(0, length), inPlace.duplicate());
        sealing.seal(7, NONE, allocate.apply(0), allocate.apply(16));
        byte[] sealed = bytes(apart);
        expected = expected == null ? sealed : expected;
        assertArrayEquals(expected, sealed);

        ByteBuffer out = allocate.apply(length);
        opening.open(5, associatedData, ByteBuffer.wrap(sealed), out);
        assertArrayEquals(plaintext, bytes(out));
        opening.open(6, associatedData, inPlace.duplicate(), inPlace.duplicate());
        assertArrayEquals(plaintext, Arrays.copyOf(bytes(inPlace), length));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("factories")
  void refusesWhatIsNotAuthentic(AeadFactory factory) {
    Aead sealing = factory.create(KEY);
    ByteBuffer sealed = ByteBuffer.allocateDirect(40);
    sealing.seal(0, NONE, ByteBuffer.allocate(24), sealed);
    for (int at = 0; at < 40; at++) {
      ByteBuffer changed = ByteBuffer.allocateDirect(40).put(0, bytes(sealed), 0, 40);
      changed.put(at, (byte) (changed.get(at) ^ 1));
      Aead opening = factory.create(KEY);
      assertThrows(
          AEADBadTagException.class,
          () -> opening.open(0, NONE, changed.duplicate(), changed.duplicate()));
    }
    assertThrows(
        AEADBadTagException.class,
        () ->
            factory
                .create(KEY)
                .open(1, NONE, sealed.duplicate().rewind(), ByteBuffer.allocate(40)));
    assertThrows(
        AEADBadTagException.class,
        () ->
            factory
                .create(KEY)
                .open(0, new byte[1], sealed.duplicate().rewind(), ByteBuffer.allocate(40)));
  }

  @ParameterizedTest
  @MethodSource("factories")
  void staysUsableAfterARefusal(AeadFactory factory) throws Exception {
    ByteBuffer sealed = ByteBuffer.allocateDirect(17);
    factory.create(KEY).seal(0, NONE, ByteBuffer.allocate(1), sealed);
    Aead opening = factory.create(KEY);
    ByteBuffer out = ByteBuffer.allocateDirect(17);
    assertThrows(
        AEADBadTagException.class,
        () -> opening.open(1, NONE, sealed.duplicate().rewind(), out.duplicate()));
    opening.open(0, NONE, sealed.duplicate().rewind(), out);
    assertEquals(1, out.position());
  }

  @Test
  void fallsBackToTheJdkWhereNothingElseCanBeLoaded() throws Exception {
    ClassLoader withoutNatives =
        new ClassLoader(AeadTest.class.getClassLoader()) {
          @Override
          protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("org.conscrypt.") || name.startsWith("com.sun.jna.")) {
              throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(AeadTest.class.getPackageName())
                || findLoadedClass(name) != null) {
              return super.loadClass(name, resolve);
            }
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
              byte[] code = in.readAllBytes();
              return defineClass(name, code, 0, code.length);
            } catch (IOException e) {
              throw new ClassNotFoundException(name, e);
            }
          }
        };
    Object factory =
        withoutNatives.loadClass(AeadFactory.class.getName()).getMethod("fastest").invoke(null);
    assertEquals(JdkAeadFactory.class.getName(), factory.getClass().getName());
    assertEquals(withoutNatives, factory.getClass().getClassLoader());
  }

  @Test
  void cipherStateStopsBeforeTheReservedNonce() throws Exception {
    CipherState sending = new CipherState(new JdkAeadFactory().create(KEY), -2);
    CipherState receiving = new CipherState(new JdkAeadFactory().create(KEY), -2);
    ByteBuffer last = ByteBuffer.allocate(16);
    sending.encrypt(NONE, ByteBuffer.allocate(0), last);
    receiving.decrypt(NONE, last.flip(), ByteBuffer.allocate(0));
    assertThrows(
        IllegalStateException.class,
        () -> sending.encrypt(NONE, ByteBuffer.allocate(0), ByteBuffer.allocate(16)));
    assertThrows(
        IllegalStateException.class,
        () -> receiving.decrypt(NONE, ByteBuffer.allocate(16), ByteBuffer.allocate(0)));
  }

  @Test
  void cipherStateTakesEachMessageOnceAndInOrder() throws Exception {
    CipherState sending = new CipherState(new JdkAeadFactory().create(KEY));
    ByteBuffer first = ByteBuffer.allocate(17);
    ByteBuffer second = ByteBuffer.allocate(17);
    sending.encrypt(NONE, ByteBuffer.allocate(1), first);
    sending.encrypt(NONE, ByteBuffer.allocate(1), second);
    CipherState receiving = new CipherState(new JdkAeadFactory().create(KEY));
    receiving.decrypt(NONE, first.flip(), ByteBuffer.allocate(1));
    assertThrows(
        ProtocolViolationException.class,
        () -> receiving.decrypt(NONE, first.flip(), ByteBuffer.allocate(1)));
    CipherState other = new CipherState(new JdkAeadFactory().create(KEY));
    assertThrows(
        ProtocolViolationException.class,
        () -> other.decrypt(NONE, second.flip(), ByteBuffer.allocate(1)));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.capacity()];
    buffer.duplicate().clear().get(bytes);
    return bytes;
  }
}

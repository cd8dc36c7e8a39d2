package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Noise's {@code HandshakeState} (§5.3) for the pattern XX (§7.5), whatever its payloads mean. The
 * initiator writes, reads and writes; the responder reads, writes and reads. Not thread-safe.
 */
final class HandshakeState {

  private enum Token {
    E,
    S,
    EE,
    ES,
    SE
  }

  static final String PROTOCOL_NAME = "Noise_XX_25519_ChaChaPoly_SHA256";

  private static final List<List<Token>> XX =
      List.of(
          List.of(Token.E),
          List.of(Token.E, Token.EE, Token.S, Token.ES),
          List.of(Token.S, Token.SE));

  private final boolean initiator;
  private final NoiseKeyPair staticKey;
  private final NoiseKeyPair ephemeralKey;
  private final SymmetricState symmetric;
  private byte @Nullable [] remoteStaticKey;
  private byte @Nullable [] remoteEphemeralKey;

  /** How many messages were written and read. */
  private int step;

  /**
   * @param prologue what both sides must have in common; libp2p has none
   * @param ephemeralKey used for nothing else, ever
   */
  HandshakeState(
      boolean initiator,
      byte[] prologue,
      NoiseKeyPair staticKey,
      NoiseKeyPair ephemeralKey,
      AeadFactory aeads) {
    this.initiator = initiator;
    this.staticKey = staticKey;
    this.ephemeralKey = ephemeralKey;
    symmetric = new SymmetricState(PROTOCOL_NAME, aeads);
    symmetric.mixHash(prologue);
  }

  /** Whether it is this side's turn to write. */
  boolean isToWrite() {
    return !isComplete() && (step % 2 == 0) == initiator;
  }

  boolean isComplete() {
    return step == XX.size();
  }

  /** The next message of this side. */
  byte[] writeMessage(byte[] payload) throws ProtocolViolationException {
    requireTurn(isToWrite());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Token token : XX.get(step)) {
      switch (token) {
        case E -> {
          byte[] key = ephemeralKey.publicKey();
          symmetric.mixHash(key);
          out.writeBytes(key);
        }
        case S -> out.writeBytes(symmetric.encryptAndHash(staticKey.publicKey()));
        default -> mixAgreement(token);
      }
    }
    out.writeBytes(symmetric.encryptAndHash(payload));
    step++;
    return out.toByteArray();
  }

  /**
   * Takes the next message of the other side.
   *
   * @return its payload
   * @throws ProtocolViolationException when it is too short or not authentic; the handshake has
   *     failed then
   */
  byte[] readMessage(byte[] message) throws ProtocolViolationException {
    requireTurn(!isToWrite() && !isComplete());
    ByteBuffer in = ByteBuffer.wrap(message);
    for (Token token : XX.get(step)) {
      switch (token) {
        case E -> {
          remoteEphemeralKey = take(in, NoiseKeyPair.KEY_BYTES);
          symmetric.mixHash(remoteEphemeralKey);
        }
        case S ->
            remoteStaticKey =
                symmetric.decryptAndHash(take(in, NoiseKeyPair.KEY_BYTES + Aead.TAG_BYTES));
        default -> mixAgreement(token);
      }
    }
    byte[] payload = symmetric.decryptAndHash(take(in, in.remaining()));
    step++;
    return payload;
  }

  /** This side's static public key. */
  byte[] staticKey() {
    return staticKey.publicKey();
  }

  /** The other side's static key, once it was read. */
  byte[] remoteStaticKey() {
    return known(remoteStaticKey).clone();
  }

  /** See {@link SymmetricState#hash}. */
  byte[] hash() {
    return symmetric.hash();
  }

  /** The cipher for each direction, the initiator's for sending first. */
  CipherState[] split() {
    requireTurn(isComplete());
    return symmetric.split();
  }

  private void mixAgreement(Token token) throws ProtocolViolationException {
    symmetric.mixKey(
        switch (token) {
          case EE -> ephemeralKey.agree(known(remoteEphemeralKey));
          case ES ->
              initiator
                  ? ephemeralKey.agree(known(remoteStaticKey))
                  : staticKey.agree(known(remoteEphemeralKey));
          case SE ->
              initiator
                  ? staticKey.agree(known(remoteEphemeralKey))
                  : ephemeralKey.agree(known(remoteStaticKey));
          default -> throw new IllegalStateException("no agreement: " + token);
        });
  }

  private static byte[] take(ByteBuffer in, int length) throws ProtocolViolationException {
    if (in.remaining() < length) {
      throw new ProtocolViolationException(
          "Noise handshake message ends after %d bytes".formatted(in.limit()));
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static byte[] known(byte @Nullable [] key) {
    if (key == null) {
      throw new IllegalStateException("the remote's key is not known yet");
    }
    return key;
  }

  private static void requireTurn(boolean turn) {
    if (!turn) {
      throw new IllegalStateException("not now in this handshake");
    }
  }
}

package io.infernet.libp2p.security.noise;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;

/**
 * Secures connections of one host with Noise. It has one static Noise key, made anew with each
 * instance and never stored, and one signature that binds it to the host's identity. Safe from any
 * thread.
 */
public final class NoiseSecurity {

  /** The name under which multistream-select negotiates this channel. */
  public static final ProtocolId PROTOCOL = ProtocolId.of("/noise");

  private static final byte[] SIGNATURE_PREFIX = "noise-libp2p-static-key:".getBytes(US_ASCII);

  private final List<ProtocolId> muxers;
  private final NoiseConfig config;
  private final AeadFactory aeads;
  private final SecureRandom random;
  private final NoiseKeyPair staticKey;
  private final NoisePayloadCodec codec;
  private final byte[] payload;

  /**
   * @param identity proves to remotes who this host is
   * @param muxers what this host can multiplex with, in order of preference, to be agreed on within
   *     the handshake; empty to leave that to multistream-select
   * @param random makes the keys
   */
  public NoiseSecurity(
      PrivateKey identity,
      List<ProtocolId> muxers,
      NoiseConfig config,
      AeadFactory aeads,
      SecureRandom random) {
    this.muxers = List.copyOf(muxers);
    this.config = requireNonNull(config, "config is null");
    this.aeads = requireNonNull(aeads, "aeads is null");
    this.random = requireNonNull(random, "random is null");
    staticKey = NoiseKeyPair.generate(random);
    codec = new NoisePayloadCodec(config.maxHandshakeMessageBytes());
    payload =
        encoded(
            new NoisePayload(
                identity.publicKey(),
                identity.sign(signedBytes(staticKey.publicKey())),
                this.muxers.stream().map(ProtocolId::value).toList()));
  }

  /**
   * A handler for a connection that this host dialled.
   *
   * @param expected who must be at the other end
   */
  public NoiseHandshakeHandler initiator(PeerId expected) {
    return handler(true, Optional.of(expected));
  }

  /** A handler for a connection that this host accepted. */
  public NoiseHandshakeHandler responder() {
    return handler(false, Optional.empty());
  }

  /** The handshake of one connection, without I/O. */
  NoiseHandshake handshake(boolean initiator, Optional<PeerId> expected) {
    HandshakeState state =
        new HandshakeState(initiator, new byte[0], staticKey, NoiseKeyPair.generate(random), aeads);
    return new NoiseHandshake(initiator, state, payload, muxers, expected, codec);
  }

  /** What an identity signs to vouch for a static key. */
  static byte[] signedBytes(byte[] staticKey) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(SIGNATURE_PREFIX);
    out.writeBytes(staticKey);
    return out.toByteArray();
  }

  private NoiseHandshakeHandler handler(boolean initiator, Optional<PeerId> expected) {
    return new NoiseHandshakeHandler(handshake(initiator, expected), config);
  }

  private byte[] encoded(NoisePayload own) {
    ByteBuffer buffer = codec.encode(own);
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}

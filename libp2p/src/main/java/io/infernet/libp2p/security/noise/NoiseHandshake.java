package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One handshake of noise-libp2p, without I/O and framing: the owner carries messages in and out.
 * Not thread-safe; used once, and of no use after it threw.
 */
final class NoiseHandshake {

  private final boolean initiator;
  private final HandshakeState state;
  private final byte[] payload;
  private final List<ProtocolId> muxers;
  private final Optional<PeerId> expected;
  private final NoisePayloadCodec codec;
  private @Nullable NoiseResult result;

  /**
   * @param payload this side's, encoded
   * @param muxers this side's, as in the payload
   * @param expected who must be at the other end; anyone when empty
   */
  NoiseHandshake(
      boolean initiator,
      HandshakeState state,
      byte[] payload,
      List<ProtocolId> muxers,
      Optional<PeerId> expected,
      NoisePayloadCodec codec) {
    this.initiator = initiator;
    this.state = state;
    this.payload = payload;
    this.muxers = muxers;
    this.expected = expected;
    this.codec = codec;
  }

  /** The message to send before any arrives; empty on the responder. */
  Optional<byte[]> start() throws ProtocolViolationException {
    // The first message is not encrypted: it carries nothing.
    return initiator ? Optional.of(state.writeMessage(new byte[0])) : Optional.empty();
  }

  /**
   * Takes the remote's next message.
   *
   * @return the message to send in return, if any
   * @throws ProtocolViolationException when the remote broke the protocol or failed to prove its
   *     identity
   * @throws PeerUnavailableException when it proved to be another peer than the expected one, or
   *     there is no common muxer
   */
  Optional<byte[]> receive(byte[] message)
      throws ProtocolViolationException, PeerUnavailableException {
    byte[] remotePayload = state.readMessage(message);
    if (!initiator && !state.isComplete()) {
      // What the initiator's first message carries is neither secret nor authentic: ignored.
      return Optional.of(state.writeMessage(payload));
    }
    result = verify(codec.decode(ByteBuffer.wrap(remotePayload)));
    return initiator ? Optional.of(state.writeMessage(payload)) : Optional.empty();
  }

  boolean isComplete() {
    return state.isComplete();
  }

  /**
   * Who is at the other end.
   *
   * @throws IllegalStateException before the handshake is complete
   */
  NoiseResult result() {
    if (!isComplete() || result == null) {
      throw new IllegalStateException("the handshake is not complete");
    }
    return result;
  }

  /** The ciphers of this side: for sending, then for receiving. To be called once. */
  CipherState[] ciphers() {
    CipherState[] ciphers = state.split();
    return initiator ? ciphers : new CipherState[] {ciphers[1], ciphers[0]};
  }

  private NoiseResult verify(NoisePayload remote)
      throws ProtocolViolationException, PeerUnavailableException {
    PublicKey key = remote.identityKey();
    byte[] signed = NoiseSecurity.signedBytes(state.remoteStaticKey());
    if (!key.verify(signed, remote.signature())) {
      throw new ProtocolViolationException("the signature of the Noise key is not by " + key);
    }
    PeerId peer = PeerId.of(key);
    if (expected.isPresent() && !expected.get().equals(peer)) {
      throw new PeerUnavailableException(
          "expected peer %s, but %s answered".formatted(expected.get(), peer));
    }
    return new NoiseResult(peer, key, commonMuxer(remote.muxers()));
  }

  /** The first of the initiator's that both have, inlined-muxer-negotiation.md. */
  private Optional<ProtocolId> commonMuxer(List<String> remote) throws PeerUnavailableException {
    if (muxers.isEmpty() || remote.isEmpty()) {
      return Optional.empty();
    }
    List<String> own = muxers.stream().map(ProtocolId::value).toList();
    List<String> preferred = initiator ? own : remote;
    List<String> accepted = initiator ? remote : own;
    return Optional.of(
        preferred.stream()
            .filter(accepted::contains)
            .findFirst()
            .map(ProtocolId::of)
            .orElseThrow(() -> new PeerUnavailableException("no common muxer with the remote")));
  }
}

package io.infernet.libp2p.security.noise;

import static io.infernet.libp2p.security.noise.TestHandshakes.MPLEX;
import static io.infernet.libp2p.security.noise.TestHandshakes.YAMUX;
import static io.infernet.libp2p.security.noise.TestHandshakes.security;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.testing.TestIdentities;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class NoiseHandshakeTest {

  private static final PrivateKey DIALLER = TestIdentities.privateKey(1);
  private static final PrivateKey LISTENER = TestIdentities.privateKey(2);

  /** The initiator's muxers, the responder's, and what comes of it. */
  static Stream<Arguments> muxers() {
    return Stream.of(
        Arguments.of(List.of(YAMUX), List.of(YAMUX), Optional.of(YAMUX)),
        Arguments.of(List.of(YAMUX, MPLEX), List.of(MPLEX, YAMUX), Optional.of(YAMUX)),
        Arguments.of(List.of(MPLEX, YAMUX), List.of(YAMUX, MPLEX), Optional.of(MPLEX)),
        Arguments.of(List.of(MPLEX, YAMUX), List.of(YAMUX), Optional.of(YAMUX)),
        Arguments.of(List.of(YAMUX), List.of(), Optional.empty()),
        Arguments.of(List.of(), List.of(YAMUX), Optional.empty()),
        Arguments.of(List.of(), List.of(), Optional.empty()));
  }

  @ParameterizedTest
  @MethodSource("muxers")
  void bothSidesComeToTheSameMuxer(
      List<ProtocolId> initiators, List<ProtocolId> responders, Optional<ProtocolId> muxer)
      throws Exception {
    NoiseHandshake initiator = handshake(true, DIALLER, initiators);
    NoiseHandshake responder = handshake(false, LISTENER, responders);
    run(initiator, responder);
    assertEquals(muxer, initiator.result().muxer());
    assertEquals(muxer, responder.result().muxer());
  }

  @Test
  void failsWithoutACommonMuxer() throws Exception {
    NoiseHandshake initiator = handshake(true, DIALLER, List.of(MPLEX));
    NoiseHandshake responder = handshake(false, LISTENER, List.of(YAMUX));
    byte[] second = responder.receive(initiator.start().orElseThrow()).orElseThrow();
    PeerUnavailableException reason =
        assertThrows(PeerUnavailableException.class, () -> initiator.receive(second));
    assertEquals("no common muxer with the remote", reason.getMessage());
  }

  @Test
  void responderFailsWithoutACommonMuxerToo() throws Exception {
    // An initiator that goes on although there is none.
    HandshakeState initiator = TestHandshakes.state(true);
    NoiseHandshake responder = handshake(false, LISTENER, List.of(YAMUX));
    initiator.readMessage(responder.receive(initiator.writeMessage(new byte[0])).orElseThrow());
    byte[] third = initiator.writeMessage(payload(DIALLER, DIALLER, initiator, MPLEX));
    assertThrows(PeerUnavailableException.class, () -> responder.receive(third));
    assertThrows(IllegalStateException.class, responder::result);
  }

  @Test
  void refusesASignatureByAnotherKey() throws Exception {
    HandshakeState initiator = TestHandshakes.state(true);
    NoiseHandshake responder = handshake(false, LISTENER, List.of());
    initiator.readMessage(responder.receive(initiator.writeMessage(new byte[0])).orElseThrow());
    byte[] third = initiator.writeMessage(payload(DIALLER, LISTENER, initiator));
    ProtocolViolationException violation =
        assertThrows(ProtocolViolationException.class, () -> responder.receive(third));
    assertEquals(
        "the signature of the Noise key is not by " + DIALLER.publicKey(), violation.getMessage());
  }

  @Test
  void refusesASignatureOfAnotherNoiseKey() throws Exception {
    // The signature is the listener's own, taken from another of its connections.
    NoiseHandshake initiator = handshake(true, DIALLER, List.of());
    HandshakeState responder = TestHandshakes.state(false);
    responder.readMessage(initiator.start().orElseThrow());
    byte[] second =
        responder.writeMessage(payload(LISTENER, LISTENER, TestHandshakes.state(false)));
    assertThrows(ProtocolViolationException.class, () -> initiator.receive(second));
  }

  @Test
  void ignoresWhatTheFirstMessageCarries() throws Exception {
    HandshakeState initiator = TestHandshakes.state(true);
    NoiseHandshake responder = handshake(false, LISTENER, List.of(YAMUX));
    initiator.readMessage(
        responder
            .receive(initiator.writeMessage(payload(LISTENER, LISTENER, initiator, MPLEX)))
            .orElseThrow());
    responder.receive(initiator.writeMessage(payload(DIALLER, DIALLER, initiator)));
    assertEquals(DIALLER.publicKey(), responder.result().remoteKey());
  }

  @Test
  void hasNoResultBeforeItIsComplete() throws Exception {
    NoiseHandshake initiator = handshake(true, DIALLER, List.of());
    NoiseHandshake responder = handshake(false, LISTENER, List.of());
    assertTrue(responder.start().isEmpty());
    responder.receive(initiator.start().orElseThrow());
    assertFalse(responder.isComplete());
    assertThrows(IllegalStateException.class, responder::result);
    assertThrows(IllegalStateException.class, responder::ciphers);
  }

  @Test
  void eachHostHasItsOwnStaticKey() throws Exception {
    NoiseHandshake first = handshake(true, DIALLER, List.of());
    NoiseHandshake second = handshake(true, DIALLER, List.of());
    assertFalse(sentStaticKey(first).equals(sentStaticKey(second)));
    NoiseSecurity host = security(DIALLER);
    assertEquals(
        sentStaticKey(host.handshake(true, Optional.empty())),
        sentStaticKey(host.handshake(true, Optional.empty())));
  }

  private static String sentStaticKey(NoiseHandshake initiator) throws Exception {
    HandshakeState responder = TestHandshakes.state(false);
    responder.readMessage(initiator.start().orElseThrow());
    byte[] third =
        initiator
            .receive(responder.writeMessage(payload(LISTENER, LISTENER, responder)))
            .orElseThrow();
    responder.readMessage(third);
    return HexFormat.of().formatHex(responder.remoteStaticKey());
  }

  /** A payload in the name of {@code identity}, signed by {@code signer}. */
  private static byte[] payload(
      PrivateKey identity, PrivateKey signer, HandshakeState state, ProtocolId... muxers) {
    byte[] signature = signer.sign(NoiseSecurity.signedBytes(state.staticKey()));
    return new NoisePayloadCodec(8192)
        .encode(
            new NoisePayload(
                identity.publicKey(), signature, Stream.of(muxers).map(ProtocolId::value).toList()))
        .array();
  }

  private static NoiseHandshake handshake(
      boolean initiator, PrivateKey identity, List<ProtocolId> muxers) {
    return security(identity, muxers.toArray(new ProtocolId[0]))
        .handshake(initiator, Optional.empty());
  }

  private static void run(NoiseHandshake initiator, NoiseHandshake responder) throws Exception {
    byte[] second = responder.receive(initiator.start().orElseThrow()).orElseThrow();
    byte[] third = initiator.receive(second).orElseThrow();
    assertTrue(responder.receive(third).isEmpty());
  }
}

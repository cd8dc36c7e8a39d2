package io.infernet.libp2p.security.noise;

import static io.infernet.libp2p.security.noise.TestHandshakes.YAMUX;
import static io.infernet.libp2p.security.noise.TestHandshakes.security;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.testing.EmbeddedPair;
import io.infernet.libp2p.testing.EmbeddedPair.Splitter;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NoiseHandshakeHandlerTest {

  private static final PrivateKey DIALLER = TestIdentities.privateKey(1);
  private static final PrivateKey LISTENER = TestIdentities.privateKey(2);
  private static final PeerId LISTENER_ID = PeerId.of(LISTENER.publicKey());

  private final NoisePipeline dialler =
      new NoisePipeline(security(DIALLER, YAMUX).initiator(LISTENER_ID));
  private final NoisePipeline listener = new NoisePipeline(security(LISTENER, YAMUX).responder());

  @ParameterizedTest
  @EnumSource(KeyType.class)
  void bothSidesLearnWhoTheOtherIs(KeyType type) {
    PrivateKey left = TestIdentities.privateKey(type, 1);
    PrivateKey right = TestIdentities.privateKey(type, 2);
    NoisePipeline initiator =
        new NoisePipeline(security(left).initiator(PeerId.of(right.publicKey())));
    NoisePipeline responder = new NoisePipeline(security(right).responder());
    pump(initiator, responder, Splitter.whole());
    assertEquals(
        List.of(new NoiseResult(PeerId.of(right.publicKey()), right.publicKey(), Optional.empty())),
        initiator.results);
    assertEquals(
        List.of(new NoiseResult(PeerId.of(left.publicKey()), left.publicKey(), Optional.empty())),
        responder.results);
    initiator.assertNoBuffersLeft();
    responder.assertNoBuffersLeft();
  }

  @Test
  void worksByteByByte() {
    pump(dialler, listener, Splitter.byteByByte());
    assertEstablished();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void worksHoweverTheBytesAreCut(long seed) {
    pump(dialler, listener, Splitter.seeded(seed));
    assertEstablished();
  }

  @Test
  void agreesOnTheMuxerInTheHandshake() {
    pump(dialler, listener, Splitter.whole());
    assertEquals(Optional.of(YAMUX), dialler.results.get(0).muxer());
    assertEquals(Optional.of(YAMUX), listener.results.get(0).muxer());
  }

  @Test
  void handsOverWhatFollowsTheHandshake() {
    // The dialler's last message and its first transport message arrive in one read.
    listener.read(dialler.written());
    dialler.read(listener.written());
    dialler.write("first words".getBytes(StandardCharsets.US_ASCII));
    listener.read(dialler.written());
    assertEquals(1, listener.results.size());
    assertEquals("first words", listener.received.toString(StandardCharsets.US_ASCII));
    listener.assertNoBuffersLeft();
    dialler.assertNoBuffersLeft();
  }

  @Test
  void waitsForTheChannelToBeActive() {
    assertTrue(dialler.written().length == 2 + 32);
    assertEquals(0, listener.written().length);
  }

  @Test
  void closesWhenAnotherPeerAnswers() {
    NoisePipeline initiator =
        new NoisePipeline(security(DIALLER).initiator(PeerId.of(DIALLER.publicKey())));
    listener.read(initiator.written());
    initiator.read(listener.written());
    assertInstanceOf(PeerUnavailableException.class, initiator.reason());
    assertEquals(
        "expected peer %s, but %s answered".formatted(PeerId.of(DIALLER.publicKey()), LISTENER_ID),
        initiator.reason().getMessage());
    assertEquals(0, initiator.written().length);
    assertTrue(initiator.results.isEmpty());
    initiator.assertNoBuffersLeft();
  }

  @Test
  void closesOnAMessageOverTheLimit() {
    listener.read(new byte[] {(byte) 0x20, 0x01});
    assertInstanceOf(ProtocolViolationException.class, listener.reason());
    assertEquals(
        "Noise handshake message of 8193 bytes, at most 8192", listener.reason().getMessage());
    listener.assertNoBuffersLeft();
  }

  @Test
  void closesOnAnEmptyMessage() {
    listener.read(new byte[2]);
    assertInstanceOf(ProtocolViolationException.class, listener.reason());
    listener.assertNoBuffersLeft();
  }

  @Test
  void saysWhenTheConnectionEndsTooSoon() {
    dialler.channel.close();
    assertInstanceOf(PeerUnavailableException.class, dialler.reason());
    assertEquals("connection closed during the Noise handshake", dialler.reason().getMessage());
    dialler.assertNoBuffersLeft();
  }

  @Test
  void endsOnErrorsOfTheChannel() {
    IllegalStateException broken = new IllegalStateException("broken");
    dialler.channel.pipeline().fireExceptionCaught(broken);
    assertEquals(broken, dialler.reason());
    dialler.assertNoBuffersLeft();
  }

  @Test
  void closesWithOneReasonOnGarbage() {
    Property.forAll(
        300,
        random -> {
          NoisePipeline victim =
              random.nextBoolean()
                  ? new NoisePipeline(security(LISTENER).responder())
                  : new NoisePipeline(security(DIALLER).initiator(LISTENER_ID));
          for (int reads = 0; reads < 40 && victim.channel.isOpen(); reads++) {
            victim.read(Property.bytesOfLength(random, random.nextInt(1, 2000)));
          }
          assertTrue(victim.results.isEmpty());
          assertInstanceOf(ProtocolViolationException.class, victim.reason());
          victim.assertNoBuffersLeft();
        });
  }

  @Test
  void closesWhenAnyByteOfTheHandshakeIsChanged() {
    // The lengths of signatures differ, but not between handshakes with the same static keys.
    NoiseSecurity diallers = security(DIALLER, YAMUX);
    NoiseSecurity listeners = security(LISTENER, YAMUX);
    NoisePipeline unchangedInitiator = new NoisePipeline(diallers.initiator(LISTENER_ID));
    NoisePipeline unchangedResponder = new NoisePipeline(listeners.responder());
    byte[] first = unchangedInitiator.written();
    unchangedResponder.read(first);
    byte[] second = unchangedResponder.written();
    unchangedInitiator.read(second);
    byte[] third = unchangedInitiator.written();
    for (int message = 1; message <= 3; message++) {
      int length = List.of(first, second, third).get(message - 1).length;
      for (int at = 0; at < length; at++) {
        NoisePipeline initiator = new NoisePipeline(diallers.initiator(LISTENER_ID));
        NoisePipeline responder = new NoisePipeline(listeners.responder());
        responder.read(changed(initiator.written(), message == 1 ? at : -1));
        initiator.read(changed(responder.written(), message == 2 ? at : -1));
        responder.read(changed(initiator.written(), message == 3 ? at : -1));
        String where = "message %d, byte %d".formatted(message, at);
        NoisePipeline victim = message == 2 ? initiator : responder;
        assertTrue(
            victim.results.isEmpty() || (message == 1 && initiator.results.isEmpty()), where);
        // A length that grew makes the victim wait for the rest, which never comes.
        victim.channel.close();
        initiator.channel.close();
        assertNotNull(victim.reason(), where);
        initiator.assertNoBuffersLeft();
        responder.assertNoBuffersLeft();
      }
    }
  }

  @Test
  void closesWhenTheHandshakeIsCutOffAnywhere() {
    byte[] first = dialler.written();
    for (int length = 0; length < first.length; length++) {
      NoisePipeline responder = new NoisePipeline(security(LISTENER).responder());
      responder.read(Arrays.copyOf(first, length));
      responder.channel.close();
      assertInstanceOf(PeerUnavailableException.class, responder.reason());
      responder.assertNoBuffersLeft();
    }
  }

  @Test
  void refusesAReplayedDialler() {
    byte[] first = dialler.written();
    listener.read(first);
    dialler.read(listener.written());
    byte[] third = dialler.written();
    NoisePipeline replayed = new NoisePipeline(security(LISTENER, YAMUX).responder());
    replayed.read(first);
    replayed.read(third);
    assertInstanceOf(ProtocolViolationException.class, replayed.reason());
    assertTrue(replayed.results.isEmpty());
    replayed.assertNoBuffersLeft();
  }

  private void assertEstablished() {
    assertEquals(LISTENER_ID, dialler.results.get(0).remotePeer());
    assertEquals(DIALLER.publicKey(), listener.results.get(0).remoteKey());
    assertNull(dialler.channel.pipeline().get(NoiseHandshakeHandler.class));
    assertNotNull(listener.channel.pipeline().get(NoiseTransportHandler.class));
    byte[] hello = "hello".getBytes(StandardCharsets.US_ASCII);
    dialler.write(hello);
    listener.write(hello);
    pump(dialler, listener, Splitter.byteByByte());
    assertArrayEquals(hello, dialler.received.toByteArray());
    assertArrayEquals(hello, listener.received.toByteArray());
    dialler.assertNoBuffersLeft();
    listener.assertNoBuffersLeft();
  }

  private static byte[] changed(byte[] wire, int at) {
    if (at >= 0) {
      wire[at] ^= 0x40;
    }
    return wire;
  }

  private static void pump(NoisePipeline left, NoisePipeline right, Splitter splitter) {
    new EmbeddedPair(left.channel, right.channel, splitter).pump();
  }
}

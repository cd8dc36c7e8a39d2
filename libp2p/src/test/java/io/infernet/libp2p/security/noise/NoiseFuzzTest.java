package io.infernet.libp2p.security.noise;

import static io.infernet.libp2p.security.noise.TestHandshakes.YAMUX;
import static io.infernet.libp2p.security.noise.TestHandshakes.security;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class NoiseFuzzTest {

  private static final NoiseSecurity HOST = security(TestIdentities.privateKey(1), YAMUX);
  private static final byte[] KEY = new byte[32];

  /** The first byte of the input chooses the side, the second the size of the reads. */
  @MethodSource("handshakes")
  @FuzzTest(maxDuration = "1m")
  void noBytesMakeAHandshake(byte[] input) {
    if (input.length < 2) {
      return;
    }
    NoisePipeline victim =
        new NoisePipeline(
            (input[0] & 1) == 0 ? HOST.responder() : HOST.initiator(TestIdentities.peerId(2)));
    feed(victim, input);
    victim.assertNoBuffersLeft();
    assertTrue(victim.results.isEmpty());
    assertEquals(1, victim.reasons.size());
  }

  /** The first byte of the input chooses what comes before it, the second the size of the reads. */
  @MethodSource("transports")
  @FuzzTest(maxDuration = "1m")
  void noBytesMakeAMessage(byte[] input) {
    if (input.length < 2) {
      return;
    }
    CipherState sending = new CipherState(TestHandshakes.AEADS.create(KEY));
    CipherState receiving = new CipherState(TestHandshakes.AEADS.create(KEY));
    NoisePipeline victim =
        new NoisePipeline(new NoiseTransportHandler(sending, receiving, NoiseConfig.defaults()));
    int sent = input[0] & 0xff;
    victim.write(new byte[sent]);
    victim.read(victim.written());
    assertEquals(sent, victim.received.size());
    feed(victim, input);
    assertEquals(sent, victim.received.size());
    victim.assertNoBuffersLeft();
    assertTrue(victim.reasons.size() <= 1);
    assertTrue(victim.reasons.stream().allMatch(ProtocolViolationException.class::isInstance));
  }

  @MethodSource("payloads")
  @FuzzTest(maxDuration = "1m")
  void payloadsAreReadOrRefused(byte[] input) {
    try {
      new NoisePayloadCodec(8192).decode(ByteBuffer.wrap(input));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> handshakes() throws Exception {
    NoisePipeline dialler = new NoisePipeline(HOST.initiator(TestIdentities.peerId(1)));
    byte[] first = dialler.written();
    NoisePipeline listener = new NoisePipeline(HOST.responder());
    listener.read(first);
    byte[] second = listener.written();
    return Stream.of(
        seed(0, 0xff, first), seed(0, 0, first), seed(1, 0xff, second), seed(1, 0xff, first));
  }

  static Stream<byte[]> transports() {
    return Stream.of(
        seed(0, 0xff, new byte[18]),
        seed(9, 0xff, new byte[] {0, 15}),
        seed(9, 0, new byte[] {0, 20, 1}),
        seed(200, 16, new byte[] {(byte) 0xff, (byte) 0xff, 1, 2, 3}));
  }

  static Stream<byte[]> payloads() {
    return Stream.of(
        new NoisePayloadCodec(8192)
            .encode(
                new NoisePayload(
                    TestIdentities.publicKey(1), new byte[8], List.of("/a", "/yamux/1.0.0")))
            .array());
  }

  private static byte[] seed(int first, int second, byte[] wire) {
    byte[] input = new byte[2 + wire.length];
    input[0] = (byte) first;
    input[1] = (byte) second;
    System.arraycopy(wire, 0, input, 2, wire.length);
    return input;
  }

  private static void feed(NoisePipeline victim, byte[] input) {
    int chunk = 1 + (input[1] & 0xff);
    for (int at = 2; at < input.length && victim.channel.isOpen(); at += chunk) {
      victim.read(Arrays.copyOfRange(input, at, Math.min(at + chunk, input.length)));
    }
  }
}

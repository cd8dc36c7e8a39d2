package io.infernet.libp2p.multistream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multistream.MultistreamNegotiation.State;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class MultistreamFuzzTest {

  private static final MultistreamConfig CONFIG = MultistreamConfig.defaults();
  private static final List<ProtocolId> PROTOCOLS =
      List.of(ProtocolId.of("/a"), ProtocolId.of("/noise"));

  /** The first byte of the input chooses the side, the second the size of the reads. */
  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void endsInOneOfTheKnownWays(byte[] input) {
    if (input.length < 2) {
      return;
    }
    MultistreamNegotiation negotiation =
        (input[0] & 1) == 0
            ? MultistreamNegotiation.initiator(CONFIG, PROTOCOLS)
            : MultistreamNegotiation.responder(CONFIG, PROTOCOLS::contains);
    int chunk = 1 + (input[1] & 0xff);
    int sent = negotiation.start().length;
    try {
      for (int at = 2; at < input.length && negotiation.state() == State.NEGOTIATING; ) {
        ByteBuffer in = ByteBuffer.wrap(input, at, Math.min(chunk, input.length - at));
        sent += negotiation.receive(in).length;
        assertTrue(negotiation.state() != State.NEGOTIATING || !in.hasRemaining());
        at = in.position();
      }
      if (negotiation.state() == State.AGREED) {
        assertTrue(PROTOCOLS.contains(negotiation.protocol()));
      }
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
    // The header, refusals of four bytes each, and the echo.
    assertTrue(sent <= 20 + 4 * CONFIG.maxProposals() + 8);
  }

  static Stream<byte[]> seeds() {
    String header = "\u0013/multistream/1.0.0\n";
    return Stream.of(
            "\0\u00ff" + header + "\3/a\n",
            "\0\u0001" + header + "\3na\n\u0007/noise\nrest",
            "\0\u0002" + header + "\3na\n\3na\n",
            "\1\u00ff" + header + "\u0007/noise\nrest",
            "\1\u0000" + header + "\3ls\n\3/b\n\3/a\n",
            "\1\u00ff" + header + "\3/b\n".repeat(40),
            "\1\u00ff\u0080\u0008",
            "\1\u00ffGET / HTTP/1.1\r\n\r\n")
        .map(seed -> seed.getBytes(ISO_8859_1));
  }
}

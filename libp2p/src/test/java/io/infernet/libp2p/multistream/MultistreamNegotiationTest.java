package io.infernet.libp2p.multistream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multistream.MultistreamNegotiation.State;
import io.infernet.libp2p.testing.Property;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MultistreamNegotiationTest {

  private static final MultistreamConfig CONFIG = MultistreamConfig.defaults();
  private static final ProtocolId NOISE = ProtocolId.of("/noise");
  private static final ProtocolId TLS = ProtocolId.of("/tls/1.0.0");

  /** The header as it travels: 18 characters and the newline make 0x13 bytes. */
  private static final String HEADER = "\u0013/multistream/1.0.0\n";

  private final MultistreamNegotiation responder =
      MultistreamNegotiation.responder(CONFIG, NOISE::equals);

  @Test
  void initiatorSendsHeaderAndFirstProposalAtOnce() throws Exception {
    MultistreamNegotiation initiator = MultistreamNegotiation.initiator(CONFIG, List.of(NOISE));
    assertEquals(HEADER + "\u0007/noise\n", text(initiator.start()));
    assertEquals("", receive(initiator, HEADER));
    assertEquals(State.NEGOTIATING, initiator.state());
    assertThrows(IllegalStateException.class, initiator::protocol);
    assertEquals("", receive(initiator, "\u0007/noise\n"));
    assertEquals(State.AGREED, initiator.state());
    assertEquals(NOISE, initiator.protocol());
  }

  @Test
  void responderAnswersHeaderAndProposalAtOnce() throws Exception {
    assertEquals("", text(responder.start()));
    assertEquals(HEADER + "\u0007/noise\n", receive(responder, HEADER + "\u0007/noise\n"));
    assertEquals(NOISE, responder.protocol());
  }

  @Test
  void responderAnswersTheHeaderToAnInitiatorThatWaitsForIt() throws Exception {
    assertEquals(HEADER, receive(responder, HEADER));
    assertEquals("\u0007/noise\n", receive(responder, "\u0007/noise\n"));
  }

  /** The bytes of the specification: na is 03 6e 61 0a. */
  @Test
  void refusesWhatIsNotSpokenAndGoesOn() throws Exception {
    receive(responder, HEADER);
    assertEquals("\3na\n", receive(responder, "\u000b/tls/1.0.0\n"));
    assertEquals(State.NEGOTIATING, responder.state());
    receive(responder, "\u0007/noise\n");
    assertEquals(State.AGREED, responder.state());
  }

  @Test
  void initiatorProposesTheNextAfterARefusal() throws Exception {
    MultistreamNegotiation initiator =
        MultistreamNegotiation.initiator(CONFIG, List.of(TLS, NOISE));
    assertEquals("\u0007/noise\n", receive(initiator, HEADER + "\3na\n"));
    receive(initiator, "\u0007/noise\n");
    assertEquals(NOISE, initiator.protocol());
  }

  @Test
  void initiatorEndsRefusedWhenItsListIsUsedUp() throws Exception {
    MultistreamNegotiation initiator =
        MultistreamNegotiation.initiator(CONFIG, List.of(TLS, NOISE));
    receive(initiator, HEADER + "\3na\n\3na\n");
    assertEquals(State.REFUSED, initiator.state());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\3ls\n", "\1\n", "\6noise\n", "\u0005/a\nb\n"})
  void refusesListingAndNamesThatAreNone(String proposal) throws Exception {
    receive(responder, HEADER);
    assertEquals("\3na\n", receive(responder, proposal));
  }

  @Test
  void leavesWhatFollowsTheNegotiation() throws Exception {
    ByteBuffer in = bytes(HEADER + "\u0007/noise\n\u0000\u0001rest");
    responder.receive(in);
    assertEquals("\u0000\u0001rest", ISO_8859_1.decode(in).toString());
    assertThrows(IllegalStateException.class, () -> receive(responder, "more"));
  }

  @Test
  void longNamesTakeATwoByteLength() throws Exception {
    ProtocolId longest = ProtocolId.of("/" + "x".repeat(ProtocolId.MAX_LENGTH - 1));
    MultistreamNegotiation initiator = MultistreamNegotiation.initiator(CONFIG, List.of(longest));
    MultistreamNegotiation other = MultistreamNegotiation.responder(CONFIG, longest::equals);
    initiator.receive(ByteBuffer.wrap(other.receive(ByteBuffer.wrap(initiator.start()))));
    assertEquals(longest, initiator.protocol());
    assertEquals(longest, other.protocol());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0013/multistream/2.0.0\n", // another version
        "\u0007/noise\n", // no header
        "GET / HTTP/1.1\r\n", // another protocol: 'G' is a length of 71
        "\u0013/multistream/1.0.0 ", // no newline
        "\0", // empty message
        "\u0081\u0008", // 1025 bytes
        "\u0093\u0000", // a length that is not minimal
        "\u0080\u0080\u0001", // a length of three bytes
        "\u0003\u00ff\u00fe\n", // not UTF-8
      })
  void rejectsWhatIsNoHeader(String start) {
    String padded = start.length() > 3 ? start + " ".repeat(80) : start;
    assertThrows(ProtocolViolationException.class, () -> receive(responder, padded));
  }

  @Test
  void initiatorRejectsAnAnswerToAnotherQuestion() throws Exception {
    MultistreamNegotiation initiator = MultistreamNegotiation.initiator(CONFIG, List.of(NOISE));
    ProtocolViolationException violation =
        assertThrows(
            ProtocolViolationException.class,
            () -> receive(initiator, HEADER + "\u000b/tls/1.0.0\n"));
    assertEquals("proposed /noise, got \"/tls/1.0.0\"", violation.getMessage());
  }

  @Test
  void responderGivesUpOnAFloodOfProposals() throws Exception {
    receive(responder, HEADER);
    for (int i = 1; i < CONFIG.maxProposals(); i++) {
      assertEquals("\3na\n", receive(responder, "\u000b/tls/1.0.0\n"));
    }
    assertThrows(ProtocolViolationException.class, () -> receive(responder, "\u000b/tls/1.0.0\n"));
  }

  @Test
  void reasonsHoldNoControlCharactersAndStayShort() {
    String name = "\u001b[2J" + "x".repeat(200);
    String message = "\u00cd\u0001" + name + "\n";
    ProtocolViolationException violation =
        assertThrows(ProtocolViolationException.class, () -> receive(responder, message));
    assertTrue(violation.getMessage().length() < 150, violation::getMessage);
    assertTrue(violation.getMessage().contains("\"?[2Jxxx"), violation::getMessage);
  }

  @Test
  void agreesHoweverTheBytesAreCut() throws Exception {
    Property.forAll(
        200,
        random -> {
          List<ProtocolId> proposals = random.nextBoolean() ? List.of(TLS, NOISE) : List.of(NOISE);
          MultistreamNegotiation initiator = MultistreamNegotiation.initiator(CONFIG, proposals);
          MultistreamNegotiation other = MultistreamNegotiation.responder(CONFIG, NOISE::equals);
          byte[] toResponder = initiator.start();
          while (toResponder.length > 0) {
            toResponder = feed(initiator, feed(other, toResponder, random), random);
          }
          assertEquals(NOISE, initiator.protocol());
          assertEquals(NOISE, other.protocol());
        });
  }

  @Test
  void nothingButViolationsComesOfGarbage() {
    Property.forAll(
        500,
        random -> {
          byte[] valid = bytes(HEADER + "\u000b/tls/1.0.0\n\3ls\n").array();
          byte[] changed = Property.mutate(random, valid);
          MultistreamNegotiation other = MultistreamNegotiation.responder(CONFIG, NOISE::equals);
          try {
            other.receive(ByteBuffer.wrap(changed));
          } catch (ProtocolViolationException e) {
            assertTrue(e.getMessage().length() < 150, e::getMessage);
          }
          assertEquals(State.NEGOTIATING, other.state());
        });
  }

  @Test
  void rejectsAnEmptyListOfProposals() {
    assertThrows(
        IllegalArgumentException.class, () -> MultistreamNegotiation.initiator(CONFIG, List.of()));
  }

  private static byte[] feed(MultistreamNegotiation to, byte[] data, RandomGenerator random)
      throws ProtocolViolationException {
    byte[] answer = {};
    for (int at = 0; at < data.length; ) {
      int end = at + 1 + random.nextInt(Math.min(8, data.length - at));
      byte[] more = to.receive(ByteBuffer.wrap(data, at, end - at));
      int length = answer.length;
      answer = Arrays.copyOf(answer, length + more.length);
      System.arraycopy(more, 0, answer, length, more.length);
      at = end;
    }
    return answer;
  }

  private static String receive(MultistreamNegotiation negotiation, String wire)
      throws ProtocolViolationException {
    return text(negotiation.receive(bytes(wire)));
  }

  /** One byte a character, so that lengths can be written as characters. */
  private static ByteBuffer bytes(String wire) {
    return ByteBuffer.wrap(wire.getBytes(ISO_8859_1));
  }

  private static String text(byte[] wire) {
    return new String(wire, ISO_8859_1);
  }

  @Test
  void namesTravelAsUtf8() {
    MultistreamNegotiation initiator =
        MultistreamNegotiation.initiator(CONFIG, List.of(ProtocolId.of("/é")));
    byte[] sent = initiator.start();
    assertArrayEquals("\4/é\n".getBytes(UTF_8), Arrays.copyOfRange(sent, 20, sent.length));
  }
}

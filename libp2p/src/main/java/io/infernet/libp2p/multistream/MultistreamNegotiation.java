package io.infernet.libp2p.multistream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One negotiation by multistream-select 1.0, without I/O: the owner carries bytes in and out.
 *
 * <p>The initiator proposes its protocols in order until the responder echoes one; the header and
 * the first proposal leave in one write, and nothing is sent past a proposal before its answer. The
 * responder refuses {@code ls} as it does any name it does not know.
 *
 * <p>Not thread-safe; used once.
 *
 * @see <a href="https://github.com/multiformats/multistream-select">multistream-select</a>
 * @see <a
 *     href="https://github.com/libp2p/specs/blob/master/connections/README.md#multistream-select">its
 *     use in libp2p</a>
 */
public final class MultistreamNegotiation {

  /** How far a negotiation is. */
  public enum State {
    /** Bytes are missing. */
    NEGOTIATING,
    /** Both sides agreed on {@link #protocol}. */
    AGREED,
    /** The responder speaks none of the initiator's protocols; only the initiator sees this. */
    REFUSED
  }

  static final String HEADER = "/multistream/1.0.0";
  private static final String NOT_AVAILABLE = "na";

  private final MultistreamConfig config;

  /** What the initiator proposes in turn; empty on the responder. */
  private final List<ProtocolId> proposals;

  /** What the responder speaks; null on the initiator. */
  private final @Nullable Predicate<ProtocolId> supported;

  private State state = State.NEGOTIATING;
  private @Nullable ProtocolId protocol;
  private boolean headerReceived;

  /** How many proposals were refused; on the initiator also the index of the open one. */
  private int refused;

  /** The first byte of a length that takes two, its high bit cleared; -1 when there is none. */
  private int lengthLowBits = -1;

  /** The message being received; null while its length is not known. */
  private byte @Nullable [] message;

  private int received;

  private MultistreamNegotiation(
      MultistreamConfig config,
      List<ProtocolId> proposals,
      @Nullable Predicate<ProtocolId> supported) {
    this.config = requireNonNull(config, "config is null");
    this.proposals = proposals;
    this.supported = supported;
  }

  /**
   * The side that opened the connection or stream.
   *
   * @param proposals what it can speak, most wanted first; at least one
   */
  public static MultistreamNegotiation initiator(
      MultistreamConfig config, List<ProtocolId> proposals) {
    if (proposals.isEmpty()) {
      throw new IllegalArgumentException("proposals is empty");
    }
    return new MultistreamNegotiation(config, List.copyOf(proposals), null);
  }

  /**
   * The side that accepted the connection or stream.
   *
   * @param supported whether this side speaks a protocol
   */
  public static MultistreamNegotiation responder(
      MultistreamConfig config, Predicate<ProtocolId> supported) {
    return new MultistreamNegotiation(
        config, List.of(), requireNonNull(supported, "supported is null"));
  }

  /** The bytes to send before any arrive; none on the responder. */
  public byte[] start() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (supported == null) {
      write(HEADER, out);
      write(proposals.get(0).value(), out);
    }
    return out.toByteArray();
  }

  /**
   * Takes what arrived. Stops at the end of the negotiation: what follows in {@code in} belongs to
   * the agreed protocol and stays there.
   *
   * @param in read from its position on
   * @return bytes to send, perhaps none
   * @throws ProtocolViolationException when the remote broke the protocol; nothing of this object
   *     is of use any more
   * @throws IllegalStateException when the negotiation is over
   */
  public byte[] receive(ByteBuffer in) throws ProtocolViolationException {
    if (state != State.NEGOTIATING) {
      throw new IllegalStateException("the negotiation is over: " + state);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (state == State.NEGOTIATING && in.hasRemaining()) {
      if (message == null) {
        receiveLength(in.get());
        continue;
      }
      int length = Math.min(in.remaining(), message.length - received);
      in.get(message, received, length);
      received += length;
      if (received == message.length) {
        String text = decode(message);
        message = null;
        received = 0;
        onMessage(text, out);
      }
    }
    return out.toByteArray();
  }

  public State state() {
    return state;
  }

  /**
   * The agreed protocol.
   *
   * @throws IllegalStateException unless the state is {@link State#AGREED}
   */
  public ProtocolId protocol() {
    if (protocol == null) {
      throw new IllegalStateException("no protocol agreed: " + state);
    }
    return protocol;
  }

  /** What this side proposes, most wanted first; empty on the responder. */
  public List<ProtocolId> proposals() {
    return proposals;
  }

  private void receiveLength(byte next) throws ProtocolViolationException {
    int length;
    if (lengthLowBits >= 0) {
      // A third byte, or a second that adds nothing (unsigned varints are minimal).
      if (next <= 0) {
        throw new ProtocolViolationException("malformed multistream message length");
      }
      length = (next << 7) | lengthLowBits;
      lengthLowBits = -1;
    } else if (next < 0) {
      lengthLowBits = next & 0x7f;
      return;
    } else {
      length = next;
    }
    if (length == 0 || length > config.maxMessageBytes()) {
      throw new ProtocolViolationException(
          "multistream message of %d bytes, allowed are 1 to %d"
              .formatted(length, config.maxMessageBytes()));
    }
    message = new byte[length];
  }

  private static String decode(byte[] message) throws ProtocolViolationException {
    if (message[message.length - 1] != '\n') {
      throw new ProtocolViolationException("multistream message without newline");
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(message, 0, message.length - 1)).toString();
    } catch (CharacterCodingException e) {
      throw new ProtocolViolationException("multistream message is not UTF-8", e);
    }
  }

  private void onMessage(String text, ByteArrayOutputStream out) throws ProtocolViolationException {
    if (!headerReceived) {
      if (!text.equals(HEADER)) {
        throw new ProtocolViolationException(
            "expected %s, got %s".formatted(HEADER, printable(text)));
      }
      headerReceived = true;
      if (supported != null) {
        write(HEADER, out);
      }
    } else if (supported != null) {
      onProposal(text, supported, out);
    } else {
      onAnswer(text, out);
    }
  }

  private void onProposal(String text, Predicate<ProtocolId> supported, ByteArrayOutputStream out)
      throws ProtocolViolationException {
    if (ProtocolId.isValid(text) && supported.test(ProtocolId.of(text))) {
      protocol = ProtocolId.of(text);
      state = State.AGREED;
      write(text, out);
      return;
    }
    if (++refused == config.maxProposals()) {
      throw new ProtocolViolationException(
          "%d protocols proposed and none is spoken here, the last %s"
              .formatted(refused, printable(text)));
    }
    write(NOT_AVAILABLE, out);
  }

  private void onAnswer(String text, ByteArrayOutputStream out) throws ProtocolViolationException {
    ProtocolId proposed = proposals.get(refused);
    if (text.equals(proposed.value())) {
      protocol = proposed;
      state = State.AGREED;
    } else if (!text.equals(NOT_AVAILABLE)) {
      throw new ProtocolViolationException(
          "proposed %s, got %s".formatted(proposed, printable(text)));
    } else if (++refused == proposals.size()) {
      state = State.REFUSED;
    } else {
      write(proposals.get(refused).value(), out);
    }
  }

  private static void write(String text, ByteArrayOutputStream out) {
    byte[] bytes = text.getBytes(UTF_8);
    int length = bytes.length + 1;
    if (length >= 0x80) {
      out.write((length & 0x7f) | 0x80);
      out.write(length >>> 7);
    } else {
      out.write(length);
    }
    out.writeBytes(bytes);
    out.write('\n');
  }

  /** A remote's words made fit for a log line. */
  private static String printable(String text) {
    String start = text.length() > 80 ? text.substring(0, 80) + "…" : text;
    return "\"" + start.replaceAll("\\p{C}", "?") + "\"";
  }
}

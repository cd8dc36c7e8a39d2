package io.infernet.libp2p.muxer.yamux;

import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.ACK;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.DATA;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.FIN;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.GO_AWAY;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.PING;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.RST;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.SYN;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.WINDOW_UPDATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.RecordingListener;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every breach of the rules ends the connection with a reason and a GoAway for the remote. */
class YamuxViolationTest {

  private static final int WINDOW = YamuxConfig.INITIAL_WINDOW;

  private final ScriptedRemote remote = ScriptedRemote.started(true);

  @AfterEach
  void leavesNothingBehind() {
    remote.end();
  }

  static Stream<Named<Consumer<ScriptedRemote>>> violations() {
    return Stream.of(
        violation("version", r -> r.sendHex("01 00 0000 00000001 00000000")),
        violation("type", r -> r.sendHex("00 04 0000 00000001 00000000")),
        violation("flag of data", r -> r.send(DATA, 16, 1, 0)),
        violation("flag of a window update", r -> r.send(WINDOW_UPDATE, 0x8000, 1, 0)),
        violation("data for the session", r -> r.send(DATA, 0, 0, 0)),
        violation("window of the session", r -> r.send(WINDOW_UPDATE, 0, 0, 1)),
        violation("ping on a stream", r -> r.send(PING, SYN, 1, 0)),
        violation("ping without flag", r -> r.send(PING, 0, 0, 0)),
        violation("ping with both flags", r -> r.send(PING, SYN | ACK, 0, 0)),
        violation("pong nobody asked for", r -> r.send(PING, ACK, 0, 1)),
        violation("goodbye on a stream", r -> r.send(GO_AWAY, 0, 1, 0)),
        violation("goodbye with a flag", r -> r.send(GO_AWAY, SYN, 0, 0)),
        violation("opens with an id of ours", r -> r.send(WINDOW_UPDATE, SYN, 3, 0)),
        violation("opens our open stream", r -> r.send(WINDOW_UPDATE, SYN, 1, 0)),
        violation("opens twice", r -> r.send(WINDOW_UPDATE, SYN, 2, 0)),
        violation(
            "opens again after the end",
            r -> {
              r.send(WINDOW_UPDATE, RST, 2, 0);
              r.send(WINDOW_UPDATE, SYN, 2, 0);
            }),
        violation(
            "opens again after a refusal",
            r -> {
              r.send(WINDOW_UPDATE, SYN | RST, 4, 0);
              r.send(WINDOW_UPDATE, SYN, 4, 0);
            }),
        violation(
            "goes far back in its ids",
            r -> {
              r.send(WINDOW_UPDATE, SYN, 10_000, 0);
              r.send(WINDOW_UPDATE, SYN, 4, 0);
            }),
        violation("opens and acknowledges", r -> r.send(WINDOW_UPDATE, SYN | ACK, 4, 0)),
        violation("acknowledges its own stream", r -> r.send(WINDOW_UPDATE, ACK, 2, 0)),
        violation("acknowledges a stream never opened", r -> r.send(WINDOW_UPDATE, ACK, 5, 0)),
        violation("resets a stream never opened", r -> r.send(WINDOW_UPDATE, RST, 5, 0)),
        violation("data for a stream never opened", r -> r.sendData(0, 5, 1)),
        violation("data for a stream of its own that is not open", r -> r.sendData(0, 4, 1)),
        violation("more than the window at once", r -> r.send(DATA, 0, 2, WINDOW + 1)),
        violation("a length of 32 bits", r -> r.send(DATA, 0, 2, 0xFFFF_FFFFL)),
        violation(
            "more than the window with the first frame", r -> r.send(DATA, SYN, 4, WINDOW + 1)),
        violation(
            "more than the window in all",
            r -> {
              r.sendData(0, 2, WINDOW);
              r.sendData(0, 2, 1);
            }),
        violation(
            "data after the end",
            r -> {
              r.send(WINDOW_UPDATE, FIN, 2, 0);
              r.sendData(0, 2, 1);
            }),
        violation(
            "data after both ends",
            r -> {
              r.send(WINDOW_UPDATE, FIN, 2, 0);
              r.accepted.get(0).closeWrite();
              r.sendData(0, 2, 1);
            }),
        violation(
            "data after its own reset",
            r -> {
              r.send(WINDOW_UPDATE, RST, 2, 0);
              r.sendData(0, 2, 1);
            }),
        violation(
            "more late data than it had credit for",
            r -> {
              r.sendData(0, 2, 1000);
              r.accepted.get(0).reset();
              r.sendData(0, 2, WINDOW - 1000);
              r.sendData(0, 2, 1);
            }),
        violation("a window of more than 32 bits", r -> r.send(WINDOW_UPDATE, 0, 1, 0xFFFF_FFFFL)),
        violation(
            "too many pings",
            r -> {
              for (int i = 0; i <= YamuxConfig.defaults().maxPingsPerSecond(); i++) {
                r.send(PING, SYN, 0, i);
              }
            }));
  }

  private static Named<Consumer<ScriptedRemote>> violation(
      String name, Consumer<ScriptedRemote> act) {
    return Named.of(name, act);
  }

  /** One stream of each side is open: 1, which is ours, and 2. */
  @ParameterizedTest
  @MethodSource("violations")
  void endsTheConnection(Consumer<ScriptedRemote> violation) {
    MuxedStream stream = remote.session.openStream().join();
    RecordingListener listener = new RecordingListener();
    stream.listen(listener);
    remote.send(WINDOW_UPDATE, SYN, 2, 0);
    assertNull(remote.closeCause());

    violation.accept(remote);

    Throwable cause = assertInstanceOf(ProtocolViolationException.class, remote.closeCause());
    assertSame(cause, remote.session.closed().join());
    List<String> sent = remote.sent();
    assertEquals("goaway 0 1", sent.get(sent.size() - 1));
    assertEquals(List.of("reset"), listener.events());
    assertInstanceOf(PeerUnavailableException.class, listener.resetCause());
    assertSame(cause, listener.resetCause().getCause());
    assertTrue(remote.session.openStream().isCompletedExceptionally());
    assertEquals(0, remote.memoryInUse());
  }

  @Test
  void hearsNothingMoreAfterIt() {
    remote.send(PING, 0, 0, 0);
    remote.sent();
    remote.send(WINDOW_UPDATE, SYN, 2, 0);
    remote.send(PING, SYN, 0, 1);
    remote.time.advance(Duration.ofMinutes(5));
    assertEquals(List.of(), remote.sent());
    assertTrue(remote.accepted.isEmpty());
  }

  @Test
  void sparesARemoteThatPingsAtAModerateRate() {
    int perSecond = YamuxConfig.defaults().maxPingsPerSecond();
    for (int second = 0; second < 3; second++) {
      for (int i = 0; i < perSecond; i++) {
        remote.send(PING, SYN, 0, i);
      }
      remote.time.advance(Duration.ofSeconds(1));
    }
    assertNull(remote.closeCause());
  }
}

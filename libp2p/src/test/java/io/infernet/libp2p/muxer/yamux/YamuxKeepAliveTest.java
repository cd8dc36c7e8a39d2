package io.infernet.libp2p.muxer.yamux;

import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.ACK;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.PING;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.SYN;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.WINDOW_UPDATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class YamuxKeepAliveTest {

  private static final Duration INTERVAL = YamuxConfig.defaults().keepAliveInterval();
  private static final Duration TIMEOUT = YamuxConfig.defaults().keepAliveTimeout();
  private static final Duration A_MOMENT = Duration.ofMillis(1);

  private final ScriptedRemote remote = new ScriptedRemote(YamuxConfig.defaults(), true);
  private final YamuxSession session = remote.session;

  @AfterEach
  void leavesNothingBehind() {
    remote.end();
  }

  @Test
  void pingsAtOnceAndAgainAnIntervalAfterEachPong() {
    session.start();
    assertEquals(List.of("ping+syn 0 1"), remote.sent());
    remote.time.advance(Duration.ofSeconds(1));
    remote.send(PING, ACK, 0, 1);
    for (int ping = 2; ping < 10; ping++) {
      remote.time.advance(INTERVAL.minus(A_MOMENT));
      assertEquals(List.of(), remote.sent());
      remote.time.advance(A_MOMENT);
      assertEquals(List.of("ping+syn 0 " + ping), remote.sent());
      remote.send(PING, ACK, 0, ping);
    }
  }

  @Test
  void measuresTheRoundTripAndSmoothsIt() {
    session.start();
    assertEquals(Optional.empty(), session.roundTripTime());
    remote.time.advance(Duration.ofMillis(80));
    remote.send(PING, ACK, 0, 1);
    assertEquals(Optional.of(Duration.ofMillis(80)), session.roundTripTime());

    remote.time.advance(INTERVAL);
    remote.time.advance(Duration.ofMillis(160));
    remote.send(PING, ACK, 0, 2);
    assertEquals(Optional.of(Duration.ofMillis(90)), session.roundTripTime());
  }

  @Test
  void closesTheConnectionOfARemoteThatIsGone() {
    session.start();
    remote.time.advance(TIMEOUT.minus(A_MOMENT));
    assertNull(remote.closeCause());
    remote.time.advance(A_MOMENT);
    Throwable cause = assertInstanceOf(PeerUnavailableException.class, remote.closeCause());
    assertTrue(cause.getMessage().contains("no sign of life for 20 s"), cause.getMessage());
    assertTrue(session.closed().isDone());
  }

  @Test
  void closesTheConnectionOfARemoteThatGoesSilentLater() {
    session.start();
    remote.send(PING, ACK, 0, 1);
    remote.time.advance(INTERVAL.plus(TIMEOUT));
    assertInstanceOf(PeerUnavailableException.class, remote.closeCause());
  }

  @Test
  void waitsForALatePongWhileOtherBytesArrive() {
    session.start();
    for (int i = 0; i < 5; i++) {
      remote.time.advance(TIMEOUT.minus(A_MOMENT));
      remote.send(WINDOW_UPDATE, SYN, 2 + 2 * i, 0);
    }
    assertNull(remote.closeCause());
    remote.send(PING, ACK, 0, 1);
    remote.time.advance(INTERVAL);
    assertEquals(List.of("ping+syn 0 1", "ping+syn 0 2"), remote.sent());
    remote.time.advance(TIMEOUT);
    assertInstanceOf(PeerUnavailableException.class, remote.closeCause());
  }

  @Test
  void answersPingsWithTheirValue() {
    session.start();
    remote.sent();
    remote.send(PING, SYN, 0, 0);
    remote.send(PING, SYN, 0, 0xFFFF_FFFFL);
    assertEquals(List.of("ping+ack 0 0", "ping+ack 0 4294967295"), remote.sent());
  }

  @Test
  void stopsItsTimersWhenItEnds() {
    session.start();
    remote.send(PING, ACK, 0, 1);
    session.close(new PeerUnavailableException("done"));
    remote.time.advance(INTERVAL.multipliedBy(3));
    assertEquals(List.of("ping+syn 0 1", "goaway 0 0"), remote.sent());
    assertEquals(0, remote.time.pendingTasks());
  }
}

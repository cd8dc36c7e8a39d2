package io.infernet.libp2p.muxer.yamux;

import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.ACK;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.DATA;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.FIN;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.PING;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.SYN;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.WINDOW_UPDATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.muxer.ByteBudget;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.RecordingListener;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class YamuxFlowControlTest {

  private static final int KIB = 1024;
  private static final int WINDOW = YamuxConfig.INITIAL_WINDOW;
  private static final Duration ROUND_TRIP = Duration.ofMillis(10);
  private static final Duration LONG = ROUND_TRIP.multipliedBy(10);

  private ScriptedRemote remote = new ScriptedRemote(YamuxConfig.defaults(), true);

  private void start(YamuxConfig config) {
    remote = new ScriptedRemote(config, true);
    remote.session.start();
    remote.time.advance(ROUND_TRIP);
    remote.sent();
    remote.send(PING, ACK, 0, 1);
  }

  @AfterEach
  void leavesNothingBehind() {
    remote.end();
  }

  @Test
  void returnsCreditWhenHalfOfTheWindowWasRead() {
    start(YamuxConfig.defaults());
    RecordingListener listener = openListening(2);
    remote.time.advance(LONG);
    remote.sendData(0, 2, WINDOW / 2 - 1);
    assertEquals(List.of(), remote.sent());
    remote.sendData(0, 2, 1);
    assertEquals(List.of("window+ack 2 " + WINDOW / 2), remote.sent());
    assertEquals(WINDOW / 2, listener.length());
  }

  @Test
  void returnsNoCreditForWhatWasNotRead() {
    start(YamuxConfig.defaults());
    openListening(2);
    MuxedStream stream = remote.accepted.get(0);
    stream.pauseReading();
    remote.sendData(0, 2, WINDOW);
    remote.time.advance(LONG);
    assertEquals(List.of(), remote.sent());

    stream.resumeReading();
    assertEquals(
        WINDOW, remote.sent().stream().mapToLong(f -> Long.parseLong(f.split(" ", 3)[2])).sum());
  }

  @Test
  void returnsCreditInTheMiddleOfALargeFrame() {
    start(YamuxConfig.defaults());
    openListening(2);
    remote.time.advance(LONG);
    remote.send(DATA, 0, 2, WINDOW);
    remote.sendRaw(WINDOW / 2);
    assertEquals(List.of("window+ack 2 " + WINDOW / 2), remote.sent());
    remote.time.advance(LONG);
    remote.sendRaw(WINDOW / 2);
    assertEquals(List.of("window 2 " + WINDOW / 2), remote.sent());
  }

  @Test
  void returnsNoCreditAfterTheEndOfTheData() {
    start(YamuxConfig.defaults());
    openListening(2);
    remote.accepted.get(0).pauseReading();
    remote.sendData(FIN, 2, WINDOW);
    remote.accepted.get(0).resumeReading();
    assertEquals(List.of(), remote.sent());
  }

  @Test
  void doublesAWindowThatTheRemoteUsesUpWithinARoundTrip() {
    start(YamuxConfig.defaults());
    openListening(2);
    remote.time.advance(LONG);
    // The first grant comes late, the ones after it quickly.
    remote.sendData(0, 2, WINDOW / 2);
    assertEquals(List.of("window+ack 2 " + 128 * KIB), remote.sent());
    long window = WINDOW;
    while (window < 16 << 20) {
      remote.sendData(0, 2, (int) window / 2);
      assertEquals(List.of("window 2 " + (window / 2 + window)), remote.sent());
      window *= 2;
    }
    remote.sendData(0, 2, (int) window / 2);
    assertEquals(List.of("window 2 " + window / 2), remote.sent());
  }

  @Test
  void keepsTheWindowOfASlowReader() {
    start(YamuxConfig.defaults());
    openListening(2);
    for (int i = 0; i < 10; i++) {
      remote.time.advance(ROUND_TRIP.multipliedBy(4).plusNanos(1));
      remote.sendData(0, 2, WINDOW / 2);
      assertTrue(remote.sent().get(0).endsWith(" 2 " + WINDOW / 2));
    }
  }

  @Test
  void keepsTheWindowWhileTheRoundTripIsUnknown() {
    remote.session.start();
    remote.sent();
    openListening(2);
    remote.sendData(0, 2, WINDOW / 2);
    remote.sendData(0, 2, WINDOW / 2);
    assertEquals(List.of("window+ack 2 131072", "window 2 131072"), remote.sent());
  }

  @Test
  void boundsTheGrowthOfAllWindowsTogether() {
    start(YamuxConfigBuilder.with(c -> c.maxWindowGrowth = 3 * WINDOW));
    openListening(2);
    openListening(4);
    remote.sendData(0, 2, WINDOW / 2);
    remote.sendData(0, 2, WINDOW);
    assertEquals(List.of("window+ack 2 " + 384 * KIB, "window 2 " + 768 * KIB), remote.sent());
    // The first stream has it all.
    remote.sendData(0, 4, WINDOW / 2);
    assertEquals(List.of("window+ack 4 " + 128 * KIB), remote.sent());

    remote.accepted.get(0).reset();
    remote.sendData(0, 4, WINDOW / 2);
    assertEquals(List.of("window+rst 2 0", "window 4 " + 384 * KIB), remote.sent());
  }

  @Test
  void resetsTheStreamWhoseDataWouldBeTooMuchToHold() {
    start(
        YamuxConfigBuilder.with(
            c -> {
              c.maxStreamWindow = WINDOW;
              c.maxBufferedBytes = WINDOW + WINDOW / 2;
            }));
    for (int id : new int[] {2, 4, 6}) {
      openListening(id);
      remote.accepted.get(id / 2 - 1).pauseReading();
    }
    remote.sendData(0, 2, WINDOW);
    remote.sendData(0, 4, WINDOW / 2);
    assertEquals(List.of(), remote.sent());
    remote.sendData(0, 6, 1);
    assertEquals(List.of("window+rst 6 0"), remote.sent());

    RecordingListener first = new RecordingListener();
    remote.accepted.get(0).listen(first);
    remote.accepted.get(0).resumeReading();
    assertEquals(WINDOW, first.length());
    remote.sendData(0, 4, WINDOW / 2);
    assertNull(remote.closeCause());
    assertEquals(2, remote.session.streamCount());
  }

  @Test
  void tellsTheListenerWhyItsStreamWasReset() {
    start(
        YamuxConfigBuilder.with(
            c -> {
              c.maxStreamWindow = WINDOW;
              c.maxBufferedBytes = WINDOW;
            }));
    openListening(2);
    RecordingListener second = openListening(4);
    remote.accepted.forEach(MuxedStream::pauseReading);
    remote.sendData(0, 2, WINDOW);
    remote.sendData(0, 4, 1);
    assertEquals(List.of("reset"), second.events());
    assertInstanceOf(PeerUnavailableException.class, second.resetCause());
    assertTrue(second.resetCause().getMessage().contains("too many bytes"));
  }

  @Test
  void sharesABudgetWithTheOtherSessionsOfTheHost() {
    ByteBudget budget = new ByteBudget(WINDOW);
    ScriptedRemote one = new ScriptedRemote(YamuxConfig.defaults(), budget, true);
    ScriptedRemote other = new ScriptedRemote(YamuxConfig.defaults(), budget, true);
    for (ScriptedRemote each : List.of(one, other)) {
      each.session.start();
      each.send(PING, ACK, 0, 1);
      each.send(WINDOW_UPDATE, SYN, 2, 0);
    }
    one.sendData(0, 2, WINDOW - 10);
    other.sendData(0, 2, 11);
    assertEquals(0, other.session.streamCount());

    one.session.close(new PeerUnavailableException("done"));
    assertEquals(WINDOW, budget.left());
  }

  @Test
  void holdsTinyFramesInLittleMemory() {
    start(YamuxConfig.defaults());
    remote.send(WINDOW_UPDATE, SYN, 2, 0);
    remote.send(WINDOW_UPDATE, SYN, 4, 0);
    RecordingListener other = new RecordingListener();
    remote.accepted.get(1).listen(other);
    // Each byte for the stream that waits comes in a buffer with much for the other one.
    for (int i = 0; i < 10_000; i++) {
      ByteBuf waiting = remote.header(DATA, 0, 2, 1).writeByte(i);
      remote.receive(
          waiting.writeBytes(new byte[] {0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 16}).writeZero(16));
    }
    assertTrue(remote.memoryInUse() < 40_000, remote.memoryInUse() + " bytes for 10,000");
    RecordingListener listener = new RecordingListener();
    remote.accepted.get(0).listen(listener);
    for (int i = 0; i < 10_000; i++) {
      assertEquals((byte) i, listener.bytes()[i]);
      i += 99;
    }
    assertEquals(10_000, listener.length());
  }

  @Test
  void sendsNoMoreThanTheRemoteAllows() {
    start(YamuxConfig.defaults());
    MuxedStream stream = remote.session.openStream().join();
    stream.write(remote.alloc().buffer().writeZero(WINDOW + 1000));
    assertEquals(WINDOW, dataSent());
    remote.send(WINDOW_UPDATE, ACK, 1, 999);
    assertEquals(999, dataSent());
    remote.send(WINDOW_UPDATE, 0, 1, 0);
    assertEquals(0, dataSent());
    remote.send(WINDOW_UPDATE, 0, 1, 0xFFFF_FFFFL);
    assertEquals(1, dataSent());
    assertNull(remote.closeCause());
  }

  private long dataSent() {
    return remote.sent().stream()
        .filter(frame -> frame.startsWith("data"))
        .mapToLong(frame -> Long.parseLong(frame.split(" ", 3)[2]))
        .sum();
  }

  private RecordingListener openListening(int id) {
    remote.send(WINDOW_UPDATE, SYN, id, 0);
    RecordingListener listener = new RecordingListener();
    remote.accepted.get(remote.accepted.size() - 1).listen(listener);
    return listener;
  }
}

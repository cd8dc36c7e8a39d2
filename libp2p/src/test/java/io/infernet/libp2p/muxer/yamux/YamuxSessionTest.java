package io.infernet.libp2p.muxer.yamux;

import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.ACK;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.DATA;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.FIN;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.GO_AWAY;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.PING;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.RST;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.SYN;
import static io.infernet.libp2p.muxer.yamux.ScriptedRemote.WINDOW_UPDATE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.RecordingListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire, frame by frame. */
class YamuxSessionTest {

  private ScriptedRemote remote = ScriptedRemote.started(true);
  private YamuxSession session = remote.session;

  @AfterEach
  void leavesNothingBehind() {
    remote.end();
  }

  private void start(YamuxConfig config, boolean initiator) {
    remote.end();
    remote = ScriptedRemote.started(config, initiator);
    session = remote.session;
  }

  @Test
  void writesTheFramesOfTheSpecification() {
    MuxedStream stream = open();
    assertEquals("00 01 0001 00000001 00000000".replace(" ", ""), remote.sentHex());

    stream.write(text("hello"));
    assertEquals("00 00 0000 00000001 00000005 68656c6c6f".replace(" ", ""), remote.sentHex());

    stream.closeWrite();
    assertEquals("00 01 0004 00000001 00000000".replace(" ", ""), remote.sentHex());

    stream.reset();
    assertEquals("00 01 0008 00000001 00000000".replace(" ", ""), remote.sentHex());

    remote.sendHex("00 02 0001 00000000 cafebabe");
    assertEquals("00 02 0002 00000000 cafebabe".replace(" ", ""), remote.sentHex());

    session.close(new PeerUnavailableException("done"));
    assertEquals("00 03 0000 00000000 00000000".replace(" ", ""), remote.sentHex());
  }

  @Test
  void readsTheFramesOfTheSpecification() {
    remote.sendHex("00 01 0001 00000002 00000000");
    RecordingListener listener = listen(remote.accepted.get(0));
    remote.sendHex("00 00 0000 00000002 00000005 68656c6c6f");
    remote.sendHex("00 00 0004 00000002 00000001 21");
    assertEquals("hello!", listener.text());
    assertEquals(List.of("data", "data", "close"), listener.events());

    remote.sendHex("00 00 0001 00000004 00000002 6869");
    RecordingListener second = listen(remote.accepted.get(1));
    assertEquals("hi", second.text());
    remote.sendHex("00 00 0008 00000004 00000000");
    assertEquals(List.of("data", "reset"), second.events());

    remote.sendHex("00 03 0000 00000000 00000000");
    assertFalse(session.acceptsStreams());
    assertNull(remote.closeCause());
  }

  @Test
  void readsFramesInAnyFragments() {
    byte[] frames =
        bytes(
            remote.header(WINDOW_UPDATE, SYN, 2, 0),
            remote.header(DATA, 0, 2, 5),
            text("hello"),
            remote.header(PING, SYN, 0, 7),
            remote.header(DATA, FIN, 2, 6),
            text(" there"));
    for (int size = 1; size <= frames.length; size++) {
      start(YamuxConfig.defaults(), true);
      for (int at = 0; at < frames.length; at += size) {
        int length = Math.min(size, frames.length - at);
        remote.receive(remote.alloc().buffer().writeBytes(frames, at, length));
      }
      RecordingListener listener = listen(remote.accepted.get(0));
      assertEquals("hello there", listener.text(), "in pieces of " + size);
      assertEquals("close", listener.events().get(listener.events().size() - 1));
      assertEquals(List.of("ping+ack 0 7"), remote.sent());
    }
  }

  @Test
  void numbersStreamsByWhoDialled() {
    open();
    open();
    assertEquals(List.of("window+syn 1 0", "window+syn 3 0"), remote.sent());

    start(YamuxConfig.defaults(), false);
    open();
    open();
    assertEquals(List.of("window+syn 2 0", "window+syn 4 0"), remote.sent());
  }

  @Test
  void acknowledgesAnInboundStreamOnceAndNotUnasked() {
    remote.send(WINDOW_UPDATE, SYN, 2, 0);
    remote.sendText(0, 2, "x");
    assertEquals(List.of(), remote.sent());

    MuxedStream stream = remote.accepted.get(0);
    listen(stream);
    stream.write(text("a"));
    assertEquals(List.of("data+ack 2 1"), remote.sent());
    stream.write(text("b"));
    stream.closeWrite();
    assertEquals(List.of("data 2 1", "window+fin 2 0"), remote.sent());
  }

  @Test
  void acknowledgesWithWhateverFrameComesFirst() {
    remote.sendData(SYN, 2, 200_000);
    remote.time.advance(Duration.ofSeconds(1));
    listen(remote.accepted.get(0));
    assertEquals(List.of("window+ack 2 200000"), remote.sent());

    remote.send(WINDOW_UPDATE, SYN, 4, 0);
    remote.accepted.get(1).closeWrite();
    assertEquals(List.of("window+ack+fin 4 0"), remote.sent());
  }

  @Test
  void neverAcknowledgesItsOwnStream() {
    MuxedStream stream = open();
    stream.write(text("x"));
    assertEquals(List.of("window+syn 1 0", "data 1 1"), remote.sent());
    listen(stream);
    remote.send(WINDOW_UPDATE, ACK, 1, 0);
    remote.time.advance(Duration.ofSeconds(1));
    remote.sendData(0, 1, 200_000);
    assertEquals(List.of("window 1 200000"), remote.sent());
  }

  @Test
  void putsSmallWritesOfOneTurnIntoOneFrameAndOneFlush() {
    MuxedStream stream = open();
    remote.flushes();
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      writes.add(stream.write(text("0123456789")));
    }
    assertEquals(List.of("window+syn 1 0", "data 1 1000"), remote.sent());
    assertEquals(1, remote.flushes());
    writes.forEach(CompletableFuture::join);
  }

  @Test
  void cutsLargeWritesIntoFramesOfOneNoiseMessage() {
    open().write(zeros(150_000));
    assertEquals(
        List.of("window+syn 1 0", "data 1 65507", "data 1 65507", "data 1 18986"), remote.sent());
  }

  @Test
  void passesPayloadOnWithoutCopyingIt() {
    remote.send(WINDOW_UPDATE, SYN, 2, 0);
    ByteBuf frame = remote.header(DATA, 0, 2, 5).writeBytes("hello".getBytes(US_ASCII));
    List<ByteBuf> kept = new ArrayList<>();
    remote
        .accepted
        .get(0)
        .listen(
            new RecordingListener() {
              @Override
              public void onData(ByteBuf data) {
                kept.add(data.readRetainedSlice(data.readableBytes()));
              }
            });
    byte[] array = frame.array();
    remote.receive(frame);
    assertEquals("hello", kept.get(0).toString(US_ASCII));
    array[12] = 'j';
    assertEquals("jello", kept.get(0).toString(US_ASCII));
    kept.get(0).release();
  }

  @Test
  void takesTurnsAmongStreamsWithData() {
    MuxedStream first = open();
    MuxedStream second = open();
    remote.sent();
    first.write(zeros(130_000));
    second.write(zeros(130_000));
    assertEquals(
        List.of("data 1 65507", "data 3 65507", "data 1 64493", "data 3 64493"), remote.sent());
  }

  @Test
  void sendsTheCloseAfterTheDataThatWaits() {
    MuxedStream stream = open();
    stream.write(zeros(YamuxConfig.INITIAL_WINDOW + 1));
    CompletableFuture<Void> closed = stream.closeWrite();
    List<String> sent = remote.sent();
    assertEquals("data 1 116", sent.get(sent.size() - 1));
    assertFalse(closed.isDone());

    remote.send(WINDOW_UPDATE, ACK, 1, 10);
    assertEquals(List.of("data 1 1", "window+fin 1 0"), remote.sent());
    assertTrue(closed.isDone());
  }

  @Test
  void sendsNothingMoreOnAStreamTheRemoteReset() {
    MuxedStream stream = open();
    stream.write(zeros(YamuxConfig.INITIAL_WINDOW + 1));
    remote.sent();
    remote.send(WINDOW_UPDATE, RST, 1, 0);
    remote.send(WINDOW_UPDATE, 0, 1, 10);
    stream.closeWrite();
    stream.reset();
    assertEquals(List.of(), remote.sent());
  }

  @Test
  void writesNoControlFrameIntoTheMiddleOfADataFrame() {
    MuxedStream stream = open();
    remote.sent();
    MuxedStream other = open();
    stream.write(zeros(10)).thenRun(other::reset);
    stream.write(zeros(10));
    assertEquals(List.of("window+syn 3 0", "data 1 20", "window+rst 3 0"), remote.sent());
  }

  @Test
  void letsAWriterResetItsStreamWhenAWriteIsDone() {
    MuxedStream stream = open();
    remote.sent();
    stream.write(zeros(10)).thenRun(stream::reset);
    CompletableFuture<Void> sentTogether = stream.write(zeros(10));
    remote.time.runDue();
    assertEquals(List.of("data 1 20", "window+rst 1 0"), remote.sent());
    sentTogether.join();
  }

  @Test
  void waitsWhileThePipeIsNotWritable() {
    MuxedStream stream = open();
    remote.sent();
    remote.setWritable(false);
    CompletableFuture<Void> written = stream.write(zeros(10));
    assertEquals(List.of(), remote.sent());
    assertFalse(written.isDone());

    remote.setWritable(true);
    assertEquals(List.of("data 1 10"), remote.sent());
    assertTrue(written.isDone());
  }

  @Test
  void refusesAWriteBeyondTheQueueLimit() {
    start(config(c -> c.maxQueuedBytes = 1000), true);
    MuxedStream stream = open();
    remote.setWritable(false);
    CompletableFuture<Void> large = stream.write(zeros(5000));
    IllegalStateException refusal =
        assertInstanceOf(IllegalStateException.class, failure(stream.write(zeros(1))));
    assertTrue(refusal.getMessage().contains("1000 bytes"), refusal.getMessage());

    remote.setWritable(true);
    large.join();
    stream.write(zeros(600));
    assertFalse(stream.write(zeros(400)).isCompletedExceptionally());
  }

  @Test
  void opensMoreStreamsOnlyAsTheRemoteAcknowledges() {
    start(config(c -> c.maxUnackedStreams = 2), true);
    open();
    open();
    CompletableFuture<MuxedStream> third = session.openStream();
    CompletableFuture<MuxedStream> fourth = session.openStream();
    assertEquals(List.of("window+syn 1 0", "window+syn 3 0"), remote.sent());

    remote.send(WINDOW_UPDATE, ACK, 3, 0);
    assertTrue(third.isDone());
    assertFalse(fourth.isDone());
    // Data without the flag says as much: js-libp2p may never send it.
    remote.sendData(0, 1, 1);
    assertTrue(fourth.isDone());
    remote.send(WINDOW_UPDATE, ACK, 3, 0);
    assertEquals(List.of("window+syn 5 0", "window+syn 7 0"), remote.sent());
    assertFalse(session.openStream().isDone());
  }

  @Test
  void opensWaitingStreamsInThePlaceOfResetOnes() {
    start(config(c -> c.maxUnackedStreams = 1), true);
    MuxedStream stream = open();
    CompletableFuture<MuxedStream> second = session.openStream();
    stream.reset();
    assertTrue(second.isDone());
    CompletableFuture<MuxedStream> third = session.openStream();
    remote.send(WINDOW_UPDATE, RST, 3, 0);
    assertTrue(third.isDone());
    assertEquals(
        List.of("window+syn 1 0", "window+rst 1 0", "window+syn 3 0", "window+syn 5 0"),
        remote.sent());
  }

  @Test
  void boundsItsOpenStreamsAndTheRequestsThatWait() {
    start(
        config(
            c -> {
              c.maxOutboundStreams = 2;
              c.maxWaitingOpens = 1;
            }),
        true);
    MuxedStream stream = open();
    open();
    CompletableFuture<MuxedStream> waits = session.openStream();
    assertInstanceOf(PeerUnavailableException.class, failure(session.openStream()));
    assertFalse(waits.isDone());

    remote.send(WINDOW_UPDATE, ACK | FIN, 1, 0);
    stream.closeWrite();
    assertTrue(waits.isDone());
  }

  @Test
  void failsWaitingRequestsWhenTheRemoteSaysGoodbye() {
    start(config(c -> c.maxUnackedStreams = 1), true);
    open();
    CompletableFuture<MuxedStream> waits = session.openStream();
    remote.send(GO_AWAY, 0, 0, 0);
    assertInstanceOf(PeerUnavailableException.class, failure(waits));
    assertNull(remote.closeCause());
  }

  @Test
  void skipsRequestsThatGaveUp() {
    start(config(c -> c.maxUnackedStreams = 1), true);
    open();
    CompletableFuture<MuxedStream> first = session.openStream();
    CompletableFuture<MuxedStream> second = session.openStream();
    first.cancel(false);
    remote.sent();
    remote.send(WINDOW_UPDATE, ACK, 1, 0);
    assertTrue(second.isDone());
    assertEquals(List.of("window+syn 3 0"), remote.sent());
  }

  @Test
  void resetsInboundStreamsBeyondTheLimit() {
    start(config(c -> c.maxInboundStreams = 2), true);
    remote.send(WINDOW_UPDATE, SYN, 2, 0);
    remote.send(WINDOW_UPDATE, SYN, 4, 0);
    remote.sendText(SYN, 6, "early data");
    remote.sendText(FIN, 6, "and more");
    assertEquals(List.of("window+rst 6 0"), remote.sent());
    assertEquals(2, remote.accepted.size());

    remote.send(WINDOW_UPDATE, RST, 2, 0);
    remote.send(WINDOW_UPDATE, SYN, 8, 0);
    assertEquals(3, remote.accepted.size());
    assertNull(remote.closeCause());
  }

  @Test
  void resetsInboundStreamsAfterItsGoodbye() {
    open();
    session.goAway();
    remote.send(WINDOW_UPDATE, SYN, 2, 0);
    assertEquals(List.of("window+syn 1 0", "goaway 0 0", "window+rst 2 0"), remote.sent());
    assertTrue(remote.accepted.isEmpty());
  }

  @Test
  void endsAllWhenTheRemoteReportsAnError() {
    RecordingListener listener = listen(open());
    remote.send(GO_AWAY, 0, 0, 1);
    assertEquals(List.of("reset"), listener.events());
    assertInstanceOf(PeerUnavailableException.class, remote.closeCause());
    assertTrue(listener.resetCause().getMessage().contains("protocol error"));
  }

  @Test
  void toleratesLateFramesForStreamsThatEnded() {
    MuxedStream stream = open();
    stream.reset();
    remote.sendData(0, 1, 1000);
    remote.send(WINDOW_UPDATE, ACK, 1, 500);
    remote.sendData(FIN, 1, YamuxConfig.INITIAL_WINDOW - 1000);
    remote.send(WINDOW_UPDATE, RST, 1, 0);
    // rust-yamux may end a stream whose first frame it never sent.
    remote.send(WINDOW_UPDATE, RST, 2, 0);
    remote.sendData(FIN, 4, 0);
    assertNull(remote.closeCause());
    assertTrue(remote.accepted.isEmpty());
  }

  @Test
  void dropsTheRestOfAFrameWhoseStreamWasResetInItsMiddle() {
    remote.send(WINDOW_UPDATE, SYN, 2, 0);
    MuxedStream stream = remote.accepted.get(0);
    listen(stream);
    remote.send(DATA, 0, 2, 1000);
    remote.sendRaw(400);
    stream.reset();
    remote.sendRaw(600);
    remote.sendData(0, 2, YamuxConfig.INITIAL_WINDOW - 1000);
    assertNull(remote.closeCause());
  }

  @Test
  void acceptsStreamsThatWereNumberedBeforeTheyWereSent() {
    for (int id : new int[] {6, 2, 8, 4}) {
      remote.send(WINDOW_UPDATE, SYN, id, 0);
    }
    assertEquals(4, remote.accepted.size());
    assertNull(remote.closeCause());
  }

  @Test
  void opensAndEndsAStreamInOneFrame() {
    remote.sendText(SYN | FIN, 2, "all of it");
    RecordingListener listener = listen(remote.accepted.get(0));
    assertEquals("all of it", listener.text());
    assertEquals(List.of("data", "close"), listener.events());

    remote.send(WINDOW_UPDATE, SYN | RST, 4, 0);
    assertEquals(1, remote.accepted.size());
  }

  @Test
  void usesTheWindowThatComesWithTheFirstFrame() {
    remote.send(WINDOW_UPDATE, SYN, 2, 100);
    remote.accepted.get(0).write(zeros(2 * YamuxConfig.INITIAL_WINDOW));
    long sent = remote.sent().stream().mapToLong(f -> Long.parseLong(f.split(" ", 3)[2])).sum();
    assertEquals(YamuxConfig.INITIAL_WINDOW + 100, sent);
  }

  @Test
  void closesTheConnectionOfARemoteThatAsksAndNeverReads() {
    start(
        config(
            c -> {
              c.maxUnsentControlBytes = 1200;
              c.maxInboundStreams = 0;
            }),
        true);
    remote.setWritable(false);
    int id = 2;
    for (; id <= 200; id += 2) {
      remote.send(WINDOW_UPDATE, SYN, id, 0);
    }
    assertNull(remote.closeCause());
    remote.send(WINDOW_UPDATE, SYN, id, 0);
    assertInstanceOf(PeerUnavailableException.class, remote.closeCause());
    List<String> sent = remote.sent();
    assertEquals("goaway 0 2", sent.get(sent.size() - 1));
  }

  private MuxedStream open() {
    return session.openStream().join();
  }

  private static RecordingListener listen(MuxedStream stream) {
    RecordingListener listener = new RecordingListener();
    stream.listen(listener);
    return listener;
  }

  private ByteBuf text(String text) {
    return remote.alloc().buffer().writeBytes(text.getBytes(US_ASCII));
  }

  private ByteBuf zeros(int length) {
    return remote.alloc().buffer(length).writeZero(length);
  }

  private static byte[] bytes(ByteBuf... parts) {
    ByteBuf whole = Unpooled.buffer();
    for (ByteBuf part : parts) {
      whole.writeBytes(part);
      part.release();
    }
    byte[] bytes = new byte[whole.readableBytes()];
    whole.readBytes(bytes);
    return bytes;
  }

  private static YamuxConfig config(Consumer<YamuxConfigBuilder> change) {
    return YamuxConfigBuilder.with(change);
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertTrue(future.isDone(), "still waiting");
    return assertThrows(CompletionException.class, future::join).getCause();
  }
}

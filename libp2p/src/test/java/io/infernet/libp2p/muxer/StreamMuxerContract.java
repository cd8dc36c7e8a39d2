package io.infernet.libp2p.muxer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.simulation.VirtualTime;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link StreamMuxer} must do, whatever its protocol: two of them back to back. */
public abstract class StreamMuxerContract {

  /** Long enough for everything that isn't a timeout. */
  private static final Duration A_MOMENT = Duration.ofMillis(100);

  private final VirtualTime time = new VirtualTime();
  private final VirtualPipes pipes =
      new VirtualPipes(time, Duration.ofMillis(1), 1 << 20, available -> available);
  private final List<MuxedStream> accepted = new ArrayList<>();
  private Consumer<MuxedStream> onStream = accepted::add;
  private StreamMuxer dialer;
  private StreamMuxer listener;

  /**
   * Makes the muxer under test.
   *
   * @param initiator whether it is on the side that dialled
   */
  protected abstract StreamMuxer create(
      BytePipe pipe, boolean initiator, VirtualTime time, Consumer<MuxedStream> onStream);

  /** Bytes a remote may send on one stream that nobody reads, before anything was read from it. */
  protected abstract int initialWindow();

  @BeforeEach
  void connect() {
    dialer = create(pipes.left(), true, time, stream -> onStream.accept(stream));
    listener = create(pipes.right(), false, time, stream -> onStream.accept(stream));
    pipes.left().attach(dialer);
    pipes.right().attach(listener);
    dialer.start();
    listener.start();
    settle();
  }

  @AfterEach
  void leavesNoBufferBehind() {
    dialer.close(new PeerUnavailableException("the test is over"));
    settle();
    assertEquals(0, dialer.streamCount());
    assertEquals(0, listener.streamCount());
    assertTrue(listener.closed().isDone());
    assertEquals(0, time.pendingTasks(), "timers of a closed muxer");
    pipes.assertNothingHeld();
  }

  @Test
  void carriesBytesBothWaysInOrder() {
    MuxedStream stream = open();
    RecordingListener here = listen(stream);
    stream.write(bytes("hello "));
    stream.write(bytes("there"));
    settle();

    MuxedStream remote = accepted.get(0);
    assertFalse(remote.isInitiator());
    assertTrue(stream.isInitiator());
    RecordingListener there = listen(remote);
    remote.write(bytes("and back"));
    settle();

    assertEquals("hello there", there.text());
    assertEquals("and back", here.text());
    assertEquals(1, dialer.streamCount());
    assertEquals(1, listener.streamCount());
  }

  @Test
  void keepsTheOrderOfWritesFromTheEventLoopAndOtherThreads() {
    MuxedStream stream = open();
    pipes
        .left()
        .asAnotherThread(
            () -> {
              stream.write(bytes("one "));
              stream.write(bytes("two "));
            });
    stream.write(bytes("three "));
    pipes.left().asAnotherThread(() -> stream.write(bytes("four")));
    stream.closeWrite();

    settle();
    RecordingListener there = listen(accepted.get(0));
    settle();
    assertEquals("one two three four", there.text());
    assertEquals("close", there.events().get(there.events().size() - 1));
  }

  @Test
  void letsEitherSideOpenStreams() {
    MuxedStream stream = listener.openStream().join();
    RecordingListener here = listen(stream);
    settle();

    accepted.get(0).write(bytes("to the one that did not dial"));
    settle();

    assertEquals("to the one that did not dial", here.text());
  }

  @Test
  void announcesAStreamBeforeAnythingIsWritten() {
    open();
    settle();
    assertEquals(1, accepted.size());
  }

  @Test
  void completesAWriteWhenItsBytesAreOnTheirWay() {
    CompletableFuture<Void> written = open().write(bytes("x"));
    settle();
    assertTrue(written.isDone());
    written.join();
  }

  @Test
  void completesAnEmptyWrite() {
    MuxedStream stream = open();
    CompletableFuture<Void> written = stream.write(pipes.alloc().buffer());
    settle();
    written.join();
  }

  @Test
  void holdsDataUntilSomebodyListens() {
    MuxedStream stream = open();
    stream.write(bytes("early"));
    stream.closeWrite();
    settle();

    RecordingListener there = listen(accepted.get(0));

    assertEquals("early", there.text());
    assertEquals(List.of("data", "close"), there.events());
  }

  @Test
  void letsOneSideCloseWhileTheOtherGoesOn() {
    MuxedStream stream = open();
    RecordingListener here = listen(stream);
    stream.write(bytes("question"));
    CompletableFuture<Void> closedWrite = stream.closeWrite();
    settle();
    closedWrite.join();
    MuxedStream remote = accepted.get(0);
    RecordingListener there = listen(remote);
    assertEquals(List.of("data", "close"), there.events());
    assertFalse(stream.closed().isDone());

    remote.write(bytes("answer"));
    settle();
    assertEquals("answer", here.text());
    assertFalse(remote.closed().isDone());

    remote.closeWrite();
    settle();
    assertEquals(List.of("data", "close"), here.events());
    assertTrue(stream.closed().isDone());
    assertTrue(remote.closed().isDone());
    assertEquals(0, dialer.streamCount());
    assertEquals(0, listener.streamCount());
  }

  @Test
  void refusesToWriteAfterItClosedItsSide() {
    MuxedStream stream = open();
    stream.closeWrite();
    CompletableFuture<Void> late = stream.write(bytes("late"));
    assertInstanceOf(IllegalStateException.class, failure(late));
    stream.closeWrite().join();
  }

  @Test
  void resetsBothEnds() {
    MuxedStream stream = open();
    RecordingListener here = listen(stream);
    settle();
    MuxedStream remote = accepted.get(0);
    RecordingListener there = listen(remote);

    stream.reset();
    stream.reset();
    settle();

    assertEquals(List.of("reset"), here.events());
    assertEquals(List.of("reset"), there.events());
    assertInstanceOf(PeerUnavailableException.class, here.resetCause());
    assertInstanceOf(PeerUnavailableException.class, there.resetCause());
    assertTrue(stream.closed().isDone());
    assertTrue(remote.closed().isDone());
    assertEquals(0, dialer.streamCount());
    assertEquals(0, listener.streamCount());
    assertInstanceOf(PeerUnavailableException.class, failure(remote.write(bytes("x"))));
    assertInstanceOf(PeerUnavailableException.class, failure(remote.closeWrite()));
  }

  @Test
  void tellsALateListenerOfTheReset() {
    MuxedStream stream = open();
    settle();
    stream.reset();
    settle();
    assertEquals(List.of("reset"), listen(accepted.get(0)).events());
    assertEquals(List.of("reset"), listen(stream).events());
  }

  @Test
  void failsWaitingWritesWhenTheStreamIsReset() {
    MuxedStream stream = open();
    CompletableFuture<Void> fits = stream.write(random(initialWindow()));
    CompletableFuture<Void> waits = stream.write(random(1));
    CompletableFuture<Void> closeWaits = stream.closeWrite();
    settle();
    assertTrue(fits.isDone());
    assertFalse(waits.isDone());

    accepted.get(0).reset();
    settle();

    assertInstanceOf(PeerUnavailableException.class, failure(waits));
    assertInstanceOf(PeerUnavailableException.class, failure(closeWaits));
  }

  @Test
  void stopsTheWriterWhenNobodyReads() {
    MuxedStream stream = open();
    CompletableFuture<Void> fits = stream.write(random(initialWindow()));
    CompletableFuture<Void> waits = stream.write(random(initialWindow()));
    settle();

    assertTrue(fits.isDone());
    assertFalse(waits.isDone());
    assertTrue(
        pipes.memoryInUse() <= 3L * initialWindow() + 4096, pipes.memoryInUse() + " bytes held");
  }

  @Test
  void stopsAndStartsWithItsReader() {
    byte[] sent = new byte[4 * initialWindow()];
    new SplittableRandom(1).nextBytes(sent);
    MuxedStream stream = open();
    settle();
    MuxedStream remote = accepted.get(0);
    RecordingListener there = listen(remote);
    remote.pauseReading();
    CompletableFuture<Void> written = stream.write(pipes.alloc().buffer().writeBytes(sent));
    stream.closeWrite();
    settle();
    assertEquals(0, there.length());
    assertFalse(written.isDone());

    remote.resumeReading();
    remote.pauseReading();
    settle();
    assertEquals(initialWindow(), there.length());

    remote.resumeReading();
    settle();
    assertTrue(written.isDone());
    assertArrayEquals(sent, there.bytes());
    assertEquals("close", there.events().get(there.events().size() - 1));
  }

  @Test
  void doesNotLetOneStuckStreamHoldUpTheOthers() {
    MuxedStream stuck = open();
    stuck.write(random(8 * initialWindow()));
    settle();

    MuxedStream other = open();
    settle();
    RecordingListener there = listen(accepted.get(1));
    CompletableFuture<Void> written = other.write(random(8 * initialWindow()));
    settle();

    assertTrue(written.isDone());
    assertEquals(8 * initialWindow(), there.length());
  }

  @Test
  void sharesTheConnectionAmongItsStreams() {
    pipes.left().block(true);
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    List<RecordingListener> readers = new ArrayList<>();
    onStream =
        stream -> {
          RecordingListener reader = new RecordingListener();
          readers.add(reader);
          stream.listen(reader);
        };
    for (int i = 0; i < 8; i++) {
      writes.add(open().write(random(initialWindow())));
    }
    settle();
    assertFalse(writes.get(7).isDone(), "everything fit into the pipe: the test tests nothing");
    pipes.left().block(false);
    time.runDue();

    int most = readers.stream().mapToInt(RecordingListener::length).max().orElseThrow();
    int least = readers.stream().mapToInt(RecordingListener::length).min().orElseThrow();
    assertTrue(most - least <= 65_536, "from " + least + " to " + most);
    settle();
    writes.forEach(CompletableFuture::join);
  }

  @Test
  void stopsTheWriterWhenTheConnectionIsFull() {
    pipes.left().block(true);
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      writes.add(open().write(random(initialWindow())));
    }
    settle();
    assertFalse(writes.get(63).isDone());
    assertTrue(
        pipes.left().maxBytesUnderWay() <= (1 << 20) + 400 * 1024,
        pipes.left().maxBytesUnderWay() + " bytes under way");

    pipes.left().block(false);
    settle();
    writes.forEach(CompletableFuture::join);
  }

  @Test
  void offersAgainWhatAListenerLeavesUnread() {
    MuxedStream stream = open();
    stream.write(bytes("headBODY"));
    settle();
    MuxedStream remote = accepted.get(0);
    StringBuilder head = new StringBuilder();
    remote.listen(
        new RecordingListener() {
          @Override
          public void onData(ByteBuf data) {
            head.append(data.readCharSequence(4, UTF_8));
          }
        });
    stream.write(bytes(" more"));
    stream.closeWrite();
    settle();
    assertEquals("head", head.toString());

    RecordingListener rest = listen(remote);
    assertEquals("BODY more", rest.text());
    assertEquals("close", rest.events().get(rest.events().size() - 1));
  }

  @Test
  void passesOnToANewListenerInMidDelivery() {
    MuxedStream stream = open();
    settle();
    MuxedStream remote = accepted.get(0);
    RecordingListener rest = new RecordingListener();
    remote.listen(
        new RecordingListener() {
          @Override
          public void onData(ByteBuf data) {
            data.skipBytes(4);
            remote.listen(rest);
          }
        });
    stream.write(bytes("headBODY"));
    stream.closeWrite();
    settle();
    assertEquals("BODY", rest.text());
    assertEquals(List.of("data", "close"), rest.events());
  }

  @Test
  void doesNotNestDeliveries() {
    MuxedStream stream = open();
    stream.write(bytes("abc"));
    settle();
    MuxedStream remote = accepted.get(0);
    List<String> trace = new ArrayList<>();
    remote.listen(
        new RecordingListener() {
          @Override
          public void onData(ByteBuf data) {
            trace.add("in");
            data.skipBytes(1);
            remote.resumeReading();
            trace.add("out");
          }
        });
    remote.resumeReading();
    remote.resumeReading();
    assertEquals(List.of("in", "out", "in", "out", "in", "out"), trace);
  }

  @Test
  void letsAListenerResetItsStreamWhileItReads() {
    MuxedStream stream = open();
    stream.write(bytes("abc"));
    settle();
    MuxedStream remote = accepted.get(0);
    RecordingListener there =
        new RecordingListener() {
          @Override
          public void onData(ByteBuf data) {
            remote.reset();
            assertEquals('a', data.readByte());
          }
        };
    remote.listen(there);
    assertEquals(List.of("reset"), there.events());
  }

  @Test
  void resetsOnlyTheStreamWhoseListenerFails() {
    MuxedStream broken = open();
    MuxedStream sound = open();
    settle();
    accepted
        .get(0)
        .listen(
            new RecordingListener() {
              @Override
              public void onData(ByteBuf data) {
                throw new IllegalArgumentException("what is this?");
              }
            });
    RecordingListener there = listen(accepted.get(1));
    RecordingListener here = listen(broken);

    broken.write(bytes("x"));
    sound.write(bytes("y"));
    settle();

    assertEquals(List.of("reset"), here.events());
    assertEquals("y", there.text());
    assertEquals(1, listener.streamCount());
  }

  @Test
  void resetsAStreamThatIsNotAccepted() {
    onStream =
        stream -> {
          throw new IllegalArgumentException("no");
        };
    RecordingListener here = listen(open());
    settle();
    assertEquals(List.of("reset"), here.events());
  }

  @Test
  void runsWhatWaitsForAWriteBeforeTheNext() {
    MuxedStream stream = open();
    settle();
    RecordingListener there = listen(accepted.get(0));
    new Chain(stream, 1000).next();
    settle();
    assertEquals(1000, there.length());
  }

  /** Writes one byte at a time, each when the one before is done. */
  private final class Chain {
    private final MuxedStream stream;
    private int left;

    Chain(MuxedStream stream, int left) {
      this.stream = stream;
      this.left = left;
    }

    void next() {
      if (left-- > 0) {
        stream.write(random(1)).thenRun(this::next);
      }
    }
  }

  @Test
  void resetsAllStreamsWhenItCloses() {
    MuxedStream stream = open();
    RecordingListener here = listen(stream);
    stream.write(random(2 * initialWindow()));
    settle();
    RecordingListener there = new RecordingListener();
    accepted.get(0).pauseReading();
    accepted.get(0).listen(there);

    PeerUnavailableException cause = new PeerUnavailableException("enough");
    dialer.close(cause);
    settle();

    assertEquals(List.of("reset"), here.events());
    assertEquals(List.of("reset"), there.events());
    assertSame(cause, dialer.closed().join());
    assertInstanceOf(PeerUnavailableException.class, listener.closed().join());
    assertNotNull(pipes.left().closeCause());
    assertInstanceOf(PeerUnavailableException.class, failure(dialer.openStream()));
    assertInstanceOf(PeerUnavailableException.class, failure(listener.openStream()));
    assertFalse(dialer.acceptsStreams());
  }

  @Test
  void resetsAllStreamsWhenTheConnectionBreaks() {
    RecordingListener here = listen(open());
    CompletableFuture<Void> waits = open().write(random(2 * initialWindow()));
    settle();
    RecordingListener there = listen(accepted.get(0));

    pipes.left().breakConnection();
    settle();

    assertEquals(List.of("reset"), here.events());
    assertEquals(List.of("reset"), there.events());
    assertInstanceOf(PeerUnavailableException.class, failure(waits));
    assertTrue(dialer.closed().isDone());
    assertNull(pipes.left().closeCause());
  }

  @Test
  void finishesOpenStreamsAfterGoodbye() {
    MuxedStream stream = open();
    RecordingListener here = listen(stream);
    settle();
    MuxedStream remote = accepted.get(0);
    RecordingListener there = listen(remote);

    dialer.goAway();
    dialer.goAway();
    settle();
    assertFalse(dialer.acceptsStreams());
    assertFalse(listener.acceptsStreams());
    assertInstanceOf(PeerUnavailableException.class, failure(dialer.openStream()));
    assertInstanceOf(PeerUnavailableException.class, failure(listener.openStream()));

    stream.write(bytes("last words"));
    stream.closeWrite();
    remote.write(bytes("farewell"));
    remote.closeWrite();
    settle();

    assertEquals("last words", there.text());
    assertEquals("farewell", here.text());
    assertEquals(List.of("data", "close"), here.events());
    assertTrue(dialer.closed().isDone());
    assertTrue(listener.closed().isDone());
  }

  @Test
  void closesAtOnceAfterGoodbyeWithoutStreams() {
    listener.goAway();
    settle();
    assertTrue(dialer.closed().isDone());
    assertTrue(listener.closed().isDone());
  }

  @Test
  void measuresTheRoundTrip() {
    assertEquals(Duration.ofMillis(2), dialer.roundTripTime().orElseThrow());
    assertEquals(Duration.ofMillis(2), listener.roundTripTime().orElseThrow());
  }

  private MuxedStream open() {
    return dialer.openStream().join();
  }

  private static RecordingListener listen(MuxedStream stream) {
    RecordingListener listener = new RecordingListener();
    stream.listen(listener);
    return listener;
  }

  private void settle() {
    time.advance(A_MOMENT);
  }

  private ByteBuf bytes(String text) {
    return pipes.alloc().buffer().writeBytes(text.getBytes(UTF_8));
  }

  private ByteBuf random(int length) {
    byte[] data = new byte[length];
    new SplittableRandom(length).nextBytes(data);
    return pipes.alloc().buffer(length).writeBytes(data);
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertTrue(future.isDone(), "still waiting");
    return assertThrows(CompletionException.class, future::join).getCause();
  }
}

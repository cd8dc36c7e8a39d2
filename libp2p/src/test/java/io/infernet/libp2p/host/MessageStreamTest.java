package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.simulation.VirtualTime;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MessageStreamTest {

  private static final int MAX = 100_000;

  private final FakeStream stream = new FakeStream();
  private final Recorder received = new Recorder();
  private final VirtualTime service = new VirtualTime();

  @Test
  void prefixesEachMessageWithItsLengthAsVarint() {
    MessageStream<String> messages = new MessageStream<>(stream, new TextCodec(), Runnable::run);

    messages.send("abc");
    messages.send("x".repeat(300));

    assertEquals(1 + 3 + 2 + 300, stream.sent.position());
    assertEquals(3, stream.sent.get(0));
    assertEquals((byte) 0xac, stream.sent.get(4), "300 is ac 02");
    assertEquals(2, stream.sent.get(5));
  }

  @Test
  void deliversMessagesHoweverTheBytesAreCut() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    List<String> messages = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      messages.add("m".repeat(random.nextInt(i % 8 == 0 ? 5000 : 40)));
    }
    byte[] wire = frames(messages);
    for (int chunk : new int[] {1, 2, 3, 7, 100, 1023, wire.length}) {
      FakeStream cut = new FakeStream();
      Recorder recorder = new Recorder();
      new MessageStream<>(cut, new TextCodec(), Runnable::run).listen(recorder);
      for (int at = 0; at < wire.length; at += chunk) {
        cut.arrive(ByteBuffer.wrap(wire, at, Math.min(chunk, wire.length - at)));
      }
      cut.remoteCloses();
      List<String> expected = new ArrayList<>(messages);
      expected.add("<closed>");
      assertEquals(expected, recorder.events, "in chunks of " + chunk);
    }
  }

  @Test
  void refusesADeclaredLengthOverTheLimitBeforeTheBytesArrive() {
    listen();

    stream.arrive(ByteBuffer.wrap(new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f}));

    service.runDue();
    assertTrue(stream.wasReset);
    assertInstanceOf(ProtocolViolationException.class, received.cause);
  }

  @Test
  void refusesLengthsThatAreTooLongOrNotMinimal() {
    for (byte[] bad :
        List.of(
            new byte[] {(byte) 0x80, 0},
            new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f},
            new byte[] {-1, -1, -1, -1, -1, 1})) {
      FakeStream one = new FakeStream();
      Recorder recorder = new Recorder();
      new MessageStream<>(one, new TextCodec(), Runnable::run).listen(recorder);
      one.arrive(ByteBuffer.wrap(bad));
      assertTrue(one.wasReset);
      assertInstanceOf(ProtocolViolationException.class, recorder.cause);
    }
  }

  @Test
  void deliversWhatCameBeforeAViolationAndNothingAfterIt() {
    listen();

    stream.arrive(ByteBuffer.wrap(frames(List.of("good", "!bad", "late"))));

    service.runDue();
    assertEquals(List.of("good", "<reset>"), received.events);
    assertTrue(stream.wasReset);
  }

  @Test
  void treatsACloseInsideAMessageAsAViolation() {
    listen();

    stream.arrive(ByteBuffer.wrap(new byte[] {5, 'a'}));
    stream.remoteCloses();

    service.runDue();
    assertInstanceOf(ProtocolViolationException.class, received.cause);
  }

  @Test
  void stopsReadingWhileTheServiceIsBehindAndKeepsEverythingInOrder() {
    listen();
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 10 * MessageStream.MAX_WAITING; i++) {
      many.add("m" + i);
    }

    stream.arrive(ByteBuffer.wrap(frames(many)));
    stream.remoteCloses();

    assertTrue(stream.paused, "the service has taken nothing yet");
    service.runDue();
    assertFalse(stream.paused);
    many.add("<closed>");
    assertEquals(many, received.events);
  }

  @Test
  void resetsTheStreamWhenTheServiceTakesNoMoreWork() {
    new MessageStream<>(
            stream,
            new TextCodec(),
            task -> {
              throw new RejectedExecutionException("full");
            })
        .listen(received);

    stream.arrive(ByteBuffer.wrap(frames(List.of("a"))));

    assertTrue(stream.wasReset);
  }

  @Test
  void resetsTheStreamWhenTheListenerThrows() {
    received.failure = new IllegalStateException("a bug");
    listen();

    stream.arrive(ByteBuffer.wrap(frames(List.of("a"))));

    service.runDue();
    assertTrue(stream.wasReset);
  }

  @Test
  void deliversNothingMoreAfterALocalReset() {
    MessageStream<String> messages = listen();
    stream.arrive(ByteBuffer.wrap(frames(List.of("a", "b"))));

    messages.reset();

    service.runDue();
    assertEquals(List.of("<reset>"), received.events);
  }

  @Test
  void failsToSendAMessageOverTheLimit() {
    CompletableFuture<Void> sent = listen().send("x".repeat(MAX + 1));

    CompletionException error = assertThrows(CompletionException.class, sent::join);
    assertInstanceOf(IllegalArgumentException.class, error.getCause());
    assertEquals(0, stream.sent.position());
  }

  private MessageStream<String> listen() {
    MessageStream<String> messages = new MessageStream<>(stream, new TextCodec(), service);
    messages.listen(received);
    return messages;
  }

  private static byte[] frames(List<String> messages) {
    FakeStream out = new FakeStream();
    MessageStream<String> writer = new MessageStream<>(out, new TextCodec(), Runnable::run);
    messages.forEach(writer::send);
    byte[] bytes = new byte[out.sent.position()];
    out.sent.flip().get(bytes);
    return bytes;
  }

  private static final class Recorder implements MessageListener<String> {
    final List<String> events = new ArrayList<>();
    @Nullable Throwable cause;
    @Nullable RuntimeException failure;

    @Override
    public void onMessage(String message) {
      if (failure != null) {
        throw failure;
      }
      events.add(message);
    }

    @Override
    public void onRemoteClose() {
      events.add("<closed>");
    }

    @Override
    public void onReset(Throwable reason) {
      events.add("<reset>");
      cause = reason;
    }
  }

  /** Messages are text; one that begins with an exclamation mark is a violation. */
  private static final class TextCodec implements MessageCodec<String> {
    @Override
    public int maxMessageSize() {
      return MAX;
    }

    @Override
    public ByteBuffer encode(String message) {
      return StandardCharsets.UTF_8.encode(message);
    }

    @Override
    public String decode(ByteBuffer bytes) throws ProtocolViolationException {
      String text = StandardCharsets.UTF_8.decode(bytes).toString();
      if (text.startsWith("!")) {
        throw new ProtocolViolationException("exclamation");
      }
      return text;
    }
  }

  /** A stream whose other end is the test. */
  private static final class FakeStream implements Stream {
    final ByteBuffer sent = ByteBuffer.allocate(2 * MAX);
    boolean paused;
    boolean wasReset;
    private @Nullable StreamListener listener;

    void arrive(ByteBuffer data) {
      assertFalse(paused, "data arrived while paused");
      listener().onData(data);
    }

    void remoteCloses() {
      listener().onRemoteClose();
    }

    private StreamListener listener() {
      if (listener == null) {
        throw new IllegalStateException("nobody listens");
      }
      return listener;
    }

    @Override
    public Connection connection() {
      throw new UnsupportedOperationException();
    }

    @Override
    public ProtocolId protocol() {
      return ProtocolId.of("/test/1");
    }

    @Override
    public boolean isInitiator() {
      return true;
    }

    @Override
    public void listen(StreamListener newListener) {
      listener = newListener;
    }

    @Override
    public CompletableFuture<Void> send(ByteBuffer data) {
      sent.put(data);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> closeWrite() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void reset() {
      if (!wasReset) {
        wasReset = true;
        listener().onReset(new PeerUnavailableException("reset here"));
      }
    }

    @Override
    public void pauseReading() {
      paused = true;
    }

    @Override
    public void resumeReading() {
      paused = false;
    }

    @Override
    public CompletableFuture<Void> closed() {
      return new CompletableFuture<>();
    }
  }
}

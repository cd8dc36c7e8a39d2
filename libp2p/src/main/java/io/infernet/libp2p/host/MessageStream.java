package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Varint;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Stream} of messages, each prefixed with its length as an unsigned varint, as all of
 * libp2p's protobuf protocols are.
 *
 * <p>Bytes are framed, checked against the codec's limit and decoded on the connection's event
 * loop; the messages are delivered on the executor of the service that owns the stream. At most
 * {@link #MAX_WAITING} messages wait for it: then the stream stops reading until half of them were
 * taken. What violates the protocol resets the stream, and so does an executor that rejects work.
 *
 * <p>Methods are safe from any thread.
 *
 * @param <M> the protocol's messages
 */
public final class MessageStream<M> {

  /** Decoded messages that may wait for the executor. */
  public static final int MAX_WAITING = 16;

  /** A length is below 2^31: five groups of seven bits. */
  private static final int MAX_PREFIX_BYTES = 5;

  /** First guess at a buffer for a message that arrives in pieces; it doubles as bytes arrive. */
  private static final int INITIAL_BUFFER = 1024;

  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

  private static final Logger LOG = LoggerFactory.getLogger(MessageStream.class);

  private final Stream stream;
  private final MessageCodec<M> codec;
  private final Executor executor;

  /** Set by {@link #reset}: what still waits is no longer delivered. */
  private volatile boolean resetHere;

  /**
   * @param executor where the listener is called, one task at a time per stream: an {@code
   *     EventThread}, or {@code Runnable::run} for the connection's event loop
   */
  public MessageStream(Stream stream, MessageCodec<M> codec, Executor executor) {
    this.stream = stream;
    this.codec = codec;
    this.executor = executor;
  }

  /** The stream underneath: its peer, protocol and end. */
  public Stream stream() {
    return stream;
  }

  /**
   * Sets who receives the messages; called exactly once.
   *
   * @throws IllegalStateException when called twice
   */
  public void listen(MessageListener<M> listener) {
    stream.listen(new Framing(listener));
  }

  /**
   * Queues one message.
   *
   * @return done when it was handed to the transport within the remote's window; fails as {@link
   *     Stream#send} does, and with {@link IllegalArgumentException} when the message is over the
   *     codec's limit
   */
  public CompletableFuture<Void> send(M message) {
    ByteBuffer body = codec.encode(message);
    int length = body.remaining();
    if (length > codec.maxMessageSize()) {
      return CompletableFuture.failedFuture(
          new IllegalArgumentException(
              "a message of " + length + " bytes is over " + codec.maxMessageSize()));
    }
    ByteBuffer framed = ByteBuffer.allocate(MAX_PREFIX_BYTES + length);
    Varint.write(length, framed);
    framed.put(body).flip();
    return stream.send(framed);
  }

  /** Closes this side for writing once everything sent has left; reading goes on. */
  public CompletableFuture<Void> closeWrite() {
    return stream.closeWrite();
  }

  /** Ends both directions at once; messages that wait are dropped. */
  public void reset() {
    resetHere = true;
    stream.reset();
  }

  @Override
  public String toString() {
    return stream.toString();
  }

  /** What the listener is still to hear. */
  private sealed interface Event<M> {
    record Message<M>(M message) implements Event<M> {}

    record RemoteClose<M>() implements Event<M> {}

    record Reset<M>(Throwable cause) implements Event<M> {}
  }

  /**
   * Frames bytes on the event loop and passes messages to the executor.
   *
   * <p>The lock also covers pausing and resuming, so that the two cannot overtake each other. The
   * bytes that were behind the last message that fitted are kept as bytes, not as messages: a
   * remote that sends many tiny messages costs no more memory than it sent.
   */
  private final class Framing implements StreamListener {

    private final MessageListener<M> listener;
    private final Object lock = new Object();
    private final Queue<Event<M>> waiting = new ArrayDeque<>();
    private boolean draining;
    private boolean paused;
    private boolean ended;

    /** What arrived behind the last message that fitted; empty unless paused. */
    private ByteBuffer unread = EMPTY;

    /** The remote closed behind {@link #unread}. */
    private boolean closed;

    private int prefix;
    private int prefixBytes;
    private int length;

    /** Bytes of the message being read; null while there is none. */
    private @Nullable ByteBuffer partial;

    Framing(MessageListener<M> listener) {
      this.listener = listener;
    }

    @Override
    public void onData(ByteBuffer data) {
      boolean start;
      synchronized (lock) {
        if (ended) {
          return;
        }
        frame(data);
        if (data.hasRemaining()) {
          unread = ByteBuffer.allocate(data.remaining()).put(data).flip();
        }
        start = startsDraining();
      }
      if (start) {
        drainLater();
      }
    }

    @Override
    public void onRemoteClose() {
      boolean start;
      synchronized (lock) {
        closed = true;
        frame(unread);
        start = startsDraining();
      }
      if (start) {
        drainLater();
      }
    }

    @Override
    public void onReset(Throwable cause) {
      boolean start;
      synchronized (lock) {
        end(cause);
        start = startsDraining();
      }
      if (start) {
        drainLater();
      }
    }

    /** Reads as many messages as may wait, and the end behind them. */
    private void frame(ByteBuffer data) {
      try {
        while (!ended && data.hasRemaining() && waiting.size() < MAX_WAITING) {
          read(data);
        }
        if (closed && !ended && !data.hasRemaining()) {
          if (prefixBytes > 0) {
            throw new ProtocolViolationException("closed in the middle of a message");
          }
          closed = false;
          waiting.add(new Event.RemoteClose<>());
        }
      } catch (ProtocolViolationException e) {
        LOG.debug("{}: reset because of the remote: {}", stream, e.getMessage());
        end(e);
        stream.reset();
      }
      if (!paused && !ended && waiting.size() >= MAX_WAITING) {
        paused = true;
        stream.pauseReading();
      }
    }

    private void read(ByteBuffer data) throws ProtocolViolationException {
      ByteBuffer message = partial;
      if (message == null) {
        if (!readPrefix(data)) {
          return;
        }
        if (data.remaining() >= length) {
          ByteBuffer whole = data.slice(data.position(), length);
          data.position(data.position() + length);
          complete(whole);
          return;
        }
        message = ByteBuffer.allocate(Math.min(length, INITIAL_BUFFER));
      }
      int take = Math.min(length - message.position(), data.remaining());
      message = withRoomFor(message, take);
      message.put(data.slice(data.position(), take));
      data.position(data.position() + take);
      partial = message;
      if (message.position() == length) {
        complete(message.flip());
      }
    }

    /** Whether the whole prefix was there; then {@link #length} is set and within the limit. */
    private boolean readPrefix(ByteBuffer data) throws ProtocolViolationException {
      while (data.hasRemaining()) {
        byte next = data.get();
        if (prefixBytes == MAX_PREFIX_BYTES - 1 && (next & 0xf8) != 0) {
          throw new ProtocolViolationException("a message length is over 2^31");
        }
        prefix |= (next & 0x7f) << (7 * prefixBytes);
        prefixBytes++;
        if (next >= 0) {
          if (next == 0 && prefixBytes > 1) {
            throw new ProtocolViolationException("a message length is not minimally encoded");
          }
          if (prefix > codec.maxMessageSize()) {
            throw new ProtocolViolationException(
                "a message of " + prefix + " bytes is over " + codec.maxMessageSize());
          }
          length = prefix;
          return true;
        }
      }
      return false;
    }

    private ByteBuffer withRoomFor(ByteBuffer message, int bytes) {
      if (message.remaining() >= bytes) {
        return message;
      }
      int wanted = Math.max(message.position() + bytes, 2 * message.capacity());
      return ByteBuffer.allocate(Math.min(length, wanted)).put(message.flip());
    }

    private void complete(ByteBuffer bytes) throws ProtocolViolationException {
      prefix = 0;
      prefixBytes = 0;
      partial = null;
      waiting.add(new Event.Message<>(codec.decode(bytes)));
    }

    private void end(Throwable cause) {
      if (ended) {
        return;
      }
      ended = true;
      partial = null;
      unread = EMPTY;
      waiting.add(new Event.Reset<>(cause));
    }

    private boolean startsDraining() {
      boolean start = !draining && !waiting.isEmpty();
      draining |= start;
      return start;
    }

    private void drainLater() {
      try {
        executor.execute(this::drain);
      } catch (RejectedExecutionException e) {
        // The service is overloaded or closed: its listener cannot be told on its own thread.
        LOG.debug("{}: reset because its service takes no more work", stream);
        synchronized (lock) {
          ended = true;
          partial = null;
          unread = EMPTY;
          waiting.clear();
        }
        stream.reset();
      }
    }

    private void drain() {
      while (true) {
        Event<M> event;
        synchronized (lock) {
          if (paused && waiting.size() <= MAX_WAITING / 2) {
            frame(unread);
            if (waiting.size() < MAX_WAITING) {
              paused = false;
              unread = EMPTY;
              stream.resumeReading();
            }
          }
          event = waiting.poll();
          if (event == null) {
            draining = false;
            return;
          }
        }
        try {
          dispatch(event);
        } catch (RuntimeException e) {
          LOG.warn("{}: reset because its listener failed", stream, e);
          stream.reset();
        }
      }
    }

    private void dispatch(Event<M> event) {
      if (event instanceof Event.Message<M> received) {
        if (resetHere) {
          return;
        }
        listener.onMessage(received.message());
      } else if (event instanceof Event.RemoteClose<M>) {
        listener.onRemoteClose();
      } else if (event instanceof Event.Reset<M> reset) {
        listener.onReset(reset.cause());
      }
    }
  }
}

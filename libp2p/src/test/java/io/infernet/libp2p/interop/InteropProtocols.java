package io.infernet.libp2p.interop;

import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** The protocols that both sides of the interop cases serve. */
final class InteropProtocols {

  /** Answers each byte with itself. */
  static final ProtocolId ECHO = ProtocolId.of("/interop/echo/1.0.0");

  /** Answers the end of input with how many bytes came, in 8. */
  static final ProtocolId SINK = ProtocolId.of("/interop/sink/1.0.0");

  /** Answers a count in 8 bytes and the end of input with that many bytes and their SHA-256. */
  static final ProtocolId SOURCE = ProtocolId.of("/interop/source/1.0.0");

  /** Says one byte and stays open. */
  static final ProtocolId HOLD = ProtocolId.of("/interop/hold/1.0.0");

  /** Resets when the first bytes come. */
  static final ProtocolId RESET = ProtocolId.of("/interop/reset/1.0.0");

  static final int WRITE_BYTES = 64 * 1024;

  /** Writes under way on one of many streams. */
  private static final int FEW_WRITES = 4;

  private static final int MAX_ECHO_UNDER_WAY = FEW_WRITES * WRITE_BYTES;

  private final Sink sink;
  private final AtomicInteger resetsSeen = new AtomicInteger();

  InteropProtocols(Sink sink) {
    this.sink = sink;
  }

  void serve(Host host) {
    host.handle(ECHO, InteropProtocols::echo);
    host.handle(SINK, sink::serve);
    host.handle(SOURCE, InteropProtocols::source);
    host.handle(HOLD, this::hold);
    host.handle(RESET, stream -> ByteReader.read(stream, data -> stream.reset()));
  }

  /** How many streams of {@link #HOLD} ended in a reset. */
  int resetsSeen() {
    return resetsSeen.get();
  }

  static void echo(Stream stream) {
    AtomicInteger underWay = new AtomicInteger();
    ByteReader.read(
            stream,
            data -> {
              int size = data.remaining();
              if (underWay.addAndGet(size) >= MAX_ECHO_UNDER_WAY) {
                stream.pauseReading();
              }
              stream
                  .send(copy(data))
                  .whenComplete(
                      (sent, failure) -> {
                        if (underWay.addAndGet(-size) < MAX_ECHO_UNDER_WAY) {
                          stream.resumeReading();
                        }
                      });
            })
        .thenCompose(none -> stream.closeWrite());
  }

  private static void source(Stream stream) {
    ByteBuffer count = ByteBuffer.allocate(Long.BYTES);
    MessageDigest digest = Hashing.sha256();
    ByteReader.read(stream, count::put)
        .thenCompose(none -> writeRandom(stream, count.flip().getLong(), digest))
        .thenCompose(none -> stream.send(ByteBuffer.wrap(digest.digest())))
        .thenCompose(none -> stream.closeWrite())
        .exceptionally(
            failure -> {
              stream.reset();
              return null;
            });
  }

  private void hold(Stream stream) {
    stream.send(ByteBuffer.allocate(1));
    ByteReader.read(stream, data -> {})
        .exceptionally(
            reset -> {
              resetsSeen.incrementAndGet();
              return null;
            });
  }

  /** Writes bytes that differ from stream to stream, and digests them. */
  static CompletableFuture<Void> writeRandom(Stream stream, long count, MessageDigest digest) {
    SplittableRandom random = new SplittableRandom();
    return ByteWriter.write(
        stream,
        count,
        WRITE_BYTES,
        FEW_WRITES,
        size -> randomBytes(random, size, digest),
        written -> {});
  }

  static ByteBuffer randomBytes(SplittableRandom random, int size, MessageDigest digest) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    digest.update(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private static ByteBuffer copy(ByteBuffer data) {
    return ByteBuffer.allocate(data.remaining()).put(data).flip();
  }
}

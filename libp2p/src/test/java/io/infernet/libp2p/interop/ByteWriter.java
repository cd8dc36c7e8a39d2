package io.infernet.libp2p.interop;

import io.infernet.libp2p.host.Stream;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/** Writes a number of bytes to a stream, with at most a few writes under way. */
final class ByteWriter {

  private final Stream stream;
  private final int writeBytes;
  private final int maxUnderWay;
  private final IntFunction<ByteBuffer> source;
  private final IntConsumer onWritten;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  // Guarded by this.
  private long left;
  private int underWay;
  private boolean pumping;

  private ByteWriter(
      Stream stream,
      long count,
      int writeBytes,
      int maxUnderWay,
      IntFunction<ByteBuffer> source,
      IntConsumer onWritten) {
    this.stream = stream;
    this.left = count;
    this.writeBytes = writeBytes;
    this.maxUnderWay = maxUnderWay;
    this.source = source;
    this.onWritten = onWritten;
  }

  /**
   * Starts to write.
   *
   * @param maxUnderWay writes begun and not finished
   * @param source makes the next bytes, as many as it is asked for
   * @param onWritten hears of bytes that the transport took
   * @return done when the transport took all; fails when it did not
   */
  static CompletableFuture<Void> write(
      Stream stream,
      long count,
      int writeBytes,
      int maxUnderWay,
      IntFunction<ByteBuffer> source,
      IntConsumer onWritten) {
    ByteWriter writer = new ByteWriter(stream, count, writeBytes, maxUnderWay, source, onWritten);
    writer.pump();
    return writer.done;
  }

  /** Writes may finish at once and come back here: the outer call then goes on. */
  private synchronized void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    while (left > 0 && underWay < maxUnderWay) {
      int size = (int) Math.min(left, writeBytes);
      left -= size;
      underWay++;
      stream.send(source.apply(size)).whenComplete((sent, failure) -> finished(size, failure));
    }
    pumping = false;
    if (left == 0 && underWay == 0) {
      done.complete(null);
    }
  }

  private synchronized void finished(int size, Throwable failure) {
    underWay--;
    if (failure == null) {
      onWritten.accept(size);
    } else {
      left = 0;
      done.completeExceptionally(failure);
    }
    pump();
  }
}

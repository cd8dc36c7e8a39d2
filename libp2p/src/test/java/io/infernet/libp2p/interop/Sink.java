package io.infernet.libp2p.interop;

import io.infernet.libp2p.host.Stream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads one stream at a time at the pace it is told, then answers with the count. */
final class Sink {

  private static final int BYTES_PER_PAUSE = 1024 * 1024;

  private final ScheduledExecutorService timer;
  private volatile boolean stalled;
  private volatile long bytesPerSecond;
  private volatile boolean digesting;
  private volatile long consumed;
  private volatile @Nullable Map<String, Object> result;
  private volatile @Nullable Stream current;

  Sink(ScheduledExecutorService timer) {
    this.timer = timer;
  }

  /**
   * Sets the pace and lets the current stream go on at it; a stalled sink counts anew.
   *
   * @param bytesPerSecond 0 to read at once
   */
  void configure(boolean stalled, long bytesPerSecond, boolean digesting) {
    this.stalled = stalled;
    this.bytesPerSecond = bytesPerSecond;
    this.digesting = digesting;
    if (stalled) {
      consumed = 0;
      result = null;
    } else if (current != null) {
      current.resumeReading();
    }
  }

  long consumed() {
    return consumed;
  }

  /** What the last stream brought, null while it goes on. */
  @Nullable Map<String, Object> result() {
    return result;
  }

  void serve(Stream stream) {
    new Reading(stream).start();
  }

  private final class Reading {
    private final Stream stream;
    private final @Nullable MessageDigest digest = digesting ? Hashing.sha256() : null;
    private long count;
    private int sincePause;

    Reading(Stream stream) {
      this.stream = stream;
    }

    void start() {
      current = stream;
      ByteReader.read(stream, this::take).thenCompose(none -> answer());
    }

    private void take(ByteBuffer data) {
      int size = data.remaining();
      if (digest != null) {
        digest.update(data);
      }
      count += size;
      consumed = count;
      sincePause += size;
      if (stalled) {
        stream.pauseReading();
      } else if (bytesPerSecond > 0 && sincePause >= BYTES_PER_PAUSE) {
        long micros = sincePause * 1_000_000L / bytesPerSecond;
        sincePause = 0;
        stream.pauseReading();
        timer.schedule(stream::resumeReading, micros, TimeUnit.MICROSECONDS);
      }
    }

    private CompletableFuture<Void> answer() {
      result =
          digest == null
              ? Map.of("bytes", count)
              : Map.of("bytes", count, "digest", HexFormat.of().formatHex(digest.digest()));
      stream.send(ByteBuffer.allocate(Long.BYTES).putLong(count).flip());
      return stream.closeWrite();
    }
  }
}

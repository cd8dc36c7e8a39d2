package io.infernet.inference.bench;

import io.infernet.libp2p.concurrent.Ticker;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Measures how fast this machine reads memory: what bounds decoding, because every token reads
 * every weight. To be held beside an engine's figures, which mean little without it on shared
 * machines. Blocks for some tenths of a second and takes 256 MiB of heap meanwhile.
 */
public final class MemoryBandwidth {

  private static final int TOTAL_BYTES = 256 << 20;
  private static final int ROUNDS = 8;

  private final int threads;
  private final Ticker ticker;

  /**
   * @param threads that read at once, as many as the engine computes with
   */
  public MemoryBandwidth(int threads, Ticker ticker) {
    this.threads = Math.max(1, Math.min(threads, 16));
    this.ticker = ticker;
  }

  /**
   * Reads memory once more than the caches hold, several times.
   *
   * @return gigabytes (10⁹) a second, of the best round
   */
  public double gigabytesPerSecond() {
    int length = TOTAL_BYTES / threads / 2 / Long.BYTES;
    List<long[]> arrays = new ArrayList<>();
    for (int i = 0; i < 2 * threads; i++) {
      arrays.add(new long[length]);
    }
    long best = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      best = Math.min(best, round(arrays));
    }
    return 2.0 * threads * length * Long.BYTES / best;
  }

  /** Reads all arrays once; nanoseconds from the first thread's start to the last one's end. */
  private long round(List<long[]> arrays) {
    long[] starts = new long[threads];
    long[] ends = new long[threads];
    CountDownLatch ready = new CountDownLatch(threads);
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int number = i;
      Thread reader =
          new Thread(
              () -> {
                ready.countDown();
                awaitQuietly(ready);
                starts[number] = ticker.nanoTime();
                // Comparing equal arrays reads both in the processor's widest registers.
                int difference =
                    Arrays.mismatch(arrays.get(2 * number), arrays.get(2 * number + 1));
                // The difference is -1; using it keeps the comparison from being left out.
                ends[number] = ticker.nanoTime() + difference + 1;
              },
              "infernet-memory-bandwidth");
      reader.setDaemon(true);
      reader.start();
      readers.add(reader);
    }
    for (Thread reader : readers) {
      try {
        reader.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while measuring", e);
      }
    }
    return Math.max(1, Arrays.stream(ends).max().orElse(0) - Arrays.stream(starts).min().orElse(0));
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package io.infernet.libp2p.testing;

import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.SplittableRandom;

/**
 * Two embedded channels joined back to back, as a TCP connection joins two sockets: what one
 * flushes the other reads, cut as a {@link Splitter} says, and when one closes the other sees the
 * end after the last byte. Bytes move only in {@link #step} and {@link #pump}. A channel that
 * switched auto-read off gets nothing until it switches it on again. An exception that reaches the
 * end of a pipeline is thrown to the test.
 *
 * <p>For one thread. The test closes it, which releases whatever is still under way.
 */
public final class EmbeddedPair implements AutoCloseable {

  /** Cuts the byte stream into reads. */
  @FunctionalInterface
  public interface Splitter {

    /**
     * How many bytes the next read delivers.
     *
     * @param available bytes waiting, at least 1
     * @return from 1 to {@code available}
     */
    int next(int available);

    /** Everything that waits in one read. */
    static Splitter whole() {
      return available -> available;
    }

    /** One byte a read. */
    static Splitter byteByByte() {
      return available -> 1;
    }

    /**
     * Half of the reads up to 16 bytes, the others of any size; the same seed cuts the same way.
     */
    static Splitter seeded(long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      return available -> {
        int most = random.nextBoolean() ? Math.min(16, available) : available;
        return 1 + random.nextInt(most);
      };
    }
  }

  private final Direction leftToRight;
  private final Direction rightToLeft;

  /**
   * Joins two channels, which from then on belong to the pair.
   *
   * @param left the side that moves first in each step
   */
  public EmbeddedPair(EmbeddedChannel left, EmbeddedChannel right, Splitter splitter) {
    this.leftToRight = new Direction(left, right, splitter);
    this.rightToLeft = new Direction(right, left, splitter);
  }

  /** Joins two new channels with one handler each; further handlers can be added later. */
  public static EmbeddedPair of(ChannelHandler left, ChannelHandler right, Splitter splitter) {
    // The left handler may write at once: its bytes wait until the pair moves them.
    return new EmbeddedPair(new EmbeddedChannel(left), new EmbeddedChannel(right), splitter);
  }

  public EmbeddedChannel left() {
    return leftToRight.source;
  }

  public EmbeddedChannel right() {
    return rightToLeft.source;
  }

  /** Bytes that were flushed by either side and not yet read by the other. */
  public int bytesUnderWay() {
    leftToRight.collect();
    rightToLeft.collect();
    return leftToRight.wire.readableBytes() + rightToLeft.wire.readableBytes();
  }

  /**
   * Delivers at most one read to each side.
   *
   * @return whether anything moved
   */
  public boolean step() {
    boolean movedRight = leftToRight.step();
    boolean movedLeft = rightToLeft.step();
    return movedRight || movedLeft;
  }

  /** Steps until nothing moves any more. */
  public void pump() {
    while (step()) {
      // Each step moves at least one byte or one close.
    }
  }

  @Override
  public void close() {
    try {
      left().finishAndReleaseAll();
      right().finishAndReleaseAll();
    } finally {
      leftToRight.wire.release();
      rightToLeft.wire.release();
    }
  }

  private static final class Direction {
    private final EmbeddedChannel source;
    private final EmbeddedChannel target;
    private final Splitter splitter;
    private final ByteBuf wire = Unpooled.buffer();

    Direction(EmbeddedChannel source, EmbeddedChannel target, Splitter splitter) {
      this.source = requireNonNull(source, "source is null");
      this.target = requireNonNull(target, "target is null");
      this.splitter = requireNonNull(splitter, "splitter is null");
    }

    void collect() {
      source.runPendingTasks();
      for (ByteBuf written; (written = source.readOutbound()) != null; ) {
        wire.writeBytes(written);
        written.release();
      }
    }

    boolean step() {
      collect();
      if (!target.isOpen()) {
        wire.clear();
        return false;
      }
      if (!target.config().isAutoRead()) {
        return false;
      }
      if (wire.isReadable()) {
        int length = splitter.next(wire.readableBytes());
        target
            .pipeline()
            .fireChannelRead(target.alloc().directBuffer(length).writeBytes(wire, length))
            .fireChannelReadComplete();
        wire.discardSomeReadBytes();
      } else if (!source.isOpen()) {
        // As a socket that reads the end: not through the outbound handlers.
        target.unsafe().close(target.voidPromise());
      } else {
        return false;
      }
      target.runPendingTasks();
      target.checkException();
      return true;
    }
  }
}

package io.infernet.libp2p.muxer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.simulation.VirtualTime;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Two {@link BytePipe}s back to back in virtual time, with latency, fragments of any size and a
 * limited capacity. All buffers come from one allocator, so that a test can see that none is left.
 */
public final class VirtualPipes {

  private final VirtualTime time;
  private final Duration latency;
  private final int capacity;
  private final IntUnaryOperator fragmenter;
  private final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(false, true);
  private final End left = new End();
  private final End right = new End();

  /**
   * @param latency how long every byte is under way
   * @param capacity bytes after which a pipe is not writable
   * @param fragmenter how many of the given number of bytes arrive together
   */
  public VirtualPipes(
      VirtualTime time, Duration latency, int capacity, IntUnaryOperator fragmenter) {
    this.time = time;
    this.latency = latency;
    this.capacity = capacity;
    this.fragmenter = fragmenter;
    left.other = right;
    right.other = left;
  }

  /** Pipes that deliver at once what was flushed together. */
  public static VirtualPipes plain(VirtualTime time) {
    return new VirtualPipes(time, Duration.ZERO, 1 << 20, available -> available);
  }

  public End left() {
    return left;
  }

  public End right() {
    return right;
  }

  public UnpooledByteBufAllocator alloc() {
    return alloc;
  }

  /** Bytes in buffers that somebody still holds. */
  public long memoryInUse() {
    return alloc.metric().usedHeapMemory() + alloc.metric().usedDirectMemory();
  }

  /** One side's way out. */
  public final class End implements BytePipe {
    private @Nullable End other;
    private @Nullable StreamMuxer muxer;
    private final Deque<ByteBuf> written = new ArrayDeque<>();
    private final Deque<ByteBuf> wire = new ArrayDeque<>();
    private int bytes;
    private int ready;
    private int maxBytes;
    private boolean inEventLoop = true;
    private boolean wasWritable = true;
    private boolean blocked;
    private boolean closing;
    private boolean closed;
    private @Nullable Throwable closeCause;

    /** Names the muxer that writes here and reads from the other end's pipe. */
    public void attach(StreamMuxer own) {
      muxer = own;
    }

    /** Why the muxer closed this end; null while it did not. */
    public @Nullable Throwable closeCause() {
      return closeCause;
    }

    /** The most bytes that were ever under way from this end. */
    public int maxBytesUnderWay() {
      return maxBytes;
    }

    /** Stops or lets go everything that leaves this end. */
    public void block(boolean newBlocked) {
      blocked = newBlocked;
      if (!blocked) {
        time.execute(this::deliver);
      }
    }

    /** The connection breaks: nothing more arrives at either side. */
    public void breakConnection() {
      Throwable cause = new PeerUnavailableException("connection reset by peer");
      for (End end : new End[] {this, other}) {
        end.drop();
        time.execute(() -> end.muxer.pipeClosed(cause));
      }
    }

    /** Does what {@code caller} does as if another thread than the event loop's did it. */
    public void asAnotherThread(Runnable caller) {
      inEventLoop = false;
      caller.run();
      inEventLoop = true;
    }

    @Override
    public boolean inEventLoop() {
      return inEventLoop;
    }

    @Override
    public void execute(Runnable task) {
      time.execute(task);
    }

    @Override
    public ByteBufAllocator alloc() {
      return alloc;
    }

    @Override
    public void write(ByteBuf data) {
      assertFalse(closing, "write after close");
      bytes += data.readableBytes();
      maxBytes = Math.max(maxBytes, bytes);
      written.add(data);
      if (bytes >= capacity) {
        wasWritable = false;
      }
    }

    @Override
    public void flush() {
      int flushed = 0;
      while (!written.isEmpty()) {
        ByteBuf data = written.remove();
        flushed += data.readableBytes();
        wire.add(data);
      }
      int length = flushed;
      time.schedule(
          latency,
          () -> {
            ready += length;
            deliver();
          });
    }

    @Override
    public boolean isWritable() {
      return wasWritable;
    }

    @Override
    public void close(Throwable cause) {
      assertFalse(closing, "closed twice");
      closing = true;
      closeCause = cause;
      flush();
    }

    private void deliver() {
      if (blocked || closed) {
        return;
      }
      if (ready > 0) {
        deliver(Math.max(1, Math.min(ready, fragmenter.applyAsInt(ready))));
        if (ready > 0 || closing) {
          time.execute(this::deliver);
        }
      } else if (closing && wire.isEmpty()) {
        drop();
        other.drop();
        time.execute(() -> muxer.pipeClosed(closeCause));
        time.execute(
            () -> other.muxer.pipeClosed(new PeerUnavailableException("closed by the other end")));
      }
    }

    private void deliver(int length) {
      ByteBuf fragment = alloc.buffer(length, length);
      while (fragment.isWritable()) {
        ByteBuf first = wire.element();
        fragment.writeBytes(first, Math.min(first.readableBytes(), fragment.writableBytes()));
        if (!first.isReadable()) {
          wire.remove().release();
        }
      }
      bytes -= length;
      ready -= length;
      if (!wasWritable && bytes < capacity / 2) {
        wasWritable = true;
        time.execute(muxer::writabilityChanged);
      }
      other.muxer.receive(fragment);
    }

    private void drop() {
      closed = true;
      closing = true;
      written.forEach(ByteBuf::release);
      wire.forEach(ByteBuf::release);
      written.clear();
      wire.clear();
      bytes = 0;
      ready = 0;
    }
  }

  /** Asserts that every buffer was released. */
  public void assertNothingHeld() {
    assertEquals(0, memoryInUse(), "bytes in buffers that were not released");
  }
}

package io.infernet.libp2p.muxer.yamux;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.muxer.ByteBudget;
import io.infernet.libp2p.muxer.BytePipe;
import io.infernet.libp2p.muxer.MuxedStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * What yamux alone costs: two sessions on one thread, joined without copying. {@code megabytes} is
 * the rate in 10^6 bytes per second; "streams" the rate of streams opened, used and closed. Run
 * {@link #main} with the test class path.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class YamuxBenchmark {

  /** Bytes each stream sends in one invocation. */
  private static final int BYTES = 16 << 20;

  /** Counts what {@link #transfer} moved. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Rate {
    public double megabytes;
  }

  /** Bytes per write. */
  @Param({"1024", "16384", "65507", "1048576"})
  public int writeSize;

  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private final Pipe leftPipe = new Pipe();
  private final Pipe rightPipe = new Pipe();
  private YamuxSession left;
  private YamuxSession right;
  private MuxedStream stream;
  private ByteBuf payload;
  private long received;

  public static void main(String[] args) throws RunnerException {
    new Runner(new OptionsBuilder().include(YamuxBenchmark.class.getSimpleName()).build()).run();
  }

  @Setup
  public void connect() {
    left = session(true, leftPipe);
    right = session(false, rightPipe);
    leftPipe.reader = right;
    rightPipe.reader = left;
    left.start();
    right.start();
    stream = left.openStream().join();
    runTasks();
    payload = PooledByteBufAllocator.DEFAULT.buffer(writeSize).writeZero(writeSize);
  }

  @TearDown
  public void disconnect() {
    left.close(new PeerUnavailableException("done"));
    runTasks();
    payload.release();
  }

  @Benchmark
  public long transfer(Rate rate) {
    long target = received + BYTES;
    for (int sent = 0; sent < BYTES; sent += writeSize) {
      stream.write(payload.retainedDuplicate());
      runTasks();
    }
    while (received < target) {
      runTasks();
    }
    rate.megabytes += BYTES / 1e6;
    return received;
  }

  @Benchmark
  public long streams() {
    MuxedStream opened = left.openStream().join();
    opened.write(payload.retainedSlice(0, 1));
    opened.closeWrite();
    runTasks();
    if (!opened.closed().isDone()) {
      throw new IllegalStateException("the stream is still open");
    }
    return received;
  }

  private YamuxSession session(boolean initiator, Pipe pipe) {
    Scheduler scheduler = (delay, task) -> () -> {};
    return new YamuxSession(
        YamuxConfig.defaults(),
        new ByteBudget(Long.MAX_VALUE),
        initiator,
        pipe,
        scheduler,
        Ticker.system(),
        accepted -> accepted.listen(new Sink(accepted)));
  }

  private void runTasks() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  private final class Sink implements MuxedStream.Listener {
    private final MuxedStream source;

    Sink(MuxedStream source) {
      this.source = source;
    }

    @Override
    public void onData(ByteBuf data) {
      received += data.readableBytes();
      data.skipBytes(data.readableBytes());
    }

    @Override
    public void onRemoteClose() {
      source.closeWrite();
    }

    @Override
    public void onReset(Throwable cause) {}
  }

  private final class Pipe implements BytePipe {
    private final Deque<ByteBuf> written = new ArrayDeque<>();
    private YamuxSession reader;

    @Override
    public boolean inEventLoop() {
      return true;
    }

    @Override
    public void execute(Runnable task) {
      tasks.add(task);
    }

    @Override
    public ByteBufAllocator alloc() {
      return PooledByteBufAllocator.DEFAULT;
    }

    @Override
    public void write(ByteBuf bytes) {
      written.add(bytes);
    }

    @Override
    public void flush() {
      tasks.add(
          () -> {
            for (ByteBuf bytes = written.poll(); bytes != null; bytes = written.poll()) {
              reader.receive(bytes);
            }
          });
    }

    @Override
    public boolean isWritable() {
      return true;
    }

    @Override
    public void close(Throwable cause) {
      flush();
    }
  }
}

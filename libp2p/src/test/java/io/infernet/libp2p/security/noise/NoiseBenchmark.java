package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.testing.TestIdentities;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
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
 * How fast Noise is: the bare cipher, the handlers in memory, the handlers over loopback TCP, and
 * the handshake. But for the last, an operation is one MiB, so that the scores read MiB/s. Run it
 * with {@link #main} on the test class path; the argument is a pattern of benchmark names.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NoiseBenchmark {

  private static final int MIB = 1 << 20;
  private static final byte[] NONE = {};

  public static void main(String[] arguments) throws RunnerException {
    String pattern = arguments.length > 0 ? arguments[0] : "";
    new Runner(
            new OptionsBuilder()
                .include(NoiseBenchmark.class.getSimpleName() + ".*" + pattern)
                .build())
        .run();
  }

  /** Which cipher. */
  public enum Implementation {
    JDK,
    CONSCRYPT;

    AeadFactory factory() {
      return this == JDK ? new JdkAeadFactory() : new ConscryptAeadFactory();
    }
  }

  /** Two cipher states with one key. */
  @State(Scope.Thread)
  public static class Ciphers {
    @Param({"CONSCRYPT", "JDK"})
    public Implementation implementation;

    @Param({"1024", "16384", "65519"})
    public int message;

    CipherState sending;
    CipherState receiving;
    ByteBuffer plaintext;
    ByteBuffer sealed;

    @Setup
    public void setUp() {
      sending = new CipherState(implementation.factory().create(new byte[32]));
      receiving = new CipherState(implementation.factory().create(new byte[32]));
      plaintext = ByteBuffer.allocateDirect(message);
      sealed = ByteBuffer.allocateDirect(message + Aead.TAG_BYTES);
    }
  }

  @Benchmark
  public void encryptOneMib(Ciphers ciphers) {
    for (int done = 0; done < MIB; done += ciphers.message) {
      ciphers.sending.encrypt(NONE, ciphers.plaintext.clear(), ciphers.sealed.clear());
    }
  }

  @Benchmark
  public void encryptAndDecryptOneMibInPlace(Ciphers ciphers) throws Exception {
    ByteBuffer view = ciphers.sealed.duplicate();
    for (int done = 0; done < MIB; done += ciphers.message) {
      ciphers.sending.encrypt(NONE, view.clear().limit(ciphers.message), ciphers.sealed.clear());
      ciphers.receiving.decrypt(NONE, view.clear(), ciphers.sealed.clear());
    }
  }

  /** Two handlers in memory. */
  @State(Scope.Thread)
  public static class Handlers {
    @Param({"CONSCRYPT", "JDK"})
    public Implementation implementation;

    /** Payload behind each header of 12 bytes, as yamux writes it. */
    @Param({"1024", "65536"})
    public int frame;

    EmbeddedChannel sender;
    EmbeddedChannel receiver;
    ByteBuf header;
    ByteBuf payload;

    @Setup
    public void setUp() {
      sender = new EmbeddedChannel(transport(implementation.factory()));
      receiver = new EmbeddedChannel(transport(implementation.factory()));
      header = Unpooled.directBuffer(12).writeZero(12);
      payload = Unpooled.directBuffer(frame).writeZero(frame);
    }
  }

  @Benchmark
  public void oneMibThroughTheHandlers(Handlers handlers) {
    for (int done = 0; done < MIB; done += handlers.frame) {
      handlers.sender.write(handlers.header.retainedDuplicate(), handlers.sender.voidPromise());
      handlers.sender.write(handlers.payload.retainedDuplicate(), handlers.sender.voidPromise());
    }
    handlers.sender.flush();
    for (ByteBuf wire; (wire = handlers.sender.readOutbound()) != null; ) {
      handlers.receiver.writeInbound(wire);
    }
    for (ByteBuf plaintext; (plaintext = handlers.receiver.readInbound()) != null; ) {
      plaintext.release();
    }
  }

  /** Two handlers with a socket between. */
  @State(Scope.Benchmark)
  public static class Loopback {
    @Param({"CONSCRYPT", "JDK"})
    public Implementation implementation;

    @Param({"65536"})
    public int frame;

    EventLoopGroup loops;
    Channel sender;
    ByteBuf header;
    ByteBuf payload;
    final Counter counter = new Counter();

    @Setup
    public void setUp() throws Exception {
      loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
      Channel server =
          new ServerBootstrap()
              .group(loops)
              .channel(NioServerSocketChannel.class)
              .childHandler(initializer(transport(implementation.factory()), counter))
              .bind(InetAddress.getLoopbackAddress(), 0)
              .sync()
              .channel();
      sender =
          new Bootstrap()
              .group(loops)
              .channel(NioSocketChannel.class)
              .handler(initializer(transport(implementation.factory())))
              .connect((InetSocketAddress) server.localAddress())
              .sync()
              .channel();
      header = Unpooled.directBuffer(12).writeZero(12);
      payload = Unpooled.directBuffer(frame).writeZero(frame);
    }

    @TearDown(Level.Trial)
    public void tearDown() throws Exception {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  /** Sends 64 MiB and waits until they have arrived. */
  @Benchmark
  @OperationsPerInvocation(64)
  public void oneMibOverLoopback(Loopback loopback) throws Exception {
    int frames = 64 * MIB / loopback.frame;
    CountDownLatch arrived = loopback.counter.expect((long) frames * (12 + loopback.frame));
    loopback.sender.eventLoop().execute(new Writer(loopback, frames));
    arrived.await();
  }

  @Benchmark
  public NoiseResult handshake(Host host) throws Exception {
    NoiseHandshake initiator = host.security.handshake(true, Optional.empty());
    NoiseHandshake responder = host.security.handshake(false, Optional.empty());
    byte[] second = responder.receive(initiator.start().orElseThrow()).orElseThrow();
    responder.receive(initiator.receive(second).orElseThrow());
    return responder.result();
  }

  /** Both ends of a handshake. */
  @State(Scope.Thread)
  public static class Host {
    final NoiseSecurity security = TestHandshakes.security(TestIdentities.privateKey(1));
  }

  private static NoiseTransportHandler transport(AeadFactory aeads) {
    return new NoiseTransportHandler(
        new CipherState(aeads.create(new byte[32])),
        new CipherState(aeads.create(new byte[32])),
        NoiseConfig.defaults());
  }

  private static ChannelInitializer<Channel> initializer(ChannelHandler... handlers) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        channel.pipeline().addLast(handlers);
      }
    };
  }

  /** Writes while the channel is writable, on its event loop. */
  private static final class Writer extends ChannelInboundHandlerAdapter implements Runnable {
    private final Loopback loopback;
    private int frames;

    Writer(Loopback loopback, int frames) {
      this.loopback = loopback;
      this.frames = frames;
    }

    @Override
    public void run() {
      loopback.sender.pipeline().addLast(this);
      write();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      write();
    }

    private void write() {
      Channel channel = loopback.sender;
      while (frames > 0 && channel.isWritable()) {
        frames--;
        channel.write(loopback.header.retainedDuplicate(), channel.voidPromise());
        channel.write(loopback.payload.retainedDuplicate(), channel.voidPromise());
      }
      channel.flush();
      if (frames == 0 && channel.pipeline().context(this) != null) {
        channel.pipeline().remove(this);
      }
    }
  }

  /** Counts what arrives down to nothing. */
  private static final class Counter extends ChannelInboundHandlerAdapter {
    private volatile long missing;
    private volatile CountDownLatch arrived = new CountDownLatch(1);

    CountDownLatch expect(long bytes) {
      CountDownLatch latch = new CountDownLatch(1);
      arrived = latch;
      missing = bytes;
      return latch;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf data = (ByteBuf) message;
      long left = missing - data.readableBytes();
      missing = left;
      data.release();
      if (left == 0) {
        arrived.countDown();
      }
    }
  }
}

package io.infernet.libp2p.muxer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.muxer.yamux.YamuxConfig;
import io.infernet.libp2p.muxer.yamux.YamuxSession;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.EmbeddedPair;
import io.infernet.libp2p.testing.EmbeddedPair.Splitter;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class MuxerHandlerTest {

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final VirtualTime time = new VirtualTime();
  private final List<MuxedStream> accepted = new ArrayList<>();
  private final MuxerHandler left = handler(true, stream -> {}, time);
  private final MuxerHandler right = handler(false, accepted::add, time);

  private MuxerHandler handler(boolean initiator, Consumer<MuxedStream> onStream, Ticker ticker) {
    return new MuxerHandler(
        pipe ->
            new YamuxSession(
                YamuxConfig.defaults(),
                new ByteBudget(Long.MAX_VALUE),
                initiator,
                pipe,
                time,
                ticker,
                onStream),
        time,
        CLOSE_TIMEOUT);
  }

  @Test
  void carriesStreamsThroughAPipeline() {
    try (EmbeddedPair pair = EmbeddedPair.of(left, right, Splitter.seeded(1))) {
      pair.pump();
      MuxedStream stream = left.muxer().openStream().join();
      stream.write(Unpooled.copiedBuffer("hello", UTF_8));
      pair.pump();
      RecordingListener there = new RecordingListener();
      accepted.get(0).listen(there);
      assertEquals("hello", there.text());

      left.muxer().close(new PeerUnavailableException("done"));
      pair.pump();
      assertFalse(pair.left().isOpen());
      assertFalse(pair.right().isOpen());
      assertEquals(List.of("data", "reset"), there.events());
      assertTrue(right.muxer().closed().isDone());
    }
    assertEquals(0, time.pendingTasks());
  }

  @Test
  void resetsStreamsWhenTheChannelCloses() {
    try (EmbeddedPair pair = EmbeddedPair.of(left, right, Splitter.whole())) {
      pair.pump();
      RecordingListener here = new RecordingListener();
      left.muxer().openStream().join().listen(here);
      pair.right().close();
      pair.pump();
      assertEquals(List.of("reset"), here.events());
      assertInstanceOf(PeerUnavailableException.class, left.muxer().closed().join());
    }
  }

  @Test
  void endsWithTheFailureOfThePipeline() {
    EmbeddedChannel channel = new EmbeddedChannel(left);
    IOException failure = new IOException("broken");
    channel.pipeline().fireExceptionCaught(failure);
    assertFalse(channel.isOpen());
    assertSame(failure, left.muxer().closed().join());
    channel.finishAndReleaseAll();
  }

  @Test
  void waitsForTheRemoteToTakeTheRestOnlySoLong() {
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new ChannelOutboundHandlerAdapter() {
              @Override
              public void write(ChannelHandlerContext ctx, Object data, ChannelPromise promise) {
                // As a socket whose remote does not read: never done.
                ((ByteBuf) data).release();
              }
            },
            left);
    left.muxer().close(new PeerUnavailableException("done"));
    time.advance(CLOSE_TIMEOUT.minusMillis(1));
    assertTrue(channel.isOpen());
    time.advance(Duration.ofMillis(1));
    channel.runPendingTasks();
    assertFalse(channel.isOpen());
    channel.finishAndReleaseAll();
  }

  @Test
  void hasNoMuxerBeforeItIsInAPipeline() {
    assertThrows(IllegalStateException.class, left::muxer);
  }

  /** Two event loops, and users on threads of their own. */
  @Test
  void servesCallersOnAnyThread() throws Exception {
    int streams = 8;
    byte[] data = new byte[3_000_000];
    new SplittableRandom(7).nextBytes(data);
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, LocalIoHandler.newFactory());
    MuxerHandler server = handler(false, MuxerHandlerTest::echo, time);
    MuxerHandler client = handler(true, stream -> {}, time);
    List<Echo> echoes = new ArrayList<>();
    try {
      LocalAddress address = new LocalAddress(MuxerHandlerTest.class);
      new ServerBootstrap()
          .group(loops)
          .channel(LocalServerChannel.class)
          .childHandler(initializer(server))
          .bind(address)
          .get(30, TimeUnit.SECONDS);
      ChannelFuture connected =
          new Bootstrap()
              .group(loops)
              .channel(LocalChannel.class)
              .handler(initializer(client))
              .connect(address);
      connected.get(30, TimeUnit.SECONDS);

      for (int i = 0; i < streams; i++) {
        Echo echo = new Echo(client.muxer().openStream().get(30, TimeUnit.SECONDS));
        echoes.add(echo);
        Thread writer = new Thread(() -> echo.send(data), "writer " + i);
        writer.setDaemon(true);
        writer.start();
      }
      for (Echo echo : echoes) {
        assertArrayEquals(data, echo.received.get(60, TimeUnit.SECONDS));
      }
      client.muxer().close(new PeerUnavailableException("done"));
      connected.channel().closeFuture().get(30, TimeUnit.SECONDS);
      server.muxer().closed().get(30, TimeUnit.SECONDS);
    } finally {
      loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).get(30, TimeUnit.SECONDS);
    }
    // The event loops are gone: calls fail and nothing hangs.
    assertTrue(client.muxer().openStream().isCompletedExceptionally());
    ByteBuf late = Unpooled.buffer().writeByte(1);
    assertTrue(echoes.get(0).stream.write(late).isCompletedExceptionally());
    assertEquals(0, late.refCnt());
    assertTrue(echoes.get(0).stream.closeWrite().isCompletedExceptionally());
    echoes.get(0).stream.reset();
  }

  private static ChannelInitializer<Channel> initializer(MuxerHandler handler) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        channel.pipeline().addLast(handler);
      }
    };
  }

  private static void echo(MuxedStream stream) {
    stream.listen(
        new RecordingListener() {
          @Override
          public void onData(ByteBuf data) {
            stream.pauseReading();
            stream
                .write(data.readRetainedSlice(data.readableBytes()))
                .thenRun(stream::resumeReading);
          }

          @Override
          public void onRemoteClose() {
            stream.closeWrite();
          }
        });
  }

  /** Sends in pieces from its own thread and collects what comes back. */
  private static final class Echo implements MuxedStream.Listener {
    private final MuxedStream stream;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> received = new CompletableFuture<>();

    Echo(MuxedStream stream) {
      this.stream = stream;
      stream.listen(this);
    }

    void send(byte[] data) {
      int piece = 70_001;
      for (int at = 0; at < data.length; at += piece) {
        stream.write(Unpooled.wrappedBuffer(data, at, Math.min(piece, data.length - at)));
      }
      stream.closeWrite();
    }

    @Override
    public void onData(ByteBuf data) {
      byte[] copy = new byte[data.readableBytes()];
      data.readBytes(copy);
      bytes.writeBytes(copy);
    }

    @Override
    public void onRemoteClose() {
      received.complete(bytes.toByteArray());
    }

    @Override
    public void onReset(Throwable cause) {
      received.completeExceptionally(cause);
    }
  }
}

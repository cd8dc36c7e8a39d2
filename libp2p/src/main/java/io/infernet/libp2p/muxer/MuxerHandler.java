package io.infernet.libp2p.muxer;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The last handler of a secured Netty pipeline: hands decrypted bytes to a {@link StreamMuxer},
 * which it makes and starts when it is added, and writes the muxer's bytes.
 */
public final class MuxerHandler extends ChannelInboundHandlerAdapter {

  private final Function<BytePipe, StreamMuxer> factory;
  private final Scheduler scheduler;
  private final Duration closeTimeout;
  private @Nullable StreamMuxer muxer;
  private @Nullable Throwable failure;

  /**
   * @param factory makes the muxer of this connection
   * @param closeTimeout how long a remote that does not read may hold up a close
   */
  public MuxerHandler(
      Function<BytePipe, StreamMuxer> factory, Scheduler scheduler, Duration closeTimeout) {
    this.factory = factory;
    this.scheduler = scheduler;
    this.closeTimeout = closeTimeout;
  }

  /**
   * The muxer of this connection.
   *
   * @throws IllegalStateException before the handler was added to a pipeline
   */
  public StreamMuxer muxer() {
    if (muxer == null) {
      throw new IllegalStateException("not in a pipeline yet");
    }
    return muxer;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    muxer = factory.apply(new Pipe(ctx));
    muxer.start();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    muxer().receive((ByteBuf) message);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    muxer().writabilityChanged();
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    failure = cause;
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    muxer().pipeClosed(reason());
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    muxer().pipeClosed(reason());
  }

  private Throwable reason() {
    return failure != null
        ? failure
        : new PeerUnavailableException("the remote closed the connection");
  }

  private final class Pipe implements BytePipe {
    private final ChannelHandlerContext ctx;

    Pipe(ChannelHandlerContext ctx) {
      this.ctx = ctx;
    }

    @Override
    public boolean inEventLoop() {
      return ctx.executor().inEventLoop();
    }

    @Override
    public void execute(Runnable task) {
      ctx.executor().execute(task);
    }

    @Override
    public ByteBufAllocator alloc() {
      return ctx.alloc();
    }

    @Override
    public void write(ByteBuf bytes) {
      ctx.write(bytes);
    }

    @Override
    public void flush() {
      ctx.flush();
    }

    @Override
    public boolean isWritable() {
      return ctx.channel().isWritable();
    }

    @Override
    public void close(Throwable cause) {
      if (!ctx.channel().isActive()) {
        return;
      }
      Scheduler.Cancellable timer = scheduler.schedule(closeTimeout, ctx::close);
      ctx.writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(
              sent -> {
                timer.cancel();
                ctx.close();
              });
    }
  }
}

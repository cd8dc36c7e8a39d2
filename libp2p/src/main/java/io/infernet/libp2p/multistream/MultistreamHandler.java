package io.infernet.libp2p.multistream;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Runs one {@link MultistreamNegotiation} on a channel: begins when the channel is active, and ends
 * in one of two ways.
 *
 * <ul>
 *   <li>Agreed: fires {@link NegotiatedProtocol} as user event, then leaves the pipeline and passes
 *       on what arrived behind the negotiation. Whoever speaks the protocol must be in the pipeline
 *       when the event handler returns.
 *   <li>Not: fires the reason as exception, once, and closes the channel. A {@link
 *       ProtocolViolationException} is the remote's fault; a {@link PeerUnavailableException} says
 *       that the remote speaks none of the protocols or that the connection ended.
 * </ul>
 *
 * <p>It waits without limit; who added it sets the deadline.
 */
public final class MultistreamHandler extends ByteToMessageDecoder {

  private final MultistreamNegotiation negotiation;
  private boolean started;
  private boolean done;

  public MultistreamHandler(MultistreamNegotiation negotiation) {
    this.negotiation = requireNonNull(negotiation, "negotiation is null");
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    if (ctx.channel().isActive()) {
      start(ctx);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) throws Exception {
    start(ctx);
    super.channelActive(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    fail(ctx, new PeerUnavailableException("connection closed during protocol negotiation"));
    super.channelInactive(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(ctx, cause);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (done) {
      in.skipBytes(in.readableBytes());
      return;
    }
    ByteBuffer data = in.nioBuffer();
    try {
      send(ctx, negotiation.receive(data));
    } catch (ProtocolViolationException e) {
      fail(ctx, e);
      return;
    }
    in.skipBytes(in.readableBytes() - data.remaining());
    switch (negotiation.state()) {
      case NEGOTIATING -> {}
      case AGREED -> {
        done = true;
        ctx.fireUserEventTriggered(new NegotiatedProtocol(negotiation.protocol()));
        if (!ctx.isRemoved()) {
          ctx.pipeline().remove(this);
        }
      }
      case REFUSED ->
          fail(
              ctx,
              new PeerUnavailableException("the remote speaks none of " + negotiation.proposals()));
    }
  }

  private void start(ChannelHandlerContext ctx) {
    if (!started) {
      started = true;
      send(ctx, negotiation.start());
    }
  }

  private static void send(ChannelHandlerContext ctx, byte[] bytes) {
    if (bytes.length > 0) {
      ctx.writeAndFlush(Unpooled.wrappedBuffer(bytes));
    }
  }

  private void fail(ChannelHandlerContext ctx, Throwable reason) {
    if (!done) {
      done = true;
      ctx.fireExceptionCaught(reason);
      ctx.close();
    }
  }
}

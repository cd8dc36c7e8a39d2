package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.Optional;

/**
 * Runs the handshake of one connection: begins when it is in the pipeline of an active channel, and
 * ends in one of two ways.
 *
 * <ul>
 *   <li>Success: puts a {@link NoiseTransportHandler} in its place and fires the {@link
 *       NoiseResult} as user event, then passes on what arrived behind the handshake. Whoever reads
 *       the plaintext must be in the pipeline when the event handler returns.
 *   <li>Failure: fires the reason as exception, once, and closes the channel. A {@link
 *       ProtocolViolationException} is the remote's fault; a {@link PeerUnavailableException} says
 *       that another peer answered, that there is no common muxer, or that the connection ended.
 * </ul>
 *
 * <p>It waits without limit; who added it sets the deadline.
 */
public final class NoiseHandshakeHandler extends ByteToMessageDecoder {

  private final NoiseHandshake handshake;
  private final NoiseConfig config;
  private boolean started;
  private boolean done;

  NoiseHandshakeHandler(NoiseHandshake handshake, NoiseConfig config) {
    this.handshake = handshake;
    this.config = config;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
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
    fail(ctx, new PeerUnavailableException("connection closed during the Noise handshake"));
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
    if (in.readableBytes() < 2) {
      return;
    }
    int length = in.getUnsignedShort(in.readerIndex());
    if (length > config.maxHandshakeMessageBytes()) {
      fail(
          ctx,
          new ProtocolViolationException(
              "Noise handshake message of %d bytes, at most %d"
                  .formatted(length, config.maxHandshakeMessageBytes())));
      return;
    }
    if (in.readableBytes() < 2 + length) {
      return;
    }
    byte[] message = new byte[length];
    in.skipBytes(2).readBytes(message);
    try {
      send(ctx, handshake.receive(message));
    } catch (ProtocolViolationException | PeerUnavailableException e) {
      fail(ctx, e);
      return;
    }
    if (handshake.isComplete()) {
      succeed(ctx);
    }
  }

  private void start(ChannelHandlerContext ctx) throws ProtocolViolationException {
    if (!started) {
      started = true;
      send(ctx, handshake.start());
    }
  }

  private static void send(ChannelHandlerContext ctx, Optional<byte[]> message) {
    message.ifPresent(
        bytes ->
            ctx.writeAndFlush(
                Unpooled.buffer(2 + bytes.length).writeShort(bytes.length).writeBytes(bytes)));
  }

  private void succeed(ChannelHandlerContext ctx) {
    done = true;
    CipherState[] ciphers = handshake.ciphers();
    ctx.pipeline()
        .addAfter(ctx.name(), null, new NoiseTransportHandler(ciphers[0], ciphers[1], config));
    ctx.fireUserEventTriggered(handshake.result());
    if (!ctx.isRemoved()) {
      ctx.pipeline().remove(this);
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

package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multistream.MultistreamConfig;
import io.infernet.libp2p.multistream.MultistreamHandler;
import io.infernet.libp2p.multistream.MultistreamNegotiation;
import io.infernet.libp2p.multistream.NegotiatedProtocol;
import io.infernet.libp2p.muxer.yamux.YamuxSession;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.security.noise.NoiseConfig;
import io.infernet.libp2p.security.noise.NoiseResult;
import io.infernet.libp2p.security.noise.NoiseSecurity;
import io.infernet.libp2p.transport.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A peer that has shaken hands properly and then sends whatever bytes the test likes, in place of
 * yamux.
 */
final class SecuredSocket {

  private final Channel channel;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  private SecuredSocket(Channel channel) {
    this.channel = channel;
    channel.closeFuture().addListener(done -> closed.complete(null));
  }

  static CompletableFuture<SecuredSocket> connect(
      Transport transport, PrivateKey identity, Multiaddr address, PeerId expected) {
    NoiseSecurity noise =
        new NoiseSecurity(
            identity,
            List.of(YamuxSession.PROTOCOL),
            NoiseConfig.defaults(),
            AeadFactory.fastest(),
            new SecureRandom());
    return transport.dial(
        address,
        channel -> {
          CompletableFuture<SecuredSocket> ready = new CompletableFuture<>();
          channel
              .pipeline()
              .addLast(
                  new MultistreamHandler(
                      MultistreamNegotiation.initiator(
                          MultistreamConfig.defaults(), List.of(NoiseSecurity.PROTOCOL))),
                  new ChannelInboundHandlerAdapter() {
                    @Override
                    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                      if (event instanceof NegotiatedProtocol) {
                        ctx.pipeline().addBefore(ctx.name(), null, noise.initiator(expected));
                      } else if (event instanceof NoiseResult) {
                        ready.complete(new SecuredSocket(channel));
                      }
                    }

                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                      ((ByteBuf) message).release();
                    }

                    @Override
                    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                      ready.completeExceptionally(cause);
                      ctx.close();
                    }
                  });
          return ready;
        });
  }

  /** Sends bytes inside the Noise channel. */
  void send(byte[] bytes) {
    channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
  }

  /** Done when the other side has closed. */
  CompletableFuture<Void> closed() {
    return closed;
  }

  void close() {
    channel.close();
  }
}

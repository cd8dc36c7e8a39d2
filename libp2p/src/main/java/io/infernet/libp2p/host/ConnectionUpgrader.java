package io.infernet.libp2p.host;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multistream.MultistreamHandler;
import io.infernet.libp2p.multistream.MultistreamNegotiation;
import io.infernet.libp2p.multistream.NegotiatedProtocol;
import io.infernet.libp2p.muxer.BytePipe;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.MuxerHandler;
import io.infernet.libp2p.muxer.StreamMuxer;
import io.infernet.libp2p.muxer.yamux.YamuxSession;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.security.noise.NoiseResult;
import io.infernet.libp2p.security.noise.NoiseSecurity;
import io.infernet.libp2p.transport.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a connection of a channel, in the order that the specification demands: multistream-select
 * of {@code /noise}, the Noise handshake, then the muxer, agreed within the handshake or by
 * multistream-select. All of it under one timeout; whatever goes wrong closes the channel. Safe
 * from any thread.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/connections/README.md">Establishing
 *     connections</a>
 */
final class ConnectionUpgrader {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionUpgrader.class);

  private final HostConfig config;
  private final NoiseSecurity noise;
  private final MuxedConnection.Environment environment;
  private final Transport transport;

  ConnectionUpgrader(
      HostConfig config,
      NoiseSecurity noise,
      MuxedConnection.Environment environment,
      Transport transport) {
    this.config = config;
    this.transport = transport;
    this.noise = noise;
    this.environment = environment;
  }

  /** Upgrades a channel that this host dialled to reach {@code expected}. */
  CompletableFuture<ManagedConnection> outbound(Channel channel, PeerId expected) {
    return upgrade(channel, Optional.of(expected));
  }

  /** Upgrades a channel that this host accepted. */
  CompletableFuture<ManagedConnection> inbound(Channel channel) {
    return upgrade(channel, Optional.empty());
  }

  private CompletableFuture<ManagedConnection> upgrade(Channel channel, Optional<PeerId> expected) {
    Upgrade upgrade = new Upgrade(expected);
    channel.pipeline().addLast(upgrade.negotiate(NoiseSecurity.PROTOCOL), upgrade);
    return upgrade.result;
  }

  /** One upgrade: the last handler of the pipeline, until the muxer takes its place. */
  private final class Upgrade extends ChannelInboundHandlerAdapter {

    private final Optional<PeerId> expected;
    private final CompletableFuture<ManagedConnection> result = new CompletableFuture<>();
    private Scheduler.@Nullable Cancellable timer;
    private @Nullable NoiseResult secured;

    Upgrade(Optional<PeerId> expected) {
      this.expected = expected;
    }

    private boolean isInitiator() {
      return expected.isPresent();
    }

    ChannelHandler negotiate(ProtocolId protocol) {
      return new MultistreamHandler(
          isInitiator()
              ? MultistreamNegotiation.initiator(config.multistream(), List.of(protocol))
              : MultistreamNegotiation.responder(
                  config.multistream(), Predicate.isEqual(protocol)));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      if (ctx.channel().isActive()) {
        startTimer(ctx);
      }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      startTimer(ctx);
      ctx.fireChannelActive();
    }

    private void startTimer(ChannelHandlerContext ctx) {
      if (timer == null && !result.isDone()) {
        Scheduler.Cancellable started =
            environment
                .scheduler()
                .schedule(
                    config.upgradeTimeout(), () -> ctx.executor().execute(() -> onTimeout(ctx)));
        timer = started;
        result.whenComplete((connection, error) -> started.cancel());
      }
    }

    private void onTimeout(ChannelHandlerContext ctx) {
      fail(ctx, new PeerUnavailableException("the handshake took over " + config.upgradeTimeout()));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof NoiseResult established) {
        secured = established;
        if (established.muxer().isPresent()) {
          mux(ctx, established);
        } else {
          ctx.pipeline().addBefore(ctx.name(), null, negotiate(YamuxSession.PROTOCOL));
        }
      } else if (event instanceof NegotiatedProtocol && secured != null) {
        mux(ctx, secured);
      } else if (event instanceof NegotiatedProtocol) {
        // Only now: its keys cost more than a remote has earned before.
        ctx.pipeline()
            .addBefore(
                ctx.name(), null, expected.map(noise::initiator).orElseGet(noise::responder));
      } else {
        ctx.fireUserEventTriggered(event);
      }
    }

    private void mux(ChannelHandlerContext ctx, NoiseResult established) {
      Channel channel = ctx.channel();
      Optional<Multiaddr> remote = transport.remoteAddress(channel);
      Optional<Multiaddr> local = transport.localAddress(channel);
      if (remote.isEmpty() || local.isEmpty()) {
        fail(ctx, new PeerUnavailableException("the remote closed the connection"));
        return;
      }
      MuxedConnection.End end =
          new MuxedConnection.End(
              established.remotePeer(),
              established.remoteKey(),
              remote.get(),
              local.get(),
              isInitiator());
      CompletableFuture<MuxedConnection> made = new CompletableFuture<>();
      MuxerHandler muxer =
          new MuxerHandler(
              pipe -> {
                MuxedConnection connection =
                    new MuxedConnection(end, pipe, environment, onStream -> yamux(pipe, onStream));
                made.complete(connection);
                return connection.muxer();
              },
              environment.scheduler(),
              config.closeTimeout());
      ctx.pipeline().replace(this, null, muxer);
      MuxedConnection connection = made.join();
      if (!result.complete(connection)) {
        connection.close("nobody waits for it any more");
      }
    }

    private StreamMuxer yamux(BytePipe pipe, Consumer<MuxedStream> onStream) {
      return new YamuxSession(
          config.yamux(),
          environment.buffers(),
          isInitiator(),
          pipe,
          environment.scheduler(),
          environment.ticker(),
          onStream);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      fail(ctx, cause);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      fail(ctx, new PeerUnavailableException("the remote closed the connection"));
      ctx.fireChannelInactive();
    }

    private void fail(ChannelHandlerContext ctx, Throwable reason) {
      if (result.completeExceptionally(reason)) {
        LOG.debug(
            "closed {} {}{} before it was ready: {}",
            isInitiator() ? "to" : "from",
            ctx.channel().remoteAddress(),
            expected
                .or(() -> Optional.ofNullable(secured).map(NoiseResult::remotePeer))
                .map(peer -> " (" + peer + ")")
                .orElse(""),
            reason.getMessage());
        ctx.close();
      }
    }
  }
}

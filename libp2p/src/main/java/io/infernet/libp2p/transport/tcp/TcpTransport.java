package io.infernet.libp2p.transport.tcp;

import static io.infernet.libp2p.multiformats.MultiaddrProtocol.DNS;
import static io.infernet.libp2p.multiformats.MultiaddrProtocol.DNS4;
import static io.infernet.libp2p.multiformats.MultiaddrProtocol.DNS6;
import static io.infernet.libp2p.multiformats.MultiaddrProtocol.DNSADDR;
import static io.infernet.libp2p.multiformats.MultiaddrProtocol.IP6ZONE;
import static io.infernet.libp2p.multiformats.MultiaddrProtocol.TCP;

import io.infernet.libp2p.host.AddressUnavailableException;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.MultiaddrProtocol;
import io.infernet.libp2p.transport.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Transport} over TCP sockets with event loops of its own. Connections beyond the limits are
 * closed as they are accepted, before anything is read.
 */
public final class TcpTransport implements Transport {

  private static final Logger LOG = LoggerFactory.getLogger(TcpTransport.class);

  private static final int SMALLEST_READ = 1024;
  private static final int USUAL_READ = 8 * 1024;

  private static final AttributeKey<AcceptLimiter.Answer.Admitted> ADMITTED =
      AttributeKey.valueOf(TcpTransport.class, "admitted");

  private final TcpConfig config;
  private final EventLoopGroup eventLoops;
  private final Executor executor;
  private final AddressResolver resolver;
  private final DnsaddrResolver dnsaddrs;
  private final AcceptLimiter limiter;
  private final List<Channel> listening = new ArrayList<>();

  /**
   * @param threads how many event loops carry the connections
   */
  public TcpTransport(TcpConfig config, int threads, AddressResolver resolver) {
    this.config = config;
    this.eventLoops =
        new MultiThreadIoEventLoopGroup(
            threads, new DefaultThreadFactory("libp2p", true), NioIoHandler.newFactory());
    this.executor = eventLoops.next();
    this.resolver = resolver;
    this.dnsaddrs = new DnsaddrResolver(resolver, DnsaddrConfig.defaults());
    this.limiter = new AcceptLimiter(config);
  }

  @Override
  public boolean canDial(Multiaddr address) {
    if (DnsaddrResolver.isDnsaddr(address)) {
      return address.components().size() == 1;
    }
    List<Multiaddr.Component> parts = address.components();
    int host = !parts.isEmpty() && parts.get(0).protocol() == IP6ZONE ? 1 : 0;
    return parts.size() == host + 2
        && parts.get(host + 1).protocol() == TCP
        && address.tcpPort().orElse(0) > 0
        && (address.ip().isPresent() || isName(address))
        && address.scope() != AddressScope.UNSPECIFIED;
  }

  @Override
  public boolean isName(Multiaddr address) {
    if (address.isEmpty()) {
      return false;
    }
    MultiaddrProtocol first = address.components().get(0).protocol();
    return first == DNS || first == DNS4 || first == DNS6 || first == DNSADDR;
  }

  @Override
  public CompletableFuture<List<Multiaddr>> resolve(Multiaddr name) {
    if (DnsaddrResolver.isDnsaddr(name)) {
      return dnsaddrs.resolve(name);
    }
    MultiaddrProtocol family = name.components().get(0).protocol();
    int port = name.tcpPort().orElseThrow();
    return resolver
        .resolve(name.host().orElseThrow())
        .thenApply(
            found ->
                found.stream()
                    .filter(ip -> family != DNS4 || ip instanceof Inet4Address)
                    .filter(ip -> family != DNS6 || ip instanceof Inet6Address)
                    .map(ip -> Multiaddr.fromSocketAddress(new InetSocketAddress(ip, port)))
                    .toList());
  }

  @Override
  public <T> CompletableFuture<T> dial(
      Multiaddr address, Function<Channel, CompletableFuture<T>> upgrade) {
    CompletableFuture<T> result = new CompletableFuture<>();
    InetSocketAddress target;
    try {
      target = socketAddress(address);
    } catch (UnknownHostException | SocketException e) {
      result.completeExceptionally(new PeerUnavailableException(e.getMessage(), e));
      return result;
    }
    ChannelFuture connecting =
        new Bootstrap()
            .group(eventLoops)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0) // the caller sets the deadline
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
            .option(ChannelOption.RECVBUF_ALLOCATOR, readSizes())
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    upgrade.apply(channel).whenComplete((made, e) -> complete(result, made, e));
                  }
                })
            .connect(target);
    connecting.addListener(
        connected -> {
          if (!connected.isSuccess()) {
            result.completeExceptionally(
                new PeerUnavailableException(connected.cause().getMessage(), connected.cause()));
          }
        });
    result.whenComplete(
        (made, error) -> {
          if (error != null) {
            connecting.channel().close();
          }
        });
    return result;
  }

  @Override
  public CompletableFuture<List<Multiaddr>> listen(
      List<Multiaddr> addresses, Function<Channel, ? extends CompletableFuture<?>> upgrade) {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(eventLoops)
            .handler(new Gate())
            .option(ChannelOption.SO_BACKLOG, config.backlog())
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, readSizes())
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accepted(channel, upgrade);
                  }
                });
    Map<Multiaddr, Multiaddr> bound = new ConcurrentHashMap<>();
    CompletableFuture<Void> chain = CompletableFuture.completedFuture(null);
    for (Multiaddr address : wildcard6First(addresses)) {
      chain =
          chain
              .thenCompose(nothing -> bind(bootstrap, address, bound.values()))
              .thenAccept(real -> bound.put(address, real));
    }
    return chain
        .thenApply(nothing -> addresses.stream().map(bound::get).toList())
        .whenComplete(
            (all, error) -> {
              if (error != null) {
                stopListening();
              }
            });
  }

  private void accepted(
      Channel channel, Function<Channel, ? extends CompletableFuture<?>> upgrade) {
    AcceptLimiter.Answer.Admitted admitted = channel.attr(ADMITTED).getAndSet(null);
    upgrade
        .apply(channel)
        .whenComplete(
            (made, error) -> {
              admitted.handshakeDone();
              if (error != null) {
                channel.close();
              }
            });
  }

  private CompletableFuture<Multiaddr> bind(
      ServerBootstrap bootstrap, Multiaddr address, Collection<Multiaddr> bound) {
    CompletableFuture<Multiaddr> result = new CompletableFuture<>();
    InetSocketAddress target;
    try {
      target = socketAddress(address);
    } catch (UnknownHostException | SocketException e) {
      result.completeExceptionally(new AddressUnavailableException(address, e.getMessage(), e));
      return result;
    }
    boolean ip4 = target.getAddress() instanceof Inet4Address;
    bootstrap
        .clone()
        // Left alone, the JDK makes a socket for IPv4 addresses that takes IPv6 as well.
        .channelFactory(
            () ->
                ip4
                    ? new NioServerSocketChannel(
                        SelectorProvider.provider(), SocketProtocolFamily.INET)
                    : new NioServerSocketChannel())
        .bind(target)
        .addListener(
            (ChannelFuture binding) -> {
              if (binding.isSuccess()) {
                keep(binding.channel());
                result.complete(
                    Multiaddr.fromSocketAddress(
                        (InetSocketAddress) binding.channel().localAddress()));
              } else if (isWildcard(address) && bound.stream().anyMatch(b -> covers(b, address))) {
                result.complete(address);
              } else {
                result.completeExceptionally(unavailable(address, binding.cause()));
              }
            });
    return result;
  }

  private synchronized void keep(Channel channel) {
    listening.add(channel);
  }

  @Override
  public int halfOpen() {
    return limiter.halfOpen();
  }

  /** Accepted connections that are open. */
  public int inbound() {
    return limiter.open();
  }

  @Override
  public Executor executor() {
    return executor;
  }

  @Override
  public synchronized void stopListening() {
    listening.forEach(Channel::close);
    listening.clear();
  }

  /** Waits for the event loops to end, so it is not to be called on one of them. */
  @Override
  public void close() {
    stopListening();
    eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Override
  public Optional<Multiaddr> remoteAddress(Channel channel) {
    return multiaddr(channel.remoteAddress());
  }

  @Override
  public Optional<Multiaddr> localAddress(Channel channel) {
    return multiaddr(channel.localAddress());
  }

  private static Optional<Multiaddr> multiaddr(@Nullable SocketAddress address) {
    return address instanceof InetSocketAddress inet
        ? Optional.of(Multiaddr.fromSocketAddress(inet))
        : Optional.empty();
  }

  private WriteBufferWaterMark waterMark() {
    return new WriteBufferWaterMark(config.writeLowWater(), config.writeHighWater());
  }

  private RecvByteBufAllocator readSizes() {
    return new AdaptiveRecvByteBufAllocator(
        SMALLEST_READ, Math.min(USUAL_READ, config.maxRead()), config.maxRead());
  }

  private static <T> void complete(
      CompletableFuture<T> result, @Nullable T value, @Nullable Throwable error) {
    if (error != null) {
      result.completeExceptionally(error);
    } else {
      result.complete(value);
    }
  }

  /** An IPv6 wildcard socket takes IPv4 too, so it goes first where both are asked for. */
  private static List<Multiaddr> wildcard6First(List<Multiaddr> addresses) {
    return addresses.stream()
        .sorted(Comparator.comparing(a -> !(isWildcard(a) && a.has(MultiaddrProtocol.IP6))))
        .toList();
  }

  private static boolean covers(Multiaddr wildcard6, Multiaddr address) {
    return isWildcard(wildcard6)
        && wildcard6.has(MultiaddrProtocol.IP6)
        && wildcard6.tcpPort().equals(address.tcpPort());
  }

  private static boolean isWildcard(Multiaddr address) {
    return address.scope() == AddressScope.UNSPECIFIED;
  }

  private static InetSocketAddress socketAddress(Multiaddr address)
      throws UnknownHostException, SocketException {
    InetAddress ip =
        address.ip().orElseThrow(() -> new UnknownHostException("not an IP address: " + address));
    int port =
        address.tcpPort().orElseThrow(() -> new UnknownHostException("no TCP port: " + address));
    Optional<String> zone = address.component(IP6ZONE);
    if (zone.isPresent()) {
      NetworkInterface scope = NetworkInterface.getByName(zone.get());
      if (scope == null) {
        throw new UnknownHostException("no network interface " + zone.get() + ": " + address);
      }
      ip = Inet6Address.getByAddress(null, ip.getAddress(), scope);
    }
    return new InetSocketAddress(ip, port);
  }

  private static AddressUnavailableException unavailable(Multiaddr address, Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    String reason = message;
    if (cause instanceof BindException && message.contains("in use")) {
      reason = "the port is in use by another program; stop it or choose another port";
    } else if (cause instanceof BindException) {
      reason = "this machine does not have that address; choose one of its own or 0.0.0.0";
    } else if (message.contains("denied")) {
      reason = "ports below 1024 need special rights; choose a higher one";
    }
    return new AddressUnavailableException(address, reason, cause);
  }

  /** Turns away connections beyond the limits before they cost anything. */
  @ChannelHandler.Sharable
  private final class Gate extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      Channel channel = (Channel) message;
      if (!(channel.remoteAddress() instanceof InetSocketAddress remote)) {
        channel.unsafe().closeForcibly(); // gone already
        return;
      }
      AcceptLimiter.Answer answer = limiter.ask(remote.getAddress());
      if (answer instanceof AcceptLimiter.Answer.Admitted admitted) {
        channel.attr(ADMITTED).set(admitted);
        channel.closeFuture().addListener(closed -> admitted.closed());
        ctx.fireChannelRead(channel);
      } else if (answer instanceof AcceptLimiter.Answer.Refused refused) {
        LOG.debug("{}: closed on arrival: {}", remote, refused.reason());
        channel.unsafe().closeForcibly();
      }
    }
  }
}

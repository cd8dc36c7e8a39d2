package io.infernet.libp2p.testing;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.transport.Transport;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** Another's transport, for many hosts that dial with few threads; closing it does nothing. */
public final class SharedTransport implements Transport {

  private final Transport transport;

  public SharedTransport(Transport transport) {
    this.transport = transport;
  }

  @Override
  public boolean canDial(Multiaddr address) {
    return transport.canDial(address);
  }

  @Override
  public boolean isName(Multiaddr address) {
    return transport.isName(address);
  }

  @Override
  public CompletableFuture<List<Multiaddr>> resolve(Multiaddr name) {
    return transport.resolve(name);
  }

  @Override
  public <T> CompletableFuture<T> dial(
      Multiaddr address, Function<Channel, CompletableFuture<T>> upgrade) {
    return transport.dial(address, upgrade);
  }

  @Override
  public CompletableFuture<List<Multiaddr>> listen(
      List<Multiaddr> addresses, Function<Channel, ? extends CompletableFuture<?>> upgrade) {
    return transport.listen(addresses, upgrade);
  }

  @Override
  public Optional<Multiaddr> remoteAddress(Channel channel) {
    return transport.remoteAddress(channel);
  }

  @Override
  public Optional<Multiaddr> localAddress(Channel channel) {
    return transport.localAddress(channel);
  }

  @Override
  public int halfOpen() {
    return transport.halfOpen();
  }

  @Override
  public Executor executor() {
    return transport.executor();
  }

  @Override
  public void stopListening() {}

  @Override
  public void close() {}
}

package io.infernet.libp2p.transport;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * Listens and dials. What becomes of a channel is the business of the <em>upgrade</em> that the
 * caller passes: it puts its handlers into the new channel's pipeline, on the channel's event loop,
 * and its future says when the connection is ready.
 *
 * <p>Safe from any thread. The owner closes it.
 */
public interface Transport extends AutoCloseable {

  /** Whether {@link #dial} understands the address, or what {@link #resolve} makes of it. */
  boolean canDial(Multiaddr address);

  /** Whether the address begins with a name, to be resolved before it can be dialled. */
  boolean isName(Multiaddr address);

  /**
   * The addresses that a name stands for, best first; they may be names again.
   *
   * @param name may end in {@code /p2p}: then only addresses that may be of that peer count
   * @return fails with {@link io.infernet.libp2p.host.PeerUnavailableException} when there are none
   */
  CompletableFuture<List<Multiaddr>> resolve(Multiaddr name);

  /**
   * Connects to an address for which {@link #canDial} is true and that is no name. Waits without
   * limit.
   *
   * @return what the upgrade makes; fails with {@link
   *     io.infernet.libp2p.host.PeerUnavailableException} when nobody answers. Completing it from
   *     outside ends the attempt.
   */
  <T> CompletableFuture<T> dial(Multiaddr address, Function<Channel, CompletableFuture<T>> upgrade);

  /**
   * Accepts connections. One whose upgrade fails is closed.
   *
   * @return the addresses bound, with real ports, in the same order; fails with {@link
   *     io.infernet.libp2p.host.AddressUnavailableException}, and then listens on none
   */
  CompletableFuture<List<Multiaddr>> listen(
      List<Multiaddr> addresses, Function<Channel, ? extends CompletableFuture<?>> upgrade);

  /** Where the other end of a channel is; empty once it is closed. */
  Optional<Multiaddr> remoteAddress(Channel channel);

  /** Where this end of a channel is; empty once it is closed. */
  Optional<Multiaddr> localAddress(Channel channel);

  /** Accepted connections whose upgrade is not over. */
  int halfOpen();

  /** Runs one task at a time, for the bookkeeping of its user. */
  Executor executor();

  /** Stops listening; connections go on. */
  void stopListening();

  /** Closes everything and releases the threads. */
  @Override
  void close();
}

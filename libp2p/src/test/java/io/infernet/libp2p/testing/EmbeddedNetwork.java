package io.infernet.libp2p.testing;

import io.infernet.libp2p.host.HostConfig;
import io.infernet.libp2p.host.NettyHost;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.transport.Transport;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * {@link NettyHost}s in one thread and on virtual time: everything above the sockets is real, bytes
 * move between {@link EmbeddedPair}s in an order and in pieces that follow from a seed.
 */
public final class EmbeddedNetwork implements AutoCloseable {

  private final VirtualTime time = new VirtualTime();
  private final SplittableRandom random;
  private final Map<Multiaddr, EmbeddedTransport> listening = new HashMap<>();
  private final List<EmbeddedPair> pairs = new ArrayList<>();
  private final List<NettyHost> hosts = new ArrayList<>();

  public EmbeddedNetwork(long seed) {
    this.random = new SplittableRandom(seed);
  }

  public VirtualTime time() {
    return time;
  }

  /** A started host that listens at an address of its own. */
  public NettyHost host(int identity, HostConfig config) {
    Multiaddr address = Multiaddr.parse("/ip4/10.0.0." + (hosts.size() + 1) + "/tcp/4001");
    NettyHost host =
        new NettyHost(
            TestIdentities.privateKey(identity),
            config.listeningOn(List.of(address)),
            time,
            time,
            new EmbeddedTransport(address),
            AeadFactory.fastest(),
            new SecureRandom());
    hosts.add(host);
    host.start().join();
    return host;
  }

  /** Moves bytes until none are left, and the time by {@code duration} in between. */
  public void run(Duration duration) {
    long end = time.nanoTime() + duration.toNanos();
    while (true) {
      settle();
      Optional<Duration> next = time.untilNext();
      if (next.isEmpty() || time.nanoTime() + next.get().toNanos() > end) {
        time.advance(Duration.ofNanos(end - time.nanoTime()));
        settle();
        return;
      }
      time.runNext();
    }
  }

  /** Moves bytes in random order until none are left, without moving the time. */
  private void settle() {
    int idle = 0;
    while (idle <= pairs.size()) {
      time.runDue();
      boolean moved = !pairs.isEmpty() && pairs.get(random.nextInt(pairs.size())).step();
      if (moved) {
        idle = 0;
      } else {
        idle++;
        if (idle > pairs.size() && List.copyOf(pairs).stream().anyMatch(EmbeddedPair::step)) {
          idle = 0;
        }
      }
    }
  }

  @Override
  public void close() {
    hosts.forEach(NettyHost::close);
    settle();
    pairs.forEach(EmbeddedPair::close);
  }

  private final class EmbeddedTransport implements Transport {

    private final Multiaddr address;
    private final Map<Channel, Multiaddr> remotes = new HashMap<>();
    private @Nullable Function<Channel, ? extends CompletableFuture<?>> accept;

    EmbeddedTransport(Multiaddr address) {
      this.address = address;
    }

    @Override
    public boolean canDial(Multiaddr target) {
      return true;
    }

    @Override
    public boolean isName(Multiaddr target) {
      return false;
    }

    @Override
    public CompletableFuture<List<Multiaddr>> resolve(Multiaddr name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> CompletableFuture<T> dial(
        Multiaddr target, Function<Channel, CompletableFuture<T>> upgrade) {
      CompletableFuture<T> result = new CompletableFuture<>();
      // A connection takes a moment, so that both sides can dial before either is connected.
      time.schedule(
          Duration.ofMillis(random.nextInt(5)),
          () -> {
            EmbeddedTransport remote = listening.get(target);
            if (remote == null || remote.accept == null) {
              result.completeExceptionally(new PeerUnavailableException("nobody listens there"));
            } else if (!result.isDone()) {
              connect(remote, remote.accept, upgrade, result);
            }
          });
      return result;
    }

    private <T> void connect(
        EmbeddedTransport remote,
        Function<Channel, ? extends CompletableFuture<?>> accept,
        Function<Channel, CompletableFuture<T>> upgrade,
        CompletableFuture<T> result) {
      EmbeddedChannel here = new EmbeddedChannel();
      EmbeddedChannel there = new EmbeddedChannel();
      remotes.put(here, remote.address);
      remote.remotes.put(there, address);
      pairs.add(new EmbeddedPair(here, there, EmbeddedPair.Splitter.seeded(random.nextLong())));
      accept
          .apply(there)
          .whenComplete(
              (made, error) -> {
                if (error != null) {
                  there.close();
                }
              });
      upgrade
          .apply(here)
          .whenComplete(
              (made, error) -> {
                if (error != null) {
                  result.completeExceptionally(error);
                } else {
                  result.complete(made);
                }
              });
      result.whenComplete(
          (made, error) -> {
            if (error != null) {
              here.close();
            }
          });
    }

    @Override
    public CompletableFuture<List<Multiaddr>> listen(
        List<Multiaddr> addresses, Function<Channel, ? extends CompletableFuture<?>> upgrade) {
      accept = upgrade;
      listening.put(address, this);
      return CompletableFuture.completedFuture(addresses);
    }

    @Override
    public Optional<Multiaddr> remoteAddress(Channel channel) {
      return Optional.ofNullable(remotes.get(channel));
    }

    @Override
    public Optional<Multiaddr> localAddress(Channel channel) {
      return Optional.of(address);
    }

    @Override
    public int halfOpen() {
      return 0;
    }

    @Override
    public Executor executor() {
      return time;
    }

    @Override
    public void stopListening() {
      listening.remove(address, this);
    }

    @Override
    public void close() {
      stopListening();
    }
  }
}

package io.infernet.libp2p.testing;

import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.HostConfig;
import io.infernet.libp2p.host.NettyHost;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.transport.tcp.SystemResolver;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Real hosts on loopback TCP for one test, which closes them all. */
public final class LoopbackNetwork implements AutoCloseable {

  /** Any port of the loopback interface. */
  public static final Multiaddr ANY_PORT = Multiaddr.parse("/ip4/127.0.0.1/tcp/0");

  /** No single step of a test takes nearly this long; it only keeps a failed one from hanging. */
  private static final int AWAIT_SECONDS = 30;

  private final ThreadScheduler scheduler = new ThreadScheduler("test timers");
  private final SystemResolver resolver = new SystemResolver(1);
  private final List<NettyHost> hosts = new ArrayList<>();

  /** A started host with default settings that listens on any port. */
  public NettyHost host(int identity) {
    return host(identity, HostConfig.defaults().listeningOn(List.of(ANY_PORT)));
  }

  /** A started host. */
  public NettyHost host(int identity, HostConfig config) {
    return host(TestIdentities.privateKey(identity), config);
  }

  /** A started host. */
  public NettyHost host(PrivateKey identity, HostConfig config) {
    NettyHost host = unstarted(identity, config);
    await(host.start());
    return host;
  }

  /** A host that was not started yet. */
  public NettyHost unstarted(PrivateKey identity, HostConfig config) {
    NettyHost host =
        new NettyHost(
            identity,
            config,
            scheduler,
            Ticker.system(),
            resolver,
            AeadFactory.fastest(),
            new SecureRandom());
    hosts.add(host);
    return host;
  }

  /** What is needed to dial a host. */
  public static PeerInfo info(NettyHost host) {
    return new PeerInfo(host.peerId(), host.listenAddresses());
  }

  /** The result of a future that is bound to be done soon. */
  public static <T> T await(CompletableFuture<T> future) {
    settle(future);
    try {
      return future.join();
    } catch (CompletionException e) {
      throw new AssertionError(e.getCause().getMessage(), e.getCause());
    }
  }

  /** Why a future failed. */
  public static Throwable awaitFailure(CompletableFuture<?> future) {
    settle(future);
    try {
      throw new AssertionError("did not fail but gave " + future.join());
    } catch (CompletionException e) {
      return e.getCause();
    }
  }

  /** Waits until a future is done, in whatever way. */
  public static void settle(CompletableFuture<?> future) {
    try {
      future.handle((value, error) -> "done").get(AWAIT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException | InterruptedException e) {
      throw new AssertionError("still waiting", e);
    }
  }

  public ThreadScheduler scheduler() {
    return scheduler;
  }

  @Override
  public void close() {
    hosts.forEach(NettyHost::close);
    resolver.close();
    scheduler.close();
  }
}

package io.infernet.libp2p.transport.tcp;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Looks up the IP addresses of a name. Safe from any thread and never blocks. */
@FunctionalInterface
public interface AddressResolver {

  /**
   * All addresses of {@code name}, best first.
   *
   * @return fails with {@link io.infernet.libp2p.host.PeerUnavailableException} when there are none
   */
  CompletableFuture<List<InetAddress>> resolve(String name);
}

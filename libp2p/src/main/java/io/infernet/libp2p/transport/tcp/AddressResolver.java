package io.infernet.libp2p.transport.tcp;

import io.infernet.libp2p.host.PeerUnavailableException;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Asks DNS, or whatever else knows names. Safe from any thread and never blocks. */
@FunctionalInterface
public interface AddressResolver {

  /**
   * All addresses of {@code name}, best first.
   *
   * @return fails with {@link PeerUnavailableException} when there are none
   */
  CompletableFuture<List<InetAddress>> resolve(String name);

  /**
   * The TXT records of {@code name}, each with its strings joined; none when there is no such name.
   *
   * @return fails with {@link PeerUnavailableException} when nobody can be asked
   */
  default CompletableFuture<List<String>> texts(String name) {
    return CompletableFuture.failedFuture(
        new PeerUnavailableException("there is no DNS to look up " + name));
  }
}

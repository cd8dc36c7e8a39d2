package io.infernet.libp2p.transport.tcp;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.MultiaddrProtocol;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a {@code /dnsaddr} stands for: the TXT records of {@code _dnsaddr.} and the name, each
 * {@code dnsaddr=} and an address, which may be a {@code /dnsaddr} again. What follows the name, as
 * a rule {@code /p2p} and a peer, must also be the end of an address for it to count. Safe from any
 * thread.
 *
 * @see <a href="https://github.com/multiformats/multiaddr/blob/master/protocols/DNSADDR.md">
 *     DNSADDR</a>
 */
public final class DnsaddrResolver {

  private static final String LABEL = "_dnsaddr.";
  private static final String ATTRIBUTE = "dnsaddr=";

  private final AddressResolver names;
  private final DnsaddrConfig config;

  public DnsaddrResolver(AddressResolver names, DnsaddrConfig config) {
    this.names = requireNonNull(names, "names is null");
    this.config = requireNonNull(config, "config is null");
  }

  /** Whether there is something to find. */
  public static boolean isDnsaddr(Multiaddr address) {
    return !address.isEmpty()
        && address.components().get(0).protocol() == MultiaddrProtocol.DNSADDR;
  }

  /**
   * The addresses that {@code dnsaddr} stands for, with {@code /p2p} where their records have it;
   * none is a {@code /dnsaddr}. What cannot be understood is left out.
   *
   * @return fails with {@link PeerUnavailableException} when there are none
   */
  public CompletableFuture<List<Multiaddr>> resolve(Multiaddr dnsaddr) {
    Search search = new Search();
    return search
        .follow(dnsaddr, 1)
        .thenApply(done -> search.found())
        .thenCompose(
            found ->
                found.isEmpty()
                    ? CompletableFuture.failedFuture(
                        new PeerUnavailableException(search.failure(dnsaddr)))
                    : CompletableFuture.completedFuture(found));
  }

  /** One search, whose branches may go on in several threads. */
  private final class Search {

    // Guarded by this.
    private final Set<Multiaddr> addresses = new LinkedHashSet<>();
    private final Set<Multiaddr> followed = new HashSet<>();
    private String error = "";

    CompletableFuture<Void> follow(Multiaddr dnsaddr, int depth) {
      synchronized (this) {
        if (depth > config.maxDepth()
            || followed.size() >= config.maxLookups()
            || !followed.add(dnsaddr)) {
          return CompletableFuture.completedFuture(null);
        }
      }
      return names
          .texts(LABEL + dnsaddr.host().orElseThrow())
          .handle(
              (texts, failure) -> {
                if (failure != null) {
                  fail(failure);
                  return List.<String>of();
                }
                return texts;
              })
          .thenCompose(texts -> take(texts, dnsaddr, depth));
    }

    private CompletableFuture<Void> take(List<String> texts, Multiaddr dnsaddr, int depth) {
      List<Multiaddr.Component> all = dnsaddr.components();
      List<Multiaddr.Component> suffix = all.subList(1, all.size());
      List<CompletableFuture<Void>> deeper = new ArrayList<>();
      for (String text : texts) {
        Multiaddr address = parse(text);
        if (address == null || !endsWith(address, suffix)) {
          continue;
        }
        if (isDnsaddr(address)) {
          deeper.add(follow(address, depth + 1));
        } else {
          add(address);
        }
      }
      return CompletableFuture.allOf(deeper.toArray(CompletableFuture<?>[]::new));
    }

    private synchronized void add(Multiaddr address) {
      if (addresses.size() < config.maxAddresses()) {
        addresses.add(address);
      }
    }

    private synchronized void fail(Throwable failure) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      error =
          failure instanceof PeerUnavailableException ? failure.getMessage() : cause.getMessage();
    }

    synchronized List<Multiaddr> found() {
      return List.copyOf(addresses);
    }

    synchronized String failure(Multiaddr dnsaddr) {
      return error == null || error.isEmpty()
          ? "DNS has no address for " + dnsaddr
          : dnsaddr + ": " + error;
    }
  }

  private static boolean endsWith(Multiaddr address, List<Multiaddr.Component> suffix) {
    List<Multiaddr.Component> all = address.components();
    return all.size() >= suffix.size()
        && all.subList(all.size() - suffix.size(), all.size()).equals(suffix);
  }

  private static @Nullable Multiaddr parse(String text) {
    if (!text.startsWith(ATTRIBUTE)) {
      return null;
    }
    try {
      return Multiaddr.parse(text.substring(ATTRIBUTE.length()));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}

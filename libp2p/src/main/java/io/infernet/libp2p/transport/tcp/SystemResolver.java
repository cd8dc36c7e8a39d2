package io.infernet.libp2p.transport.tcp;

import io.infernet.libp2p.host.PeerUnavailableException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Resolves as the operating system does. Its calls block, so they have threads of their own, which
 * end when idle; the owner closes it.
 */
public final class SystemResolver implements AddressResolver, AutoCloseable {

  private static final int MAX_WAITING = 256;

  private final ThreadPoolExecutor executor;

  /**
   * @param threads look-ups at once
   */
  public SystemResolver(int threads) {
    executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            runnable -> {
              Thread thread = new Thread(runnable, "name resolver");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
  }

  @Override
  public CompletableFuture<List<InetAddress>> resolve(String name) {
    CompletableFuture<List<InetAddress>> result = new CompletableFuture<>();
    try {
      executor.execute(
          () -> {
            try {
              result.complete(List.of(InetAddress.getAllByName(name)));
            } catch (UnknownHostException e) {
              result.completeExceptionally(
                  new PeerUnavailableException("the name " + name + " is not known", e));
            }
          });
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(
          new PeerUnavailableException("too many names wait to be resolved", e));
    }
    return result;
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}

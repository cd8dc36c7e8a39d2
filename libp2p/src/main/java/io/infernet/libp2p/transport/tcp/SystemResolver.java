package io.infernet.libp2p.transport.tcp;

import io.infernet.libp2p.host.PeerUnavailableException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.DirContext;
import javax.naming.directory.InitialDirContext;

/**
 * Resolves as the operating system does, TXT records by its DNS servers. Its calls block, so they
 * have threads of their own, which end when idle; the owner closes it.
 */
public final class SystemResolver implements AddressResolver, AutoCloseable {

  private static final int MAX_WAITING = 256;

  /** The servers that the operating system has been told of. */
  private static final String SYSTEM_SERVERS = "dns:";

  /** What a name consists of; what else there is, JNDI might take for something. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,253}");

  /** The wait for the first answer in milliseconds; it doubles with each try. */
  private static final String FIRST_TIMEOUT = "1000";

  private static final String TRIES = "3";

  private final ThreadPoolExecutor executor;
  private final String servers;

  /**
   * @param threads look-ups at once
   */
  public SystemResolver(int threads) {
    this(threads, SYSTEM_SERVERS);
  }

  /**
   * @param servers asked for TXT records: {@code dns://HOST:PORT}, several with blanks between them
   */
  SystemResolver(int threads, String servers) {
    this.servers = servers;
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
    return look(
        () -> {
          try {
            return List.of(InetAddress.getAllByName(name));
          } catch (UnknownHostException e) {
            throw new PeerUnavailableException("the name " + name + " is not known", e);
          }
        });
  }

  @Override
  public CompletableFuture<List<String>> texts(String name) {
    return look(() -> query(name));
  }

  // What JNDI warns of is what other directories hold: the attribute TXT of DNS is text.
  @SuppressWarnings("BanJNDI")
  private List<String> query(String name) throws PeerUnavailableException {
    if (!NAME.matcher(name).matches()) {
      return List.of();
    }
    Hashtable<String, String> environment = new Hashtable<>();
    environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
    environment.put(Context.PROVIDER_URL, servers);
    environment.put("com.sun.jndi.dns.timeout.initial", FIRST_TIMEOUT);
    environment.put("com.sun.jndi.dns.timeout.retries", TRIES);
    List<String> texts = new ArrayList<>();
    try {
      DirContext context = new InitialDirContext(environment);
      try {
        Attribute records = context.getAttributes(name, new String[] {"TXT"}).get("TXT");
        for (int i = 0; records != null && i < records.size(); i++) {
          // JNDI puts a blank between the strings of a record.
          texts.add(String.valueOf(records.get(i)).replace(" ", ""));
        }
      } finally {
        context.close();
      }
    } catch (NameNotFoundException e) {
      return List.of();
    } catch (NamingException e) {
      throw new PeerUnavailableException("DNS does not answer for " + name, e);
    }
    return texts;
  }

  private interface LookUp<T> {
    T run() throws PeerUnavailableException;
  }

  private <T> CompletableFuture<T> look(LookUp<T> lookUp) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      executor.execute(
          () -> {
            try {
              result.complete(lookUp.run());
            } catch (PeerUnavailableException | RuntimeException e) {
              result.completeExceptionally(e);
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

package io.infernet.inference.engine.remote;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.concurrent.Scheduler;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The servers behind this node: looks at them again and again, so that a model is there seconds
 * after its server is, and gone seconds after it went. Safe from any thread; its owner starts and
 * closes it.
 *
 * <p>A server that was only found, not named, is left alone when it is a node of ours (it speaks
 * for itself, and asking it could go in circles) and gets no key.
 */
public final class Backends implements AutoCloseable {

  /**
   * The header of a request to a backend. A node that is asked with it answers with its own models
   * alone, so that no request goes from node to node in circles.
   */
  public static final String HOP_HEADER = "Infernet-Backend";

  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

  /** What the HTTP client does takes no time; listeners hand over and return. */
  private static final int HTTP_THREADS = 2;

  private final BackendConfig config;
  private final Scheduler scheduler;
  private final ExecutorService threads;

  // Guarded by this.
  private final Map<URI, BackendServer> servers = new LinkedHashMap<>();
  private Runnable onChange = () -> {};
  private boolean started;
  private boolean closed;

  /** Asks nobody yet. */
  public Backends(BackendConfig config, Scheduler scheduler) {
    this.config = requireNonNull(config, "config is null");
    this.scheduler = requireNonNull(scheduler, "scheduler is null");
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            HTTP_THREADS,
            HTTP_THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "backends");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    threads = pool;
    if (config.urls().isEmpty() && !config.discover()) {
      return;
    }
    HttpClient http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(HttpClient.Builder.NO_PROXY)
            .connectTimeout(config.connectTimeout())
            .executor(pool)
            .build();
    config.urls().forEach(url -> add(url, true, http));
    if (config.discover()) {
      config.ports().forEach(port -> add(URI.create("http://127.0.0.1:" + port), false, http));
    }
  }

  private void add(URI url, boolean named, HttpClient http) {
    BackendClient client =
        new BackendClient(url, named ? config.apiKey() : "", http, config, scheduler);
    servers.putIfAbsent(url, new BackendServer(client, new BackendProbe(client, config), named));
  }

  /**
   * Looks at all servers from now on.
   *
   * @param listener called when a model came or went, on any thread; must be quick
   * @return done, never failed, when each was looked at once
   */
  public CompletableFuture<Void> start(Runnable listener) {
    List<BackendServer> all;
    synchronized (this) {
      if (started) {
        throw new IllegalStateException("started already");
      }
      started = true;
      onChange = listener;
      all = List.copyOf(servers.values());
    }
    return CompletableFuture.allOf(
        all.stream().map(this::look).toArray(CompletableFuture<?>[]::new));
  }

  /** Looks at each server once, for those who do not {@link #start}. Never fails. */
  public CompletableFuture<Void> lookOnce() {
    List<BackendServer> all;
    synchronized (this) {
      all = List.copyOf(servers.values());
    }
    return CompletableFuture.allOf(
        all.stream().map(this::look).toArray(CompletableFuture<?>[]::new));
  }

  private CompletableFuture<Void> look(BackendServer server) {
    synchronized (this) {
      if (closed || server.looking) {
        return CompletableFuture.completedFuture(null);
      }
      server.looking = true;
    }
    return server
        .probe
        .look()
        .handle(
            (seen, error) -> {
              if (seen != null) {
                saw(server, seen);
              } else {
                missed(server, message(error));
              }
              again(server);
              return null;
            });
  }

  private static String message(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    return cause instanceof InfernetException ? cause.getMessage() : cause.toString();
  }

  private void saw(BackendServer server, BackendProbe.Sighting seen) {
    if (seen.kind() == BackendKind.INFERNET && !server.named) {
      missed(
          server,
          "an Infernet node, which speaks for itself; to use it all the same, name it in"
              + " backend.urls");
      return;
    }
    boolean changed;
    boolean isNew;
    synchronized (this) {
      isNew = !server.up;
      changed = isNew || !server.models.equals(seen.models());
      server.up = true;
      server.failures = 0;
      server.detail = "";
      server.kind = Optional.of(seen.kind());
      server.models = seen.models();
      server.slots = seen.slots();
    }
    if (isNew) {
      LOG.info(
          "backend {} at {}: {} models", seen.kind(), server.client.base(), seen.models().size());
    }
    if (changed) {
      tell();
    }
  }

  private void missed(BackendServer server, String detail) {
    boolean wasUp;
    boolean isNews;
    synchronized (this) {
      wasUp = server.up;
      isNews = !server.detail.equals(detail);
      server.up = false;
      server.failures++;
      server.detail = detail;
      server.models = List.of();
    }
    if (isNews && (wasUp || server.named)) {
      LOG.warn("no backend: {}", detail);
    }
    if (wasUp) {
      tell();
    }
  }

  /** One look follows another, however many were made between because requests failed. */
  private synchronized void again(BackendServer server) {
    server.looking = false;
    if (!started || closed) {
      return;
    }
    Duration pause = config.probeInterval();
    for (int i = 1; i < server.failures && pause.compareTo(config.maxProbePause()) < 0; i++) {
      pause = pause.multipliedBy(2);
    }
    Duration next = pause.compareTo(config.maxProbePause()) < 0 ? pause : config.maxProbePause();
    server.nextLook.cancel();
    server.nextLook = scheduler.schedule(next, () -> look(server));
  }

  private void tell() {
    Runnable listener;
    synchronized (this) {
      if (closed) {
        return;
      }
      listener = onChange;
    }
    listener.run();
  }

  /** The models that can be asked for now, in the order of the servers, each name once. */
  public synchronized List<BackendModel> models() {
    Map<ModelName, BackendModel> models = new LinkedHashMap<>();
    servers.values().stream()
        .flatMap(server -> server.models.stream())
        .forEach(model -> models.putIfAbsent(model.name(), model));
    return List.copyOf(models.values());
  }

  /** The model of that name, if a server has it now. */
  public synchronized Optional<BackendModel> find(ModelName name) {
    return models().stream().filter(model -> model.name().equals(name)).findFirst();
  }

  /** Where a model runs, such as {@code ollama at http://127.0.0.1:11434}. */
  public Optional<String> whereabouts(ModelName name) {
    return status().stream()
        .filter(server -> server.models().stream().anyMatch(own -> own.name().equals(name)))
        .findFirst()
        .map(server -> server.kind().map(kind -> kind + " at ").orElse("") + server.url());
  }

  /** How each server is; those that were neither named nor found are left out. */
  public synchronized List<BackendStatus> status() {
    return servers.values().stream()
        .filter(server -> server.named || server.up)
        .map(BackendServer::status)
        .toList();
  }

  /** Answers under way and answers that could be, of the servers that have the model. */
  synchronized Load load(ModelName name) {
    int running = 0;
    int slots = 0;
    for (BackendServer server : servers.values()) {
      if (server.find(name) != null) {
        running += server.running;
        slots += slots(server);
      }
    }
    return new Load(running, slots);
  }

  /** How busy servers are. */
  record Load(int running, int slots) {}

  private int slots(BackendServer server) {
    return Math.min(config.maxRequests(), server.slots.orElse(config.maxRequests()));
  }

  BackendConfig config() {
    return config;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  /**
   * A place at the least busy server that has the model.
   *
   * @throws EngineBusyException when all are as busy as they may be
   * @throws BackendException when no server has it
   */
  synchronized Place take(ModelName name) {
    List<BackendServer> having = new ArrayList<>();
    for (BackendServer server : servers.values()) {
      if (server.find(name) != null) {
        having.add(server);
      }
    }
    if (having.isEmpty() || closed) {
      throw new BackendException("no backend serves " + name + " any more");
    }
    BackendServer best = null;
    double least = Double.MAX_VALUE;
    for (BackendServer server : having) {
      double busy = (double) server.running / slots(server);
      if (server.running < slots(server) && busy < least) {
        best = server;
        least = busy;
      }
    }
    if (best == null) {
      throw new EngineBusyException(having.stream().mapToInt(server -> server.running).sum(), 0);
    }
    best.running++;
    return new Place(best, requireNonNull(best.find(name)));
  }

  /** One request's place at a server. */
  final class Place {
    private final BackendServer server;
    private final BackendModel model;
    private final AtomicBoolean left = new AtomicBoolean();

    private Place(BackendServer server, BackendModel model) {
      this.server = server;
      this.model = model;
    }

    BackendClient client() {
      return server.client;
    }

    BackendModel model() {
      return model;
    }

    BackendKind kind() {
      synchronized (Backends.this) {
        return server.kind.orElse(BackendKind.OTHER);
      }
    }

    /** Makes room for another one; the first call counts. */
    void leave() {
      if (left.compareAndSet(false, true)) {
        synchronized (Backends.this) {
          server.running--;
        }
      }
    }

    /** Makes room because the request failed: the server may be gone. */
    void leave(Throwable error) {
      leave();
      if (error instanceof BackendClient.UnreachableException) {
        missed(server, String.valueOf(error.getMessage()));
      } else if (!(error instanceof BackendClient.OverloadedException)) {
        synchronized (Backends.this) {
          if (!started) {
            return;
          }
        }
        look(server);
      }
    }
  }

  /** Asks nobody any more. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    threads.shutdown();
  }
}

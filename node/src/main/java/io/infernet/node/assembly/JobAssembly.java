package io.infernet.node.assembly;

import io.infernet.discovery.directory.Directory;
import io.infernet.discovery.directory.DirectoryLimits;
import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.libp2p.concurrent.EventThread;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.config.Role;
import io.infernet.node.job.ChatServiceConfig;
import io.infernet.node.job.JobClient;
import io.infernet.node.job.JobClientConfig;
import io.infernet.node.job.JobProvider;
import io.infernet.node.job.JobProviderConfig;
import io.infernet.node.job.LocalEncodeService;
import io.infernet.node.job.NetworkChatService;
import io.infernet.node.job.ProviderSelector;
import io.infernet.node.job.SelectorConfig;
import io.infernet.node.job.ServedModels;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Jobs: who serves what, the provider's side, and the client's side that all front ends use. */
final class JobAssembly implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(JobAssembly.class);

  private static final int EVENT_QUEUE = 8_192;
  private static final int BACKGROUND_QUEUE = 4_096;

  /** Tokenizing is short, and the cores have better to do. */
  private static final int BACKGROUND_THREADS = 2;

  private final NodeConfig config;
  private final InferenceAssembly inference;
  private final Directory directory;
  private final ServedModels served;
  private final Scheduler scheduler;
  private final EventThread providerThread = new EventThread("provider", EVENT_QUEUE);
  private final EventThread clientThread = new EventThread("client", EVENT_QUEUE);
  private final ThreadPoolExecutor background = pool("background", BACKGROUND_THREADS);
  private final JobProvider provider;
  private final NetworkChatService chat;
  private final LocalEncodeService encoder;

  JobAssembly(
      NodeConfig config,
      PrivateKey key,
      Host host,
      ServedModels served,
      Directory directory,
      InferenceAssembly inference,
      StorageAssembly stores,
      Scheduler scheduler,
      Clock clock,
      Ticker ticker,
      SecureRandom random) {
    this.config = config;
    this.served = served;
    this.inference = inference;
    this.directory = directory;
    this.scheduler = scheduler;
    provider =
        new JobProvider(
            host,
            key,
            inference.engine(),
            served,
            stores.receipts(),
            JobProviderConfig.defaults().withPrices(config.price()),
            providerThread,
            stores.executor(),
            scheduler,
            clock,
            ticker,
            directory::changed);
    chat =
        new NetworkChatService(
            host.peerId(),
            inference.models(),
            inference.codecs(),
            config.is(Role.CLIENT) ? Optional.of(directory) : Optional.empty(),
            new ProviderSelector(SelectorConfig.defaults(), clock, ticker, random),
            new JobClient(
                host,
                key,
                stores.receipts(),
                clientConfig(config.job()),
                clientThread,
                stores.executor(),
                scheduler),
            Optional.of(inference.engine()),
            stores.jobs(),
            chatConfig(config.job()),
            clientThread,
            background,
            scheduler,
            clock,
            ticker,
            random);
    encoder =
        new LocalEncodeService(
            inference.models(),
            inference.codecs(),
            inference.engine(),
            background,
            ChatServiceConfig.defaults().maxTokenizers());
  }

  private static JobClientConfig clientConfig(NodeConfig.Job job) {
    JobClientConfig defaults = JobClientConfig.defaults();
    return new JobClientConfig(
        defaults.limits(),
        defaults.connectTimeout(),
        defaults.quoteTimeout(),
        job.firstTokenTimeout(),
        max(defaults.coldFirstTokenTimeout(), job.firstTokenTimeout()),
        job.tokenTimeout(),
        defaults.closeTimeout());
  }

  private static ChatServiceConfig chatConfig(NodeConfig.Job job) {
    ChatServiceConfig defaults = ChatServiceConfig.defaults();
    return new ChatServiceConfig(
        defaults.defaultMaxTokens(),
        job.deadline(),
        max(defaults.maxDeadline(), job.deadline()),
        job.maxPrice(),
        defaults.maxJobs(),
        defaults.maxTokenizers(),
        defaults.maxAttempts(),
        defaults.retryPause(),
        defaults.directoryTimeout());
  }

  private static Duration max(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }

  private static ThreadPoolExecutor pool(String name, int threads) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(BACKGROUND_QUEUE),
            runnable -> {
              Thread thread = new Thread(runnable, name);
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  NetworkChatService chat() {
    return chat;
  }

  LocalEncodeService encoder() {
    return encoder;
  }

  /** Begins to serve what models there are, and the variants that are kept warm. */
  void start() {
    if (config.is(Role.PROVIDER)) {
      serveModels();
      provider.start();
    }
  }

  /** Looks again what can be served, and tells others. */
  void modelsChanged() {
    if (config.is(Role.PROVIDER)) {
      try {
        background.execute(
            () -> {
              serveModels();
              directory.changed();
            });
      } catch (RejectedExecutionException e) {
        LOG.warn("what this node serves has changed, but it is too busy to look, or closed");
      }
    }
  }

  private synchronized void serveModels() {
    // Others cannot ask for vectors or classes yet.
    served.set(
        Stream.concat(
                config.models().warm().stream().map(inference.models()::require),
                inference.models().list().stream())
            .distinct()
            .filter(model -> model.manifest().task() == ModelTask.GENERATE)
            .limit(DirectoryLimits.defaults().maxModels())
            .toList());
  }

  /**
   * Lets answers under way finish, up to {@code grace}; takes no new jobs of others.
   *
   * @return done when those of others have ended
   */
  CompletableFuture<Void> drain(Duration grace) {
    scheduler.schedule(grace, chat::close);
    return provider.drain(grace);
  }

  @Override
  public void close() {
    await(chat.stop());
    await(provider.drain(Duration.ZERO));
    provider.close();
    clientThread.close();
    providerThread.close();
    background.shutdown();
    await(background);
  }

  /** Jobs end and their readers hear of it before the threads do. */
  private static void await(CompletableFuture<Void> end) {
    try {
      end.get(5, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("jobs did not end: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void await(ThreadPoolExecutor pool) {
    try {
      if (!pool.awaitTermination(10, TimeUnit.SECONDS)) {
        pool.shutdownNow();
      }
    } catch (InterruptedException e) {
      pool.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}

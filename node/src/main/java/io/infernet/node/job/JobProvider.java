package io.infernet.node.job;

import io.infernet.inference.engine.InferenceEngine;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerRateLimiter;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.node.job.wire.JobCodec;
import io.infernet.node.job.wire.JobMessage;
import io.infernet.node.job.wire.Refusal;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.ReceiptVerifier;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes answers for others: serves {@code /infernet/job/1.0.0} with this machine's engine. State is
 * owned by the {@code executor} of the constructor; public methods are safe from any thread. Its
 * owner starts it, {@link #drain}s it and closes it.
 */
public final class JobProvider implements AutoCloseable {

  /** Keeps the connections of clients whose jobs are being worked on. */
  private static final String PROTECTION = "job-provider";

  final InferenceEngine engine;
  final ServedModels models;
  final PrivateKey key;
  final PeerId self;
  final ReceiptStore receipts;
  final JobProviderConfig config;
  final PatientExecutor executor;
  final Executor storage;
  final Scheduler scheduler;
  final Clock clock;
  final Ticker ticker;
  final JobCodec codec;
  final ReceiptVerifier verifier = new ReceiptVerifier();

  private final Host host;
  private final PeerRateLimiter rate;
  private final Runnable onLoadChanged;

  // Owned by the executor.
  private final Set<JobStreamHandler> handlers = new LinkedHashSet<>();
  private final Map<PeerId, Integer> jobsByPeer = new LinkedHashMap<>();
  private final Set<RequestKey> seen = new LinkedHashSet<>();
  private boolean draining;
  private Optional<CompletableFuture<Void>> drained = Optional.empty();

  private final AtomicInteger running = new AtomicInteger();

  /** What makes a request known again. */
  private record RequestKey(PeerId client, JobId job, int attempt) {}

  /**
   * @param key this node's, secp256k1; signs quotes and receipts
   * @param models what is served
   * @param executor the service's event thread
   * @param storage where the receipt store may wait for the disk
   * @param onLoadChanged called on the event thread when the number of running jobs has changed
   */
  public JobProvider(
      Host host,
      PrivateKey key,
      InferenceEngine engine,
      ServedModels models,
      ReceiptStore receipts,
      JobProviderConfig config,
      Executor executor,
      Executor storage,
      Scheduler scheduler,
      Clock clock,
      Ticker ticker,
      Runnable onLoadChanged) {
    if (key.type() != KeyType.SECP256K1) {
      throw new IllegalArgumentException("receipts need a secp256k1 key, not " + key.type());
    }
    this.host = host;
    this.key = key;
    this.self = PeerId.of(key.publicKey());
    this.engine = engine;
    this.models = models;
    this.receipts = receipts;
    this.config = config;
    this.executor = new PatientExecutor(executor, scheduler);
    this.storage = storage;
    this.scheduler = scheduler;
    this.clock = clock;
    this.ticker = ticker;
    this.onLoadChanged = onLoadChanged;
    this.codec = new JobCodec(config.limits());
    this.rate =
        new PeerRateLimiter(config.maxRequestsPerMinute(), config.maxRememberedRequests(), ticker);
  }

  /** Begins to serve. */
  public void start() {
    host.handle(JobMessage.PROTOCOL, this::onStream);
  }

  /** How many jobs are being worked on now. */
  public int running() {
    return running.get();
  }

  /**
   * Takes no new jobs and lets those under way finish.
   *
   * @param grace after that time they are ended, so that their clients go on elsewhere
   * @return done when no job is left
   */
  public CompletableFuture<Void> drain(Duration grace) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    executor.execute(
        () -> {
          draining = true;
          drained = Optional.of(done);
          completeDrain();
        });
    Scheduler.Cancellable limit =
        scheduler.schedule(grace, () -> executor.execute(() -> endAll("this node shuts down")));
    done.whenComplete((ok, error) -> limit.cancel());
    return done;
  }

  /** Serves no more; jobs under way are ended. */
  @Override
  public void close() {
    host.unhandle(JobMessage.PROTOCOL);
    executor.execute(
        () -> {
          draining = true;
          endAll("this node shuts down");
        });
  }

  private void endAll(String why) {
    List.copyOf(handlers)
        .forEach(handler -> handler.end(Refusal.of(Refusal.Reason.SHUTTING_DOWN, why)));
  }

  private void onStream(Stream stream) {
    executor.execute(() -> accept(stream));
  }

  private void accept(Stream stream) {
    PeerId peer = stream.connection().remotePeer();
    long ofPeer = handlers.stream().filter(handler -> handler.remote().equals(peer)).count();
    if (handlers.size() >= config.maxStreams() || ofPeer >= config.maxStreamsPerPeer()) {
      stream.reset();
      return;
    }
    MessageStream<JobMessage> messages = new MessageStream<>(stream, codec, executor);
    JobStreamHandler handler = new JobStreamHandler(this, messages);
    handlers.add(handler);
    handler.start();
  }

  void ended(JobStreamHandler handler) {
    handlers.remove(handler);
  }

  private void completeDrain() {
    if (running.get() == 0) {
      drained.ifPresent(done -> done.complete(null));
    }
  }

  /** Checks that need no look at what the request asks for; counts the request when it passes. */
  Optional<Refusal> admit(JobRequest request) {
    if (draining) {
      return Optional.of(Refusal.of(Refusal.Reason.SHUTTING_DOWN, ""));
    }
    PeerId client = request.client();
    if (!rate.tryAcquire(client)) {
      return Optional.of(busy("too many requests in a minute"));
    }
    if (jobsByPeer.getOrDefault(client, 0) >= config.maxJobsPerPeer()) {
      return Optional.of(busy("you have " + config.maxJobsPerPeer() + " jobs here already"));
    }
    if (!seen.add(new RequestKey(client, request.jobId(), request.attempt()))) {
      return Optional.of(Refusal.of(Refusal.Reason.REPLAY, ""));
    }
    if (seen.size() > config.maxRememberedRequests()) {
      seen.remove(seen.iterator().next());
    }
    return Optional.empty();
  }

  Refusal busy(String detail) {
    return new Refusal(Refusal.Reason.BUSY, detail, Optional.of(config.busyRetryAfter()));
  }

  void jobStarted(PeerId client) {
    if (jobsByPeer.merge(client, 1, Integer::sum) == 1) {
      host.protect(client, PROTECTION);
    }
    running.incrementAndGet();
    onLoadChanged.run();
  }

  void jobEnded(PeerId client) {
    if (jobsByPeer.computeIfPresent(client, (peer, jobs) -> jobs == 1 ? null : jobs - 1) == null) {
      host.unprotect(client, PROTECTION);
    }
    running.decrementAndGet();
    onLoadChanged.run();
    completeDrain();
  }
}

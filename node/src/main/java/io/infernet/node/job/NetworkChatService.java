package io.infernet.node.job;

import io.infernet.discovery.directory.Directory;
import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelRepository;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.JobId;
import java.time.Clock;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;

/**
 * Answers with the help of the network: providers first, and this machine's own engine when there
 * is none. State is owned by the {@code executor}; public methods are safe from any thread. Its
 * owner closes it.
 */
public final class NetworkChatService implements ChatService, AutoCloseable {

  private static final String SHUTS_DOWN = "this node shuts down";

  final PeerId self;
  final ModelRepository models;
  final Optional<Directory> directory;
  final ProviderSelector selector;
  final JobClient client;
  final Optional<InferenceEngine> engine;
  final JobStore jobs;
  final ChatServiceConfig config;
  final PatientExecutor executor;
  final Executor background;
  final Scheduler scheduler;
  final Clock clock;
  final Ticker ticker;

  private final TextCodecs codecs;

  // Guarded by this.
  private final RandomGenerator random;

  private final Set<ChatRun> running = new LinkedHashSet<>();
  private boolean closed;

  /**
   * @param self this node
   * @param models the models installed here, whose tokenizers and templates are used
   * @param codecs reads tokenizers and templates
   * @param directory who serves what; empty for a node that asks no others
   * @param engine this machine's own, if it may be used
   * @param executor the service's event thread, the same as the {@code client}'s
   * @param background where tokenizers run and stores may wait for the disk
   * @param random job ids, nonces and seeds come from it
   */
  public NetworkChatService(
      PeerId self,
      ModelRepository models,
      TextCodec.Source codecs,
      Optional<Directory> directory,
      ProviderSelector selector,
      JobClient client,
      Optional<InferenceEngine> engine,
      JobStore jobs,
      ChatServiceConfig config,
      Executor executor,
      Executor background,
      Scheduler scheduler,
      Clock clock,
      Ticker ticker,
      RandomGenerator random) {
    this.self = self;
    this.models = models;
    this.codecs = new TextCodecs(codecs, config.maxTokenizers());
    this.directory = directory;
    this.selector = selector;
    this.client = client;
    this.engine = engine;
    this.jobs = jobs;
    this.config = config;
    this.executor = new PatientExecutor(executor, scheduler);
    this.background = background;
    this.scheduler = scheduler;
    this.clock = clock;
    this.ticker = ticker;
    this.random = random;
  }

  @Override
  public ChatJob start(ChatRequest request) {
    return start(new ChatRun(this, request, newJobId(), false));
  }

  @Override
  public ChatJob startHere(ChatRequest request) {
    return start(new ChatRun(this, request, newJobId(), true));
  }

  private ChatJob start(ChatRun run) {
    Optional<InfernetException> refusal;
    synchronized (this) {
      if (closed) {
        refusal = Optional.of(new JobCancelledException(SHUTS_DOWN));
      } else if (running.size() >= config.maxJobs()) {
        refusal =
            Optional.of(
                new EngineBusyException(
                    config.maxJobs() + " answers are under way already; try again later"));
      } else {
        refusal = Optional.empty();
        running.add(run);
      }
    }
    if (refusal.isPresent()) {
      run.stop(refusal.get());
      return run;
    }
    try {
      background.execute(run::prepare);
    } catch (RejectedExecutionException e) {
      run.stop(new EngineBusyException("this machine is busy; try again later"));
    }
    return run;
  }

  /** Jobs that are under way, oldest first. */
  public List<JobRecord> running() {
    List<ChatRun> runs;
    synchronized (this) {
      runs = List.copyOf(running);
    }
    return runs.stream().map(ChatRun::record).toList();
  }

  /** Ends the job with that id, if it is under way; says whether it was. */
  public boolean cancel(JobId id) {
    Optional<ChatRun> found;
    synchronized (this) {
      found = running.stream().filter(run -> run.id().equals(id)).findFirst();
    }
    found.ifPresent(ChatRun::cancel);
    return found.isPresent();
  }

  /**
   * Takes no more requests and ends those under way.
   *
   * @return done, never failed, when all have ended; the event thread must live until then
   */
  public CompletableFuture<Void> stop() {
    List<ChatRun> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(running);
    }
    left.forEach(run -> run.stop(new JobCancelledException(SHUTS_DOWN)));
    return CompletableFuture.allOf(
            left.stream().map(ChatRun::result).toArray(CompletableFuture<?>[]::new))
        .handle((all, error) -> null);
  }

  /** Does the same as {@link #stop}, and does not wait. */
  @Override
  public void close() {
    stop();
  }

  synchronized void ended(ChatRun run) {
    running.remove(run);
  }

  private synchronized JobId newJobId() {
    return JobId.random(random);
  }

  synchronized long newLong() {
    return random.nextLong();
  }

  /** Reads the model's tokenizer now, so that no answer has to wait for it. May take a while. */
  public void prepare(InstalledModel model) {
    codec(model);
  }

  /** The model's codec, kept for the next time. May take a while. */
  TextCodec codec(InstalledModel model) {
    return codecs.of(model);
  }
}

package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.bench.NetworkBenchmark.Latency;
import io.infernet.libp2p.concurrent.Ticker;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * Measures what the network adds to the time to the first token: the same warm requests, in turns
 * at a provider and in the process that has the same engine. Blocks its caller.
 */
public final class JobBenchmark {

  /**
   * What is measured.
   *
   * @param jobs on each side
   * @param warmups before them, on each side
   * @param model who answers
   * @param prompt the text that is continued
   * @param maxTokens tokens of each answer
   */
  public record Config(int jobs, int warmups, String model, String prompt, int maxTokens) {
    public Config {
      requireNonNull(model, "model is null");
      requireNonNull(prompt, "prompt is null");
      if (jobs < 1 || warmups < 0 || maxTokens < 1) {
        throw new IllegalArgumentException("a figure of the benchmark is out of range");
      }
    }

    /** Three hundred short answers of the model that comes with the program. */
    public static Config defaults() {
      return new Config(300, 100, "storyteller", "Once upon a time", 4);
    }
  }

  /**
   * What was measured.
   *
   * @param jobs on each side
   * @param remote from the request to the first token of answers from the provider
   * @param local the same of answers made in the process
   * @param added what is left of the remote times without the local median
   */
  public record Result(int jobs, Latency remote, Latency local, Latency added) {
    public Result {
      requireNonNull(remote, "remote is null");
      requireNonNull(local, "local is null");
      requireNonNull(added, "added is null");
    }
  }

  private final ChatService remote;
  private final ChatService local;
  private final Config config;
  private final Ticker ticker;

  /**
   * Measures nothing yet.
   *
   * @param remote asks a provider
   * @param local answers with the provider's engine, in its process
   */
  public JobBenchmark(ChatService remote, ChatService local, Config config, Ticker ticker) {
    this.remote = remote;
    this.local = local;
    this.config = config;
    this.ticker = ticker;
  }

  /**
   * Measures.
   *
   * @throws IllegalStateException when an answer comes from the wrong side
   * @throws java.util.concurrent.CompletionException when a job fails
   */
  public Result run() {
    for (int i = 0; i < config.warmups(); i++) {
      firstToken(remote, false, i);
      firstToken(local, true, i);
    }
    long[] remoteNanos = new long[config.jobs()];
    long[] localNanos = new long[config.jobs()];
    for (int i = 0; i < config.jobs(); i++) {
      remoteNanos[i] = firstToken(remote, false, i);
      localNanos[i] = firstToken(local, true, i);
    }
    Latency inProcess = latency(localNanos, 0);
    return new Result(
        config.jobs(),
        latency(remoteNanos, 0),
        inProcess,
        latency(remoteNanos, inProcess.median().toNanos()));
  }

  private long firstToken(ChatService service, boolean expectLocal, long seed) {
    ChatRequest request =
        ChatRequest.builder(config.model())
            .text(config.prompt())
            .maxTokens(config.maxTokens())
            .seed(seed)
            .build();
    long start = ticker.nanoTime();
    ChatJob job = service.start(request);
    FirstToken first = new FirstToken(ticker);
    job.events().subscribe(first);
    ChatResult result = job.result().join();
    if (result.provider().local() != expectLocal) {
      throw new IllegalStateException("the answer came from " + result.provider());
    }
    return first.at.join() - start;
  }

  private static Latency latency(long[] nanos, long less) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Latency(
        Duration.ofNanos(sorted[sorted.length / 2] - less),
        Duration.ofNanos(sorted[(int) Math.ceil(sorted.length * 0.99) - 1] - less));
  }

  /** Notes when the first text with a token arrives. */
  private static final class FirstToken implements Flow.Subscriber<ChatEvent> {
    private final Ticker ticker;
    private final CompletableFuture<Long> at = new CompletableFuture<>();

    FirstToken(Ticker ticker) {
      this.ticker = ticker;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ChatEvent event) {
      if (event instanceof ChatEvent.Text text && !text.tokens().isEmpty()) {
        at.complete(ticker.nanoTime());
      }
    }

    @Override
    public void onError(Throwable error) {
      at.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      at.completeExceptionally(new IllegalStateException("the answer has no tokens"));
    }
  }
}

package io.infernet.inference.bench;

import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GeneratedToken;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.concurrent.Ticker;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Measures an engine from outside, as its users see it: everything from the request to the token is
 * counted, sampling too. No two prompts begin alike, so that nothing is answered from memory. Safe
 * from any thread; one measurement at a time means something.
 */
public final class EngineBenchmark {

  /** Share of a soak after which everything that is kept has been allocated. */
  private static final double SETTLED = 0.1;

  /** Length of a question that is asked while other answers are being made, in tokens. */
  private static final int PROBE_TOKENS = 32;

  /** Questions asked under load. */
  private static final int PROBES = 9;

  /**
   * What to measure.
   *
   * @param promptTokens length of the prompt
   * @param outputTokens length of the answer, at least 2
   * @param repeats answers, one after the other; figures are medians over them
   * @param streams how many answers to make at once, a measurement each
   * @param loadStreams answers that are being made while the time to the first token is taken of
   *     others; 0 leaves that out
   * @param longPrompt length of the prompt that is read meanwhile
   * @param sampling how tokens are chosen
   */
  public record Plan(
      int promptTokens,
      int outputTokens,
      int repeats,
      List<Integer> streams,
      int loadStreams,
      int longPrompt,
      SamplingParams sampling) {

    /** The longest context that an engine may be given. */
    private static final int MAX_TOKENS = 1 << 20;

    private static final int MAX_REPEATS = 10_000;
    private static final int MAX_STREAMS = 1024;

    public Plan {
      streams = List.copyOf(streams);
      requireRange("the length of the prompt", promptTokens, 1, MAX_TOKENS);
      requireRange("the length of the answer", outputTokens, 2, MAX_TOKENS);
      requireRange("the number of repeats", repeats, 1, MAX_REPEATS);
      streams.forEach(
          count -> requireRange("the number of answers at once", count, 1, MAX_STREAMS));
      requireRange("the number of answers beside", loadStreams, 0, MAX_STREAMS);
      if (loadStreams > 0 && longPrompt < 1) {
        throw new IllegalArgumentException("the long prompt has no tokens");
      }
    }

    /**
     * 128 tokens in, 128 out, greedy, five times; then 4, 16 and 64 at once; then the first token
     * beside 16 others and a prompt of 2,048. Prompt and answers are shorter where the context is.
     */
    public static Plan defaults(int contextLength) {
      int tokens = Math.max(2, Math.min(128, contextLength / 2));
      return new Plan(
          tokens,
          tokens,
          5,
          List.of(4, 16, 64),
          16,
          Math.max(1, Math.min(2048, contextLength - 2)),
          SamplingParams.greedy());
    }

    private static void requireRange(String what, int value, int min, int max) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(
            "%s must be from %d to %d, not %d".formatted(what, min, max, value));
      }
    }

    private int longest() {
      return Math.max(
          promptTokens + outputTokens,
          loadStreams == 0 ? 0 : Math.max(longPrompt, PROBE_TOKENS) + 1);
    }
  }

  /**
   * What was measured.
   *
   * @param model which model
   * @param loadMillis from the call of {@link InferenceEngine#load} until it was warm; near 0 when
   *     it was already
   * @param promptTokens length of the prompt
   * @param firstTokenMillis from the request to its first token
   * @param prefillTokensPerSecond the prompt's tokens in that time
   * @param outputTokens length of the answer
   * @param decodeTokensPerSecond from its first token to its last
   * @param streams several answers at once
   * @param underLoad the first token beside other work, unless the plan leaves it out
   * @param memoryBytes what the model takes
   * @param residentBytes what the whole process takes, 0 when the system does not say
   * @param memoryGigabytesPerSecond how fast memory was read, measured just after and with memory
   *     of its own
   */
  public record Result(
      ModelName model,
      double loadMillis,
      int promptTokens,
      double firstTokenMillis,
      double prefillTokensPerSecond,
      int outputTokens,
      double decodeTokensPerSecond,
      List<Streams> streams,
      List<UnderLoad> underLoad,
      long memoryBytes,
      long residentBytes,
      double memoryGigabytesPerSecond) {

    public Result {
      streams = List.copyOf(streams);
      underLoad = List.copyOf(underLoad);
    }
  }

  /**
   * Several answers at once.
   *
   * @param count how many
   * @param tokensPerSecond of all together, while all were being made
   * @param timesOne against one alone
   */
  public record Streams(int count, double tokensPerSecond, double timesOne) {}

  /**
   * How long a short question waits for its first token.
   *
   * @param streams answers that are being made beside it
   * @param longPrompt length of a prompt that is being read beside it, or 0
   * @param medianMillis from the request to the first token
   * @param worstMillis the longest of all
   */
  public record UnderLoad(int streams, int longPrompt, double medianMillis, double worstMillis) {}

  /**
   * Memory over many requests.
   *
   * @param requests answered
   * @param settledBytes the process after the first tenth of them
   * @param endBytes the process after all of them
   */
  public record Soak(int requests, long settledBytes, long endBytes) {}

  /**
   * What it costs to keep hidden states, which fingerprints are made of.
   *
   * @param pairs answers with and as many without, in turn
   * @param tokenMillis median time from a token to the next, without
   * @param tokenMillisWith the same with hidden states
   */
  public record Hidden(int pairs, double tokenMillis, double tokenMillisWith) {

    /** The difference, as a share of the time without. */
    public double cost() {
      return tokenMillisWith / tokenMillis - 1;
    }
  }

  /** When the tokens of an answer came, in the ticker's nanoseconds. */
  private record Sample(long start, long[] tokens) {
    double firstTokenNanos() {
      return tokens[0] - start;
    }

    double decodeNanos() {
      return last() - tokens[0];
    }

    long last() {
      return tokens[tokens.length - 1];
    }

    LongStream gaps() {
      return IntStream.range(1, tokens.length).mapToLong(i -> tokens[i] - tokens[i - 1]);
    }

    long between(long from, long to) {
      return Arrays.stream(tokens).filter(time -> time > from && time <= to).count();
    }
  }

  private final InferenceEngine engine;
  private final Ticker ticker;
  private final DoubleSupplier memoryBandwidth;
  private final LongSupplier residentBytes;
  private final AtomicInteger prompts = new AtomicInteger();

  /**
   * @param memoryBandwidth in gigabytes a second, such as {@link
   *     MemoryBandwidth#gigabytesPerSecond}
   * @param residentBytes memory of the process, such as {@link ResidentMemory#bytes}
   */
  public EngineBenchmark(
      InferenceEngine engine,
      Ticker ticker,
      DoubleSupplier memoryBandwidth,
      LongSupplier residentBytes) {
    this.engine = engine;
    this.ticker = ticker;
    this.memoryBandwidth = memoryBandwidth;
    this.residentBytes = residentBytes;
  }

  /**
   * Loads the model and has it answer.
   *
   * @throws IllegalArgumentException when prompt and answer do not fit the context
   */
  public CompletableFuture<Result> measure(InstalledModel model, Plan plan) {
    requireFit(model, plan.longest());
    long start = ticker.nanoTime();
    return engine
        .load(model)
        .thenCompose(
            loaded -> {
              double loadMillis = (ticker.nanoTime() - start) / 1e6;
              return inTurn(plan.repeats, i -> answer(model, plan, plan.promptTokens))
                  .thenCompose(alone -> several(model, plan, loadMillis, alone));
            });
  }

  private void requireFit(InstalledModel model, int tokens) {
    int context = engine.contextLength(model.manifest());
    if (tokens > context) {
      throw new IllegalArgumentException(
          "prompt and answer do not fit the context of " + context + " tokens");
    }
  }

  private CompletableFuture<Result> several(
      InstalledModel model, Plan plan, double loadMillis, List<Sample> alone) {
    double decode = (plan.outputTokens - 1) * 1e9 / median(alone, Sample::decodeNanos);
    return inTurn(plan.streams.size(), i -> streams(model, plan, plan.streams.get(i), decode))
        .thenCompose(
            streams ->
                inTurn(
                        plan.loadStreams == 0 ? 0 : 2,
                        i -> underLoad(model, plan, i == 0 ? 0 : plan.longPrompt))
                    .thenApplyAsync(
                        underLoad -> {
                          double firstToken = median(alone, Sample::firstTokenNanos);
                          return new Result(
                              model.name(),
                              loadMillis,
                              plan.promptTokens,
                              firstToken / 1e6,
                              plan.promptTokens * 1e9 / firstToken,
                              plan.outputTokens,
                              decode,
                              streams,
                              underLoad,
                              memory(model),
                              residentBytes.getAsLong(),
                              memoryBandwidth.getAsDouble());
                        }));
  }

  private long memory(InstalledModel model) {
    return engine.loaded().stream()
        .filter(loaded -> loaded.manifest().equals(model.manifest()))
        .mapToLong(LoadedModel::memoryBytes)
        .sum();
  }

  /** Counts the tokens of {@code count} answers while all of them are being made. */
  private CompletableFuture<Streams> streams(
      InstalledModel model, Plan plan, int count, double alone) {
    return atOnce(count, i -> answer(model, plan, Math.min(plan.promptTokens, PROBE_TOKENS)))
        .thenApply(
            samples -> {
              long from = samples.stream().mapToLong(sample -> sample.tokens[0]).max().orElse(0);
              long to = samples.stream().mapToLong(Sample::last).min().orElse(0);
              // Where the first ends before the last begins, the whole time counts.
              if (to <= from) {
                from = samples.stream().mapToLong(Sample::start).min().orElse(0);
                to = samples.stream().mapToLong(Sample::last).max().orElse(0);
              }
              long begin = from;
              long end = to;
              long tokens = samples.stream().mapToLong(sample -> sample.between(begin, end)).sum();
              double perSecond = tokens * 1e9 / Math.max(1, end - begin);
              return new Streams(count, perSecond, perSecond / alone);
            });
  }

  /** Asks short questions, one after the other, while other answers are being made. */
  private CompletableFuture<UnderLoad> underLoad(InstalledModel model, Plan plan, int longPrompt) {
    List<Generation> load = new ArrayList<>();
    List<CompletableFuture<?>> begun = new ArrayList<>();
    int room = engine.contextLength(model.manifest());
    for (int i = 0; i < plan.loadStreams; i++) {
      begun.add(background(model, plan, PROBE_TOKENS, room - PROBE_TOKENS, load));
    }
    return CompletableFuture.allOf(begun.toArray(CompletableFuture<?>[]::new))
        .thenCompose(
            all ->
                inTurn(
                    PROBES,
                    i -> {
                      // Each question finds a long prompt at its beginning.
                      List<Generation> reading = new ArrayList<>();
                      if (longPrompt > 0) {
                        background(model, plan, longPrompt, 1, reading);
                      }
                      return answer(model, plan, PROBE_TOKENS, 1)
                          .whenComplete((sample, error) -> reading.forEach(Generation::cancel));
                    }))
        .whenComplete((samples, error) -> load.forEach(Generation::cancel))
        .thenApply(
            samples ->
                new UnderLoad(
                    plan.loadStreams,
                    longPrompt,
                    median(samples, Sample::firstTokenNanos) / 1e6,
                    samples.stream().mapToDouble(Sample::firstTokenNanos).max().orElse(0) / 1e6));
  }

  /** Starts an answer to be cancelled; the future is done with its first token or its end. */
  private CompletableFuture<Void> background(
      InstalledModel model, Plan plan, int promptTokens, int outputTokens, List<Generation> into) {
    CompletableFuture<Void> begun = new CompletableFuture<>();
    into.add(
        engine.generate(
            request(model, plan, promptTokens, outputTokens, false),
            new TokenListener() {
              @Override
              public void onToken(GeneratedToken token) {
                begun.complete(null);
              }

              @Override
              public void onFinish(FinishReason reason, Usage usage) {
                begun.complete(null);
              }

              @Override
              public void onError(Throwable error) {
                begun.completeExceptionally(error);
              }
            }));
    return begun;
  }

  /**
   * Answers {@code requests} short questions, some at once, and looks at the process's memory.
   *
   * @param atOnce how many at once
   * @param progress told how many are answered, now and then
   * @throws IllegalArgumentException when prompt and answer do not fit the context
   */
  public CompletableFuture<Soak> soak(
      InstalledModel model, Plan plan, int requests, int atOnce, LongConsumer progress) {
    requireFit(model, plan.promptTokens + plan.outputTokens);
    int settledAfter = Math.max(1, (int) (requests * SETTLED));
    long[] settled = {0};
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    CompletableFuture<Soak> done = new CompletableFuture<>();
    Runnable next =
        new Runnable() {
          @Override
          public void run() {
            if (begun.getAndIncrement() >= requests || done.isDone()) {
              return;
            }
            answer(model, plan, plan.promptTokens)
                .whenComplete(
                    (sample, error) -> {
                      if (error != null) {
                        done.completeExceptionally(error);
                        return;
                      }
                      int count = ended.incrementAndGet();
                      if (count == settledAfter) {
                        settled[0] = residentBytes.getAsLong();
                        progress.accept(count);
                      }
                      if (count == requests) {
                        done.complete(new Soak(requests, settled[0], residentBytes.getAsLong()));
                      } else {
                        if (count % settledAfter == 0) {
                          progress.accept(count);
                        }
                        run();
                      }
                    });
          }
        };
    IntStream.range(0, Math.min(atOnce, requests)).forEach(i -> next.run());
    return done;
  }

  /**
   * Compares answers with and without hidden states, one after the other in turn, so that both see
   * the same machine.
   *
   * @throws IllegalArgumentException when prompt and answer do not fit the context
   */
  public CompletableFuture<Hidden> hidden(InstalledModel model, Plan plan) {
    requireFit(model, plan.promptTokens + plan.outputTokens);
    return answer(model, plan, plan.promptTokens, plan.outputTokens, true)
        .thenCompose(
            warm ->
                inTurn(
                    2 * plan.repeats,
                    i ->
                        answer(model, plan, plan.promptTokens, plan.outputTokens, isWithHidden(i))))
        .thenApply(
            samples -> {
              List<Sample> without = new ArrayList<>();
              List<Sample> with = new ArrayList<>();
              for (int i = 0; i < samples.size(); i++) {
                (isWithHidden(i) ? with : without).add(samples.get(i));
              }
              return new Hidden(plan.repeats, medianGap(without), medianGap(with));
            });
  }

  /** Without, with, with, without: what drifts is the same for both. */
  private static boolean isWithHidden(int answer) {
    return answer % 4 == 1 || answer % 4 == 2;
  }

  private static double medianGap(List<Sample> samples) {
    long[] sorted = samples.stream().flatMapToLong(Sample::gaps).sorted().toArray();
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2e6;
  }

  private CompletableFuture<Sample> answer(InstalledModel model, Plan plan, int promptTokens) {
    return answer(model, plan, promptTokens, plan.outputTokens);
  }

  private CompletableFuture<Sample> answer(
      InstalledModel model, Plan plan, int promptTokens, int outputTokens) {
    return answer(model, plan, promptTokens, outputTokens, false);
  }

  private CompletableFuture<Sample> answer(
      InstalledModel model, Plan plan, int promptTokens, int outputTokens, boolean hidden) {
    CompletableFuture<Sample> sample = new CompletableFuture<>();
    long start = ticker.nanoTime();
    engine.generate(
        request(model, plan, promptTokens, outputTokens, hidden),
        new TokenListener() {
          private final long[] times = new long[outputTokens];

          @Override
          public void onToken(GeneratedToken token) {
            times[token.index()] = ticker.nanoTime();
          }

          @Override
          public void onFinish(FinishReason reason, Usage usage) {
            if (usage.completionTokens() == outputTokens) {
              sample.complete(new Sample(start, times));
            } else {
              sample.completeExceptionally(
                  new IllegalStateException("the answer ended early: " + reason));
            }
          }

          @Override
          public void onError(Throwable error) {
            sample.completeExceptionally(error);
          }
        });
    return sample;
  }

  private GenerationRequest request(
      InstalledModel model, Plan plan, int promptTokens, int outputTokens, boolean hidden) {
    int number = prompts.getAndIncrement();
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < prompt.length; i++) {
      // The first two tokens tell 10,000 prompts apart.
      prompt[i] = 1 + (i == 0 ? number % 100 : i == 1 ? number / 100 % 100 : i % 100);
    }
    GenerationRequest request =
        new GenerationRequest(
            model,
            TokenIds.of(prompt),
            TokenIds.empty(),
            plan.sampling,
            outputTokens,
            Set.of(),
            OptionalInt.empty(),
            false);
    return hidden ? request.withHiddenStates() : request;
  }

  private static <T> CompletableFuture<List<T>> inTurn(
      int count, IntFunction<CompletableFuture<T>> task) {
    CompletableFuture<List<T>> results = CompletableFuture.completedFuture(new ArrayList<>());
    for (int i = 0; i < count; i++) {
      int number = i;
      results =
          results.thenCompose(
              list ->
                  task.apply(number)
                      .thenApply(
                          result -> {
                            list.add(result);
                            return list;
                          }));
    }
    return results;
  }

  private static <T> CompletableFuture<List<T>> atOnce(
      int count, IntFunction<CompletableFuture<T>> task) {
    List<CompletableFuture<T>> all = IntStream.range(0, count).mapToObj(task).toList();
    return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new))
        .thenApply(done -> all.stream().map(CompletableFuture::join).toList());
  }

  private static double median(List<Sample> samples, ToDoubleFunction<Sample> value) {
    double[] sorted = samples.stream().mapToDouble(value).sorted().toArray();
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}

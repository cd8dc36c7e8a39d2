package io.infernet.inference.engine;

import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;

/**
 * Measures an engine from outside, as its users see it: everything from the request to the token is
 * counted, sampling too. Safe from any thread; one measurement at a time means something.
 */
public final class EngineBenchmark {

  /**
   * What to measure.
   *
   * @param promptTokens length of the prompt
   * @param outputTokens length of the answer, at least 2
   * @param repeats answers; the figures are medians over them
   * @param sampling how tokens are chosen
   */
  public record Plan(int promptTokens, int outputTokens, int repeats, SamplingParams sampling) {

    public Plan {
      if (promptTokens < 1 || outputTokens < 2 || repeats < 1) {
        throw new IllegalArgumentException("nothing to measure");
      }
    }

    /** 128 tokens in, 128 out, greedy, five times. */
    public static Plan defaults() {
      return new Plan(128, 128, 5, SamplingParams.greedy());
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
   * @param memoryBytes what the model takes
   * @param memoryGigabytesPerSecond how fast memory was read, measured just before and after
   */
  public record Result(
      ModelName model,
      double loadMillis,
      int promptTokens,
      double firstTokenMillis,
      double prefillTokensPerSecond,
      int outputTokens,
      double decodeTokensPerSecond,
      long memoryBytes,
      double memoryGigabytesPerSecond) {}

  private record Sample(double firstTokenNanos, double decodeNanos) {}

  private final InferenceEngine engine;
  private final Ticker ticker;
  private final DoubleSupplier memoryBandwidth;

  /**
   * @param memoryBandwidth in gigabytes a second, such as {@link
   *     MemoryBandwidth#gigabytesPerSecond}
   */
  public EngineBenchmark(InferenceEngine engine, Ticker ticker, DoubleSupplier memoryBandwidth) {
    this.engine = engine;
    this.ticker = ticker;
    this.memoryBandwidth = memoryBandwidth;
  }

  /**
   * Loads the model and has it answer.
   *
   * @throws IllegalArgumentException when prompt and answer do not fit the context
   */
  public CompletableFuture<Result> measure(InstalledModel model, Plan plan) {
    if (plan.promptTokens + plan.outputTokens > engine.contextLength(model.manifest())) {
      throw new IllegalArgumentException(
          "prompt and answer do not fit the context of "
              + engine.contextLength(model.manifest())
              + " tokens");
    }
    double before = memoryBandwidth.getAsDouble();
    long start = ticker.nanoTime();
    return engine
        .load(model)
        .thenCompose(
            loaded -> {
              double loadMillis = (ticker.nanoTime() - start) / 1e6;
              return repeat(model, plan, new ArrayList<>())
                  .thenApplyAsync(
                      samples ->
                          result(
                              model,
                              plan,
                              loadMillis,
                              samples,
                              (before + memoryBandwidth.getAsDouble()) / 2));
            });
  }

  private CompletableFuture<List<Sample>> repeat(
      InstalledModel model, Plan plan, List<Sample> samples) {
    if (samples.size() == plan.repeats) {
      return CompletableFuture.completedFuture(samples);
    }
    return once(model, plan)
        .thenCompose(
            sample -> {
              samples.add(sample);
              return repeat(model, plan, samples);
            });
  }

  private CompletableFuture<Sample> once(InstalledModel model, Plan plan) {
    int[] prompt = new int[plan.promptTokens];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = 1 + i % 100;
    }
    CompletableFuture<Sample> sample = new CompletableFuture<>();
    long start = ticker.nanoTime();
    engine.generate(
        new GenerationRequest(
            model,
            TokenIds.of(prompt),
            TokenIds.empty(),
            plan.sampling,
            plan.outputTokens,
            Set.of(),
            OptionalInt.empty(),
            false),
        new TokenListener() {
          private long first;
          private long last;

          @Override
          public void onToken(GeneratedToken token) {
            last = ticker.nanoTime();
            first = token.index() == 0 ? last : first;
          }

          @Override
          public void onFinish(FinishReason reason, Usage usage) {
            if (usage.completionTokens() == plan.outputTokens) {
              sample.complete(new Sample(first - start, last - first));
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

  private Result result(
      InstalledModel model, Plan plan, double loadMillis, List<Sample> samples, double bandwidth) {
    double firstToken = median(samples, Sample::firstTokenNanos);
    double decode = median(samples, Sample::decodeNanos);
    long memory =
        engine.loaded().stream()
            .filter(loaded -> loaded.manifest().equals(model.manifest()))
            .mapToLong(LoadedModel::memoryBytes)
            .sum();
    return new Result(
        model.name(),
        loadMillis,
        plan.promptTokens,
        firstToken / 1e6,
        plan.promptTokens * 1e9 / firstToken,
        plan.outputTokens,
        (plan.outputTokens - 1) * 1e9 / decode,
        memory,
        bandwidth);
  }

  private static double median(List<Sample> samples, ToDoubleFunction<Sample> value) {
    double[] sorted = samples.stream().mapToDouble(value).sorted().toArray();
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}

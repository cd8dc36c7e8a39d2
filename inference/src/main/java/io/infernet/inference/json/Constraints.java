package io.infernet.inference.json;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.TokenConstraint;
import io.infernet.inference.json.JsonConstraint.TokenOrder;
import io.infernet.inference.tokenizer.Vocabulary;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes the constraints of one model's answers. The model's vocabulary is read, by a thread of its
 * own, when the first answer needs it. Safe from any thread.
 */
public final class Constraints {

  private final Supplier<Vocabulary> vocabulary;
  private @Nullable CompletableFuture<TokenOrder> order;

  /**
   * @param vocabulary reads it; may take a while
   */
  public Constraints(Supplier<Vocabulary> vocabulary) {
    this.vocabulary = requireNonNull(vocabulary, "vocabulary is null");
  }

  /** For a model of which nothing but text is wanted. */
  public static Constraints none() {
    return new Constraints(
        () -> {
          throw new UnsupportedModelException("this model's vocabulary is not at hand");
        });
  }

  private static boolean needed(SamplingParams sampling) {
    return sampling.format() == ResponseFormat.JSON_OBJECT;
  }

  /**
   * Begins to read what answers of this kind need.
   *
   * @param whenReady called from any thread when that is done, or at once
   */
  public void prepare(SamplingParams sampling, Runnable whenReady) {
    if (needed(sampling)) {
      order().whenComplete((ready, error) -> whenReady.run());
    }
  }

  /** Whether {@link #of} returns at once. */
  public boolean isReady(SamplingParams sampling) {
    return !needed(sampling) || order().isDone();
  }

  /**
   * The constraint of one answer; waits for what it needs.
   *
   * @param stopIds tokens that end the answer
   * @return empty when any text will do
   * @throws io.infernet.inference.InfernetException when the model cannot make such answers
   */
  public Optional<TokenConstraint> of(SamplingParams sampling, Set<Integer> stopIds) {
    if (!needed(sampling)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new JsonConstraint(order().join(), stopIds));
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private synchronized CompletableFuture<TokenOrder> order() {
    if (order == null) {
      CompletableFuture<TokenOrder> future = new CompletableFuture<>();
      Thread reader = new Thread(() -> read(future), "infernet-vocabulary");
      reader.setDaemon(true);
      reader.start();
      order = future;
    }
    return order;
  }

  private void read(CompletableFuture<TokenOrder> future) {
    try {
      Vocabulary tokens = vocabulary.get();
      tokens.requireBytes();
      future.complete(new TokenOrder(tokens));
    } catch (RuntimeException | Error e) {
      future.completeExceptionally(e);
    }
  }
}

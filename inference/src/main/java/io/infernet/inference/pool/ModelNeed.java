package io.infernet.inference.pool;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.ModelName;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a model takes in memory, in bytes.
 *
 * @param model by its name and variant
 * @param weights of the model as it will be computed with
 * @param cache keys and values of all its sequences
 * @param work room for the numbers between its layers
 * @param cacheTokens how many tokens {@code cache} holds
 * @param others the same model in other numbers
 */
public record ModelNeed(
    ModelName model,
    long weights,
    long cache,
    long work,
    int cacheTokens,
    List<Alternative> others) {

  /**
   * The same model in other numbers.
   *
   * @param name with the variant
   * @param bytes in all
   */
  public record Alternative(ModelName name, long bytes) {

    public Alternative {
      requireNonNull(name, "name is null");
    }
  }

  public ModelNeed {
    requireNonNull(model, "model is null");
    if (weights < 0 || cache < 0 || work < 0 || cacheTokens < 0) {
      throw new IllegalArgumentException("a need below 0");
    }
    others = List.copyOf(others);
  }

  /** In all. */
  public long total() {
    return weights + cache + work;
  }

  /** The largest of {@link #others} that takes no more than {@code room}, and less than this. */
  public Optional<Alternative> fitting(long room) {
    return others.stream()
        .filter(other -> other.bytes() <= room && other.bytes() < total())
        .max(Comparator.comparingLong(Alternative::bytes));
  }
}

package io.infernet.inference.pool;

import io.infernet.inference.model.InstalledModel;

/**
 * Where a {@link ModelPool} has its models from. Called by the thread that calls {@link
 * ModelPool#work}.
 *
 * @param <M> a model in memory
 */
public interface ModelSource<M> {

  /**
   * What a model will take, from its files' headers alone.
   *
   * @param capacity bytes that all models together may take
   * @throws io.infernet.inference.InfernetException when the model or the request for it is bad
   */
  ModelNeed need(InstalledModel model, long capacity);

  /** Reads it into memory. */
  M load(InstalledModel model, ModelNeed need);

  /** What it takes, now that it is there. */
  long memoryBytes(M model);

  /**
   * Frees it, on whichever thread may.
   *
   * @param done called when that is done
   */
  void unload(M model, Runnable done);
}

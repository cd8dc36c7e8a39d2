package io.infernet.inference.pool;

import io.infernet.inference.model.InstalledModel;

/** Brings models into the memory of one device. Used by one thread at a time. */
public interface ModelLoader {

  /**
   * What a model will take, from its files' headers alone.
   *
   * @param capacity bytes that all models together may take
   * @throws io.infernet.inference.InfernetException when the model is bad
   */
  ModelNeed need(InstalledModel model, long capacity);

  /**
   * Reads a model into memory.
   *
   * @throws io.infernet.inference.InfernetException that says what is wrong with the model or the
   *     machine
   */
  Resident load(InstalledModel model, ModelNeed need);
}

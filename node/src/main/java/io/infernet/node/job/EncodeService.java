package io.infernet.node.job;

import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.model.InstalledModel;
import java.util.concurrent.CompletableFuture;

/** Turns texts into vectors or classes: what all front ends ask. Safe from any thread. */
@FunctionalInterface
public interface EncodeService {

  /**
   * What came of a request.
   *
   * @param model that did it
   * @param result in the order of the inputs
   */
  record Encoded(InstalledModel model, EncodingResult result) {}

  /**
   * Encodes.
   *
   * @return fails with an {@code InfernetException} that says what is wrong; cancelling it ends the
   *     work
   */
  CompletableFuture<Encoded> encode(EncodeRequest request);
}

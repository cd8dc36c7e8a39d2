package io.infernet.inference.engine;

import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Runs models on this machine. Many answers may be made at once; those beyond that wait in a
 * bounded queue, from which whoever was served least comes first. Safe from any thread; its owner
 * closes it.
 */
public interface InferenceEngine extends AutoCloseable {

  /**
   * Makes the model warm. Does nothing when it is; concurrent calls share one load.
   *
   * @return done when the first token will come without delay; fails with an {@code
   *     InfernetException} that says what is wrong with the model or the machine
   */
  CompletableFuture<Void> load(InstalledModel model);

  /**
   * Makes the model warm and keeps it so: it does not make room for others, and is loaded again
   * when it fails.
   *
   * @return as of {@link #load}; a model that does not load this once is not kept
   */
  default CompletableFuture<Void> pin(InstalledModel model) {
    return load(model);
  }

  /**
   * Starts an answer, after loading the model when it is not warm.
   *
   * @throws ContextLengthExceededException when the prompt leaves no room for a token
   * @throws EngineBusyException when the queue is full
   */
  Generation generate(GenerationRequest request, TokenListener listener);

  /**
   * Turns texts into vectors or classes, after loading the model when it is not warm. Texts take
   * turns with the steps of answers that are being made. Cancelling the future that is returned
   * (not one derived from it) ends the work within one step.
   *
   * @return fails with an {@code InfernetException} when the model is damaged or makes text
   *     instead, or this engine does not encode, and with a {@link ContextLengthExceededException}
   *     when a text is longer than the model reads: nothing is ever cut off
   * @throws EngineBusyException when the queue is full
   */
  default CompletableFuture<EncodingResult> encode(EncodingRequest request) {
    return CompletableFuture.failedFuture(
        new UnsupportedModelException(
            "%s cannot be used for embeddings or classification here"
                .formatted(request.model().name())));
  }

  /** The most tokens, prompt and answer together, that this engine takes of the model. */
  int contextLength(ModelManifest model);

  /** The models that are warm, the one not used for longest first. */
  List<LoadedModel> loaded();

  /** What keeps the engine as a whole from working; empty when it works. */
  default Optional<String> trouble() {
    return Optional.empty();
  }

  /** Cancels all answers and frees the models' memory. */
  @Override
  void close();
}

package io.infernet.inference.engine.remote;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.TokenListener;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * This machine's own engine for the models on its disk, and backends for theirs. Safe from any
 * thread; closing it closes both.
 */
public final class CombinedInferenceEngine implements InferenceEngine {

  private final InferenceEngine own;
  private final InferenceEngine backends;

  public CombinedInferenceEngine(InferenceEngine own, InferenceEngine backends) {
    this.own = requireNonNull(own, "own is null");
    this.backends = requireNonNull(backends, "backends is null");
  }

  private InferenceEngine of(ModelManifest model) {
    return model.isBackend() ? backends : own;
  }

  @Override
  public CompletableFuture<Void> load(InstalledModel model) {
    return of(model.manifest()).load(model);
  }

  @Override
  public CompletableFuture<Void> pin(InstalledModel model) {
    return of(model.manifest()).pin(model);
  }

  @Override
  public Generation generate(GenerationRequest request, TokenListener listener) {
    return of(request.model().manifest()).generate(request, listener);
  }

  @Override
  public CompletableFuture<EncodingResult> encode(EncodingRequest request) {
    return of(request.model().manifest()).encode(request);
  }

  @Override
  public int contextLength(ModelManifest model) {
    return of(model).contextLength(model);
  }

  @Override
  public List<LoadedModel> loaded() {
    List<LoadedModel> all = new ArrayList<>(own.loaded());
    all.addAll(backends.loaded());
    return List.copyOf(all);
  }

  /** Servers that are away are a matter of their models alone. */
  @Override
  public Optional<String> trouble() {
    return own.trouble();
  }

  @Override
  public void close() {
    backends.close();
    own.close();
  }
}

package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.InferenceEngine;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelNotFoundException;
import io.infernet.inference.model.ModelRepository;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import io.infernet.node.UsageException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;

/** Encodes with the models and the engine of this machine. Safe from any thread. */
public final class LocalEncodeService implements EncodeService {

  private final ModelRepository models;
  private final TextCodecs codecs;
  private final InferenceEngine engine;
  private final Executor background;

  /**
   * @param models the models installed here
   * @param codecs reads tokenizers
   * @param engine this machine's own
   * @param background where tokenizers run
   * @param maxTokenizers tokenizers that are kept
   */
  public LocalEncodeService(
      ModelRepository models,
      TextCodec.Source codecs,
      InferenceEngine engine,
      Executor background,
      int maxTokenizers) {
    this.models = requireNonNull(models, "models is null");
    this.codecs = new TextCodecs(codecs, maxTokenizers);
    this.engine = requireNonNull(engine, "engine is null");
    this.background = requireNonNull(background, "background is null");
  }

  @Override
  public CompletableFuture<Encoded> encode(EncodeRequest request) {
    CompletableFuture<Encoded> done = new CompletableFuture<>();
    try {
      background.execute(
          () -> {
            try {
              start(request, done);
            } catch (RuntimeException | Error e) {
              done.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      done.completeExceptionally(new EngineBusyException("this machine is busy; try again later"));
    }
    return done;
  }

  private void start(EncodeRequest request, CompletableFuture<Encoded> done) {
    if (done.isDone()) {
      return;
    }
    InstalledModel model = model(request);
    TextCodec codec = codecs.of(model);
    List<TypedTokens> texts = new ArrayList<>();
    for (EncodeRequest.Input input : request.inputs()) {
      TypedTokens text = tokens(input, codec, model);
      if (text.size() == 0) {
        throw new UsageException("an input has no tokens");
      }
      texts.add(text);
    }
    CompletableFuture<EncodingResult> work = engine.encode(new EncodingRequest(model, texts));
    work.whenComplete(
        (result, error) -> {
          if (error == null) {
            try {
              done.complete(new Encoded(model, cut(result, request, model)));
            } catch (UsageException e) {
              done.completeExceptionally(e);
            }
          } else {
            done.completeExceptionally(
                error instanceof CompletionException && error.getCause() != null
                    ? error.getCause()
                    : error);
          }
        });
    done.whenComplete(
        (encoded, error) -> {
          if (done.isCancelled()) {
            work.cancel(true);
          }
        });
  }

  /** Vectors in the length asked for. */
  private static EncodingResult cut(
      EncodingResult result, EncodeRequest request, InstalledModel model) {
    if (request.dimensions().isEmpty()
        || !(result instanceof EncodingResult.Embeddings embeddings)) {
      return result;
    }
    int length = request.dimensions().getAsInt();
    if (length == embeddings.vectors().get(0).length) {
      return result;
    }
    if (!embeddings.shortened().contains(length)) {
      throw new UsageException(
          "dimensions: the vectors of %s have %d numbers%s"
              .formatted(
                  model.name(),
                  embeddings.vectors().get(0).length,
                  embeddings.shortened().isEmpty()
                      ? " and cannot be cut"
                      : " and can be cut to " + embeddings.shortened()));
    }
    List<float[]> cut =
        embeddings.vectors().stream()
            .map(vector -> normalized(Arrays.copyOf(vector, length)))
            .toList();
    return new EncodingResult.Embeddings(cut, embeddings.shortened(), embeddings.tokens());
  }

  private static float[] normalized(float[] vector) {
    double square = 0;
    for (float number : vector) {
      square += (double) number * number;
    }
    for (int i = 0; i < vector.length && square > 0; i++) {
      vector[i] = (float) (vector[i] / Math.sqrt(square));
    }
    return vector;
  }

  private InstalledModel model(EncodeRequest request) {
    InstalledModel model =
        models
            .find(request.model())
            .orElseThrow(
                () ->
                    new ModelNotFoundException(
                        request.model(),
                        names(request.task()),
                        "this version asks no other machines to %s: put the model into a folder of models/"
                            .formatted(request.task())));
    ModelTask task = model.manifest().task();
    // What a backend's model is made for only its server knows; it says so when asked.
    boolean mayBe = model.manifest().isBackend() && request.task() == ModelTask.EMBED;
    if (task != request.task() && !mayBe) {
      String able = names(request.task());
      throw new UsageException(
          "%s is made to %s, not to %s; models here that do: %s"
              .formatted(model.name(), task, request.task(), able.isEmpty() ? "none" : able));
    }
    return model;
  }

  private String names(ModelTask task) {
    return models.list().stream()
        .filter(model -> model.manifest().task() == task)
        .map(model -> model.name().toString())
        .collect(Collectors.joining(", "));
  }

  private static TypedTokens tokens(
      EncodeRequest.Input input, TextCodec codec, InstalledModel model) {
    if (input instanceof EncodeRequest.Text text) {
      return codec.encodeTyped(text.text());
    }
    if (input instanceof EncodeRequest.Pair pair) {
      return codec.encodePair(pair.first(), pair.second());
    }
    if (model.manifest().isBackend()) {
      throw new UsageException(
          model.name() + " runs on a backend, which takes no token ids: send text");
    }
    TokenIds ids = ((EncodeRequest.Tokens) input).ids();
    for (int i = 0; i < ids.size(); i++) {
      if (ids.get(i) >= codec.vocabularySize()) {
        throw new UsageException(
            "%s has no token %d; its tokens are 0 to %d"
                .formatted(model.name(), ids.get(i), codec.vocabularySize() - 1));
      }
    }
    return TypedTokens.single(ids);
  }
}

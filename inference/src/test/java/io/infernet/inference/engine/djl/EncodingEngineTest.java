package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.EncoderGolden;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encoders as the engine's users see them, beside answers that are being made. */
class EncodingEngineTest {

  @TempDir Path home;
  private DjlInferenceEngine engine;

  @BeforeEach
  void open() {
    engine = new DjlInferenceEngine(TestModels.config(home), CheckpointLimits.defaults());
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private static List<TypedTokens> texts(String model) {
    return EncoderGolden.of(model).stream().map(EncoderGolden::tokens).toList();
  }

  @Test
  void encodesAndClassifiesWhileItWrites() throws IOException {
    InstalledModel writer = TestModels.install("storyteller", home);
    RecordingListener story = new RecordingListener();
    engine.generate(
        GenerationRequest.of(writer, TokenIds.of(1, 2, 3), SamplingParams.greedy(), 100), story);
    CompletableFuture<EncodingResult> vectors =
        engine.encode(
            new EncodingRequest(TestModels.install("tiny-bert", home), texts("tiny-bert")));
    CompletableFuture<EncodingResult> classes =
        engine.encode(
            new EncodingRequest(
                TestModels.install("tiny-bert-classifier", home), texts("tiny-bert-classifier")));

    List<EncoderGolden> embeddings = EncoderGolden.of("tiny-bert");
    EncodingResult.Embeddings found = (EncodingResult.Embeddings) vectors.join();
    for (int i = 0; i < embeddings.size(); i++) {
      double cosine = 0;
      for (int k = 0; k < embeddings.get(i).output().size(); k++) {
        cosine += embeddings.get(i).output().get(k) * found.vectors().get(i)[k];
      }
      assertTrue(cosine >= 0.9999, embeddings.get(i).text());
      assertEquals(embeddings.get(i).tokens().size(), found.tokens().get(i));
    }
    List<EncoderGolden> labelled = EncoderGolden.of("tiny-bert-classifier");
    EncodingResult.Classifications labels = (EncodingResult.Classifications) classes.join();
    assertEquals(List.of("negative", "neutral", "positive"), labels.labels());
    for (int i = 0; i < labelled.size(); i++) {
      for (int k = 0; k < 3; k++) {
        assertEquals(
            labelled.get(i).probabilities().get(k), labels.scores().get(i)[k], 1e-5, "text " + i);
      }
    }
    assertEquals(100, story.await().tokens().size());
    assertEquals(3, engine.loaded().size());
  }

  @Test
  void saysWhatAModelIsNotMadeFor() throws IOException {
    InstalledModel encoder = TestModels.install("tiny-bert", home);
    RecordingListener answer = new RecordingListener();
    engine.generate(
        GenerationRequest.of(encoder, TokenIds.of(2, 3), SamplingParams.greedy(), 5), answer);
    Throwable refusal = assertThrows(RuntimeException.class, answer::await);
    assertTrue(String.valueOf(root(refusal).getMessage()).contains("tiny-bert"), "" + refusal);

    EncodingRequest toWriter =
        new EncodingRequest(
            TestModels.install("storyteller", home), List.of(TypedTokens.single(TokenIds.of(1))));
    Throwable other =
        assertThrows(CompletionException.class, () -> engine.encode(toWriter).join()).getCause();
    assertInstanceOf(UnsupportedModelException.class, other);
    assertTrue(other.getMessage().contains("storyteller"), other.getMessage());
  }

  private static Throwable root(Throwable error) {
    return error.getCause() == null ? error : root(error.getCause());
  }

  @Test
  void refusesTextsBeyondTheContext() throws IOException {
    EncodingRequest request =
        new EncodingRequest(
            TestModels.install("tiny-bert", home),
            List.of(TypedTokens.single(TokenIds.of(new int[161]))));
    Throwable error =
        assertThrows(CompletionException.class, () -> engine.encode(request).join()).getCause();
    assertInstanceOf(ContextLengthExceededException.class, error);
    assertTrue(error.getMessage().contains("161 tokens"), error.getMessage());
  }
}

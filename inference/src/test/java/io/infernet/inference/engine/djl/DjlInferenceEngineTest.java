package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.TensorSpec;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.EngineUnavailableException;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.Generation;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.testing.Golden;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DjlInferenceEngineTest {

  @TempDir Path home;
  private InstalledModel storyteller;
  private DjlInferenceEngine engine;

  @BeforeEach
  void start() throws IOException {
    // In float32, where pieces and wholes give the same tokens.
    storyteller = TestModels.install("storyteller:fp32", home);
    engine = engine(TestModels.config(home));
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  private static DjlInferenceEngine engine(EngineConfig config) {
    return new DjlInferenceEngine(config, CheckpointLimits.defaults());
  }

  private static EngineConfig config(Path home, int slots, int waiting, int context, int warm) {
    return TestModels.config(home)
        .withMaxContext(context)
        .withBatching(BatcherConfig.defaults().withLimits(slots, waiting))
        .withMemory(new EngineConfig.Memory(0, 0, warm, Duration.ZERO));
  }

  private static BatcherConfig coarse(int tokens) {
    BatcherConfig usual = BatcherConfig.defaults();
    return new BatcherConfig(
        1,
        1,
        tokens,
        tokens,
        usual.growth(),
        usual.maxKept(),
        usual.leastShared(),
        usual.samplingThreads(),
        false);
  }

  private RecordingListener generate(GenerationRequest request) {
    RecordingListener listener = new RecordingListener();
    engine.generate(request, listener);
    return listener;
  }

  private GenerationRequest request(TokenIds prompt, SamplingParams sampling, int maxTokens) {
    return new GenerationRequest(
        storyteller,
        prompt,
        TokenIds.empty(),
        sampling,
        maxTokens,
        Set.of(),
        OptionalInt.empty(),
        false);
  }

  private static TokenIds prompt() {
    return Golden.of("storyteller").get(0).ids();
  }

  @Test
  void givesConcurrentAnswersTheirSingleResults() {
    List<GenerationRequest> requests = new ArrayList<>();
    int seed = 0;
    for (Golden golden : Golden.of("storyteller")) {
      requests.add(request(golden.ids(), SamplingParams.greedy(), 40));
      requests.add(request(golden.ids(), new SamplingParams(0.9, 50, 0.95, seed++), 40));
    }
    List<TokenIds> single = new ArrayList<>();
    for (GenerationRequest request : requests) {
      single.add(generate(request).await().tokens());
    }
    List<RecordingListener> together = requests.stream().map(this::generate).toList();
    for (int i = 0; i < requests.size(); i++) {
      assertEquals(single.get(i), together.get(i).await().tokens(), "answer " + i);
    }
  }

  @Test
  void goesOnWithTheSameTokensAfterFailover() {
    for (SamplingParams sampling :
        List.of(SamplingParams.greedy(), new SamplingParams(0.7, 40, 0.95, 77))) {
      GenerationRequest request = request(prompt(), sampling, 48);
      TokenIds whole = generate(request).await().tokens();
      for (int cut : new int[] {1, 17, 47}) {
        RecordingListener.Answer rest = generate(request.resumedAfter(whole.slice(0, cut))).await();
        assertEquals(whole.slice(cut, 48), rest.tokens(), sampling + " after " + cut);
        assertEquals(new Usage(prompt().size(), 48), rest.usage());
      }
    }
  }

  @Test
  void readsLongPromptsInPiecesWithTheSameResult() {
    TokenIds story = generate(request(prompt(), SamplingParams.greedy(), 300)).await().tokens();
    TokenIds longPrompt = prompt().concat(story);
    TokenIds expected = generate(request(longPrompt, SamplingParams.greedy(), 20)).await().tokens();
    try (DjlInferenceEngine coarse = engine(TestModels.config(home).withBatching(coarse(512)))) {
      RecordingListener listener = new RecordingListener();
      coarse.generate(request(longPrompt, SamplingParams.greedy(), 20), listener);
      assertEquals(expected, listener.await().tokens());
    }
  }

  @Test
  void stopsWithinOneStepWhenCancelled() {
    AtomicReference<Generation> generation = new AtomicReference<>();
    CompletableFuture<Void> ready = new CompletableFuture<>();
    RecordingListener listener =
        new RecordingListener(
            token -> {
              ready.join();
              if (token.index() == 5) {
                generation.get().cancel();
              }
            });
    generation.set(engine.generate(request(prompt(), SamplingParams.greedy(), 400), listener));
    ready.complete(null);
    RecordingListener.Answer answer = listener.await();
    assertEquals(FinishReason.CANCELLED, answer.reason());
    assertEquals(6, answer.tokens().size());
  }

  @Test
  void refusesPromptsLongerThanTheContext() {
    ContextLengthExceededException error =
        assertThrows(
            ContextLengthExceededException.class,
            () -> generate(request(TokenIds.of(new int[600]), SamplingParams.greedy(), 1)));
    assertEquals(
        "the prompt has 600 tokens, but storyteller:fp32 takes 512 for prompt and answer together;"
            + " shorten the prompt",
        error.getMessage());
    RecordingListener.Answer last =
        generate(request(TokenIds.of(new int[509]), SamplingParams.greedy(), 99)).await();
    assertEquals(3, last.tokens().size());
    assertEquals(FinishReason.LENGTH, last.reason());
    assertEquals(512, engine.contextLength(storyteller.manifest()));
  }

  @Test
  void refusesAnswersBeyondTheQueue() {
    try (DjlInferenceEngine small = engine(config(home, 1, 1, 128, 1))) {
      assertEquals(128, small.contextLength(storyteller.manifest()));
      CompletableFuture<Void> release = new CompletableFuture<>();
      RecordingListener first = new RecordingListener(token -> release.join());
      RecordingListener second = new RecordingListener();
      small.generate(request(prompt(), SamplingParams.greedy(), 2), first);
      small.generate(request(prompt(), SamplingParams.greedy(), 2), second);
      assertThrows(
          EngineBusyException.class,
          () ->
              small.generate(
                  request(prompt(), SamplingParams.greedy(), 2), new RecordingListener()));
      release.complete(null);
      assertEquals(first.await().tokens(), second.await().tokens());
    }
  }

  @Test
  void saysWhatIsWarm() throws IOException {
    assertEquals(List.of(), engine.loaded());
    engine.load(storyteller).join();
    engine.load(storyteller).join();
    InstalledModel wide = TestModels.install("storyteller:bf16", home);
    engine.load(wide).join();
    List<LoadedModel> loaded = engine.loaded();
    assertEquals(
        List.of("storyteller:fp32", "storyteller:bf16"),
        loaded.stream().map(model -> model.manifest().name().toString()).toList());
    LoadedModel first = loaded.get(0);
    // 5.4 million weights, the embedding's table being mapped; six layers of two heads of 64
    // numbers.
    assertEquals(21_607_424, first.memoryBytes() - first.cacheBytes());
    assertEquals(0, first.cacheBytes() % (6 * 2 * 2 * 64 * 4));
    assertEquals(Device.CPU, first.device());
    assertEquals(BatcherConfig.defaults().maxBatch(), first.slots());
    assertEquals(0, first.running());
    assertTrue(first.idleSince().isPresent());
  }

  @Test
  void computesInBfloat16WhenAsked() throws IOException {
    storyteller = TestModels.install("storyteller:bf16", home);
    Golden golden = Golden.of("storyteller").get(0);
    TokenIds tokens = generate(request(golden.ids(), SamplingParams.greedy(), 8)).await().tokens();
    // The first margin that bfloat16 may turn, 0.06, comes at the fifth token.
    assertEquals(golden.greedy().slice(0, 4), tokens.slice(0, 4));
  }

  @Test
  void makesRoomForAnotherModel() throws IOException {
    InstalledModel tiny = TestModels.install("tiny-llama3", home);
    try (DjlInferenceEngine small = engine(config(home, 1, 1, 128, 1))) {
      small.load(storyteller).join();
      small.load(tiny).join();
      assertEquals(
          List.of("tiny-llama3"),
          small.loaded().stream().map(model -> model.manifest().name().toString()).toList());
      CompletableFuture<Void> release = new CompletableFuture<>();
      RecordingListener running = new RecordingListener(token -> release.join());
      small.generate(
          GenerationRequest.of(tiny, TokenIds.of(1), SamplingParams.greedy(), 2), running);
      CompletableFuture<Void> load = small.load(storyteller);
      assertFalse(load.isDone());
      release.complete(null);
      running.await();
      load.join();
      assertEquals(
          List.of("storyteller:fp32"),
          small.loaded().stream().map(model -> model.manifest().name().toString()).toList());
    }
  }

  @Test
  void convertsOnceAndMendsADamagedConversion() throws IOException {
    TokenIds expected = generate(request(prompt(), SamplingParams.greedy(), 5)).await().tokens();
    engine.close();
    Path graph = onlyGraph();
    long size = Files.size(graph);
    byte[] bytes = Files.readAllBytes(graph);
    bytes[bytes.length / 2] ^= 1;
    Files.write(graph, bytes);
    engine = engine(TestModels.config(home));
    assertEquals(
        expected, generate(request(prompt(), SamplingParams.greedy(), 5)).await().tokens());
    engine.close();
    assertEquals(graph, onlyGraph());
    assertEquals(size, Files.size(graph));
    Files.write(graph, new byte[] {1, 2, 3});
    Path old = graph.resolveSibling(storyteller.manifest().cid() + "-cpu-older-0.pt");
    Files.write(old, bytes);
    engine = engine(TestModels.config(home));
    engine.load(storyteller).join();
    assertEquals(graph, onlyGraph());
    assertEquals(size, Files.size(graph));
  }

  private Path onlyGraph() throws IOException {
    try (Stream<Path> files = Files.list(TestModels.config(home).graphFolder())) {
      List<Path> all = files.toList();
      assertEquals(1, all.size(), all::toString);
      return all.get(0);
    }
  }

  private static Throwable failure(CompletableFuture<?> future) {
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  /** As early versions of the format's library wrote them. */
  @Test
  void runsModelsWhoseNumbersAreNotAligned() throws IOException {
    InstalledModel tiny = TestModels.install("tiny-llama3", home);
    TokenIds expected = generate(request(tiny, TokenIds.of(5, 6, 7))).await().tokens();
    Path weights = tiny.folder().resolve(Checkpoint.SINGLE_FILE);
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(weights)).order(ByteOrder.LITTLE_ENDIAN);
    int end = 8 + (int) file.getLong(0);
    ByteBuffer shifted = ByteBuffer.allocate(file.capacity() + 1).order(ByteOrder.LITTLE_ENDIAN);
    shifted.putLong(end - 7).put(file.slice(8, end - 8)).put((byte) ' ');
    shifted.put(file.slice(end, file.capacity() - end));
    Files.write(weights, shifted.array());
    InstalledModel odd = TestModels.install("tiny-llama3", home);
    assertNotEquals(tiny.manifest().cid(), odd.manifest().cid());
    assertEquals(expected, generate(request(odd, TokenIds.of(5, 6, 7))).await().tokens());
  }

  private static GenerationRequest request(InstalledModel model, TokenIds prompt) {
    return GenerationRequest.of(model, prompt, SamplingParams.greedy(), 8);
  }

  @Test
  void namesTheTensorWhoseWeightsAreNoNumbers() throws IOException {
    InstalledModel tiny = TestModels.install("tiny-llama3", home);
    Path weights = tiny.folder().resolve(Checkpoint.SINGLE_FILE);
    byte[] bytes = Files.readAllBytes(weights);
    try (Checkpoint checkpoint = Checkpoint.open(tiny.folder(), CheckpointLimits.defaults())) {
      TensorSpec down = checkpoint.config().tensors().down(1).weights().get(0);
      int at = (int) checkpoint.stored(down).position() + 1000;
      bytes[at] = (byte) 0xc0;
      bytes[at + 1] = 0x7f;
    }
    Files.write(weights, bytes);
    Throwable error = failure(engine.load(tiny));
    assertInstanceOf(DamagedModelException.class, error);
    assertEquals(
        ("model tiny-llama3 is damaged: tensor model.layers.1.mlp.down_proj.weight of %s has weights"
                + " that are not finite numbers; put its original files into %s")
            .formatted(weights, tiny.folder()),
        error.getMessage());
  }

  @Test
  void reportsModelsThatDoNotLoad() throws IOException {
    InstalledModel tiny = TestModels.install("tiny-llama3", home);
    Path config = tiny.folder().resolve("config.json");
    String right = Files.readString(config);
    Files.writeString(config, right.replace("\"vocab_size\": 4096", "\"vocab_size\": 4097"));
    Throwable error = failure(engine.load(tiny));
    assertInstanceOf(DamagedModelException.class, error);
    assertEquals(
        "model tiny-llama3 is damaged: tensor model.embed_tokens.weight has the shape [4096, 64]"
            + " where config.json says [4097, 64]; put its original files into "
            + tiny.folder(),
        error.getMessage());
    RecordingListener listener = new RecordingListener();
    engine.generate(
        GenerationRequest.of(tiny, TokenIds.of(1), SamplingParams.greedy(), 1), listener);
    assertInstanceOf(InfernetException.class, failure(listener.answer()));
    Files.writeString(
        config, right.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"));
    assertTrue(failure(engine.load(tiny)).getMessage().contains("has no tensor"));
    Files.writeString(config, right);
    engine.load(tiny).join();
    // In float16 where the processor has it, else in float32.
    engine
        .load(
            new InstalledModel(
                tiny.manifest().as(ModelName.parse("tiny-llama3:fp16")), tiny.folder()))
        .join();
  }

  @Test
  void cancelsEverythingWhenClosed() {
    List<RecordingListener> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      all.add(generate(request(prompt(), SamplingParams.greedy(), 490)));
    }
    engine.load(storyteller).join();
    engine.close();
    for (RecordingListener listener : all) {
      assertEquals(FinishReason.CANCELLED, listener.await().reason());
    }
    assertThrows(
        IllegalStateException.class, () -> generate(request(prompt(), SamplingParams.greedy(), 1)));
    assertEquals(List.of(), engine.loaded());
  }

  @Test
  void saysInOneLineWhyLibtorchDoesNotLoad() {
    EngineUnavailableException error =
        assertThrows(
            EngineUnavailableException.class,
            () ->
                Libtorch.start(
                    home,
                    () -> {
                      throw new UnsatisfiedLinkError("no such library\nand more");
                    }));
    assertEquals(1, error.getMessage().lines().count());
    assertTrue(error.getMessage().contains("no such library"), error.getMessage());
  }
}

package io.infernet.node.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeInferenceEngine.Script;
import io.infernet.inference.testing.FakeModels;
import io.infernet.node.UsageException;
import io.infernet.node.assembly.InferenceAssembly;
import io.infernet.node.config.ConfigException;
import io.infernet.node.config.Settings;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatEventReader;
import io.infernet.node.job.ChatJob;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.FakeTextCodec;
import io.infernet.node.job.JobCancelledException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several real nodes in this JVM, over loopback, with scripted engines. */
@Timeout(60)
class InfernetNodeTest {

  private static final ChatRequest REQUEST =
      ChatRequest.builder(FakeNodes.MODEL).user("hi").temperature(0).seed(7).maxTokens(40).build();

  @TempDir Path folder;
  private FakeNodes nodes;

  @BeforeEach
  void open() {
    nodes = new FakeNodes(folder);
  }

  @AfterEach
  void close() throws Exception {
    nodes.close();
  }

  @Test
  void nodeAloneAnswersByItself() {
    InfernetNode alone = nodes.client("alone").node();

    ChatResult answer = alone.chat(REQUEST).join();

    assertEquals(alone.peerId(), answer.provider().peer());
    assertTrue(answer.provider().local());
    assertEquals(ChatResult.Verdict.LOCAL, answer.verdict());
    assertEquals(40, answer.usage().completionTokens());
    assertEquals(Optional.empty(), answer.receipt());
  }

  @Test
  void embedsAndClassifiesWithItsOwnModels() {
    FakeInferenceEngine engine = nodes.engine();
    try (InfernetNode node =
        InfernetNode.builder()
            .home(folder.resolve("encoders"))
            .inference(
                new InferenceAssembly(
                    FakeModels.repository(
                        List.of(
                            FakeModels.encoder("embedder", ModelTask.EMBED),
                            FakeModels.encoder("classifier", ModelTask.CLASSIFY))),
                    engine,
                    model -> new FakeTextCodec()))
            .build()) {
      node.start().join();

      assertEquals(5f, node.embed("embedder", List.of("a", "whale")).join().vectors().get(1)[0]);
      assertEquals(
          List.of("short", "long"), node.classify("classifier", List.of("a")).join().labels());
      Throwable wrong =
          assertThrows(
                  CompletionException.class, () -> node.embed("classifier", List.of("a")).join())
              .getCause();
      assertInstanceOf(UsageException.class, wrong);
      Throwable writing =
          assertThrows(
                  CompletionException.class,
                  () -> node.chat(ChatRequest.of("embedder", "Once")).join())
              .getCause();
      assertTrue(writing.getMessage().contains("made to embed"), writing.getMessage());
    }
  }

  @Test
  void clientIsAnsweredByAProviderAndBothKeepTheReceipt() throws Exception {
    FakeNodes.Fake provider = nodes.provider("provider");
    FakeNodes.Fake client = nodes.client("client", provider.node());

    ChatResult answer = client.node().chat(REQUEST).join();

    assertEquals(provider.node().peerId(), answer.provider().peer());
    assertFalse(answer.provider().local());
    assertEquals(List.of(), client.engine().requests());
    assertEquals(1, provider.engine().requests().size());
    assertTrue(answer.receipt().isPresent());
  }

  @Test
  void nodeThatIsNoClientAsksNobodyElse() {
    FakeNodes.Fake first = nodes.provider("first");
    FakeInferenceEngine engine = nodes.engine();
    InfernetNode second =
        nodes
            .start(
                InfernetNode.builder()
                    .home(folder.resolve("second"))
                    .bootstrap(first.node().addresses())
                    .set(Settings.ROLES, "provider")
                    .inference(FakeNodes.inference(engine)),
                engine)
            .node();
    second.peersTried().join();

    assertTrue(second.chat(REQUEST).join().provider().local());
    assertEquals(List.of(), first.engine().requests());
  }

  @Test
  void answerSurvivesTheDeathOfItsProvider() throws Exception {
    FakeNodes.Fake first = nodes.provider("first");
    FakeNodes.Fake second = nodes.provider("second");
    FakeNodes.Fake client = nodes.client("client", first.node(), second.node());
    String undisturbed = client.node().chat(REQUEST).join().text();
    for (FakeNodes.Fake provider : List.of(first, second)) {
      provider.engine().script(Script.defaults().withTimes(Duration.ZERO, Duration.ofMillis(20)));
    }

    ChatJob job = client.node().start(REQUEST);
    ChatEventReader reader = new ChatEventReader();
    job.events().subscribe(reader);
    List<ChatEvent> events = new ArrayList<>();
    boolean killed = false;
    while (!(last(events) instanceof ChatEvent.Finished)) {
      events.add(reader.next(Duration.ofSeconds(30)).orElseThrow());
      if (!killed && events.size() == 10) {
        killed = true;
        ChatEvent.Started started = (ChatEvent.Started) events.get(0);
        boolean isFirst = started.provider().peer().equals(first.node().peerId());
        (isFirst ? first : second).node().close();
      }
    }

    ChatResult result = ((ChatEvent.Finished) last(events)).result();
    assertEquals(undisturbed, result.text());
    assertEquals(2, result.attempts().size());
    assertEquals(1, events.stream().filter(ChatEvent.Switched.class::isInstance).count());
  }

  private static ChatEvent last(List<ChatEvent> events) {
    return events.isEmpty() ? new ChatEvent.Text("", List.of()) : events.get(events.size() - 1);
  }

  @Test
  void cancelledFutureCancelsTheJob() throws Exception {
    FakeNodes.Fake alone = nodes.client("alone");
    alone.engine().script(Script.defaults().withStallAfter(1));
    var answer = alone.node().chat(REQUEST);
    while (alone.engine().running() == 0) {
      Thread.onSpinWait();
    }

    answer.cancel(true);

    while (alone.engine().running() > 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void closingANodeEndsItsAnswers() {
    FakeNodes.Fake alone = nodes.client("alone");
    alone.engine().script(Script.defaults().withStallAfter(1));
    var answer = alone.node().chat(REQUEST);
    while (alone.engine().running() == 0) {
      Thread.onSpinWait();
    }

    alone.node().close();

    CompletionException e =
        assertThrows(
            CompletionException.class, () -> answer.orTimeout(30, TimeUnit.SECONDS).join());
    assertInstanceOf(JobCancelledException.class, e.getCause());
  }

  @Test
  void drainedProviderFinishesWhatItBegan() {
    FakeNodes.Fake provider = nodes.provider("provider");
    provider.engine().script(Script.defaults().withTimes(Duration.ZERO, Duration.ofMillis(20)));
    FakeNodes.Fake client = nodes.client("client", provider.node());
    var answer = client.node().chat(REQUEST);
    while (provider.engine().running() == 0) {
      Thread.onSpinWait();
    }

    provider.node().shutDown(Duration.ofSeconds(30));

    ChatResult result = answer.join();
    assertEquals(1, result.attempts().size());
    assertEquals(provider.node().peerId(), result.provider().peer());
  }

  private InfernetNode withApi(FakeInferenceEngine engine) {
    return nodes
        .start(
            InfernetNode.builder()
                .home(folder.resolve("home"))
                .api("127.0.0.1:0")
                .inference(FakeNodes.inference(engine)),
            engine)
        .node();
  }

  @Test
  void shutDownLetsRequestsOfTheApiFinish() throws Exception {
    FakeInferenceEngine engine = nodes.engine();
    engine.script(Script.defaults().withTimes(Duration.ZERO, Duration.ofMillis(20)));
    InfernetNode node = withApi(engine);
    HttpRequest request =
        HttpRequest.newBuilder(node.api().orElseThrow().resolve("/v1/completions"))
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\": \"storyteller\", \"prompt\": \"hi\", \"max_tokens\": 40}"))
            .build();
    var response =
        HttpClient.newHttpClient().sendAsync(request, HttpResponse.BodyHandlers.ofString());
    while (engine.running() == 0) {
      Thread.onSpinWait();
    }

    node.shutDown(Duration.ofSeconds(30));

    assertEquals(200, response.join().statusCode());
    assertTrue(response.join().body().contains("\"completion_tokens\":40"));
  }

  @Test
  void clientsOfTheApiHearThatTheirAnswersWereEnded() throws Exception {
    FakeInferenceEngine engine = nodes.engine();
    engine.script(Script.defaults().withStallAfter(1));
    InfernetNode node = withApi(engine);
    HttpRequest request =
        HttpRequest.newBuilder(node.api().orElseThrow().resolve("/v1/completions"))
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\": \"storyteller\", \"prompt\": \"hi\", \"stream\": true}"))
            .build();
    var response =
        HttpClient.newHttpClient().sendAsync(request, HttpResponse.BodyHandlers.ofString());
    while (engine.running() == 0) {
      Thread.onSpinWait();
    }

    node.shutDown(Duration.ofMillis(200));

    assertTrue(response.join().body().contains("this node shuts down"));
  }

  @Test
  void identityStaysWithTheHome() throws Exception {
    InfernetNode before = nodes.client("same").node();
    before.close();

    assertEquals(before.peerId(), nodes.client("same").node().peerId());
  }

  @Test
  void restartedNodeFindsItsPeersAgain() throws Exception {
    FakeNodes.Fake provider = nodes.provider("provider");
    nodes.client("client", provider.node()).node().close();

    FakeNodes.Fake client = nodes.client("client");

    ChatResult answer = client.node().chat(REQUEST).join();
    assertEquals(provider.node().peerId(), answer.provider().peer());
  }

  @Test
  void homeTakesOneNodeAtATime() {
    nodes.client("same");

    CompletionException e = assertThrows(CompletionException.class, () -> nodes.client("same"));

    assertInstanceOf(ConfigException.class, e.getCause());
    assertTrue(e.getCause().getMessage().contains("in use by another node (pid "), e.toString());
  }

  @Test
  void failedStartGivesEverythingBack() {
    InfernetNode.Builder builder =
        InfernetNode.builder()
            .home(folder.resolve("home"))
            .inference(FakeNodes.inference(nodes.engine()))
            .warm("missing");

    assertThrows(CompletionException.class, () -> builder.build().start().join());

    nodes.client("home");
  }

  @Test
  void settingsAreRefusedWhenTheNodeIsBuilt() {
    InfernetNode.Builder builder =
        InfernetNode.builder().home(folder).set(Settings.ENGINE_THREADS, "many");

    assertTrue(
        assertThrows(RuntimeException.class, builder::build)
            .getMessage()
            .startsWith("engine.threads many: expected a whole number"));
  }
}

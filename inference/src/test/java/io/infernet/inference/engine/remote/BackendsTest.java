package io.infernet.inference.engine.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.testing.FakeBackend;
import io.infernet.inference.testing.FakeModels;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BackendsTest {

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration SOON = Duration.ofMillis(20);

  private final ThreadScheduler scheduler = new ThreadScheduler("test");
  private final FakeBackend server = FakeBackend.start();
  private Backends backends = backends(List.of(server.url()), List.of(), LONG, LONG);

  private Backends backends(
      List<URI> urls, List<Integer> ports, Duration probeTimeout, Duration interval) {
    return backends(urls, ports, probeTimeout, interval, scheduler);
  }

  private static Backends backends(
      List<URI> urls,
      List<Integer> ports,
      Duration probeTimeout,
      Duration interval,
      Scheduler scheduler) {
    return new Backends(
        new BackendConfig(
            urls,
            !ports.isEmpty(),
            ports,
            "secret",
            LONG,
            probeTimeout,
            LONG,
            LONG,
            LONG,
            interval,
            interval,
            8,
            3,
            20_000,
            10_000,
            10_000),
        scheduler);
  }

  @AfterEach
  void close() {
    backends.close();
    server.close();
    scheduler.close();
  }

  private BackendStatus seen() {
    backends.lookOnce().join();
    return backends.status().get(0);
  }

  private static ModelName name(String text) {
    return ModelName.parse(text);
  }

  private String missed() {
    BackendStatus status = seen();
    assertFalse(status.up());
    assertEquals(List.of(), status.models());
    return status.detail();
  }

  @Test
  void knowsVllm() {
    server.vllm("Qwen/Qwen2.5-7B-Instruct", "lora");
    BackendStatus status = seen();
    assertTrue(status.up());
    assertEquals(Optional.of(BackendKind.VLLM), status.kind());
    assertEquals(
        List.of(
            new BackendModel(
                name("Qwen/Qwen2.5-7B-Instruct"), "Qwen/Qwen2.5-7B-Instruct", 4096, true, 0),
            new BackendModel(name("lora"), "lora", 4096, true, 0)),
        status.models());
  }

  @Test
  void knowsSglangOldAndNew() {
    server
        .with(
            "/v1/models",
            "{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"object\":\"model\",\"owned_by\":\"sglang\"}]}")
        .with("/get_server_info", "{\"context_length\":null,\"max_total_num_tokens\":5000}");
    assertEquals(Optional.of(BackendKind.SGLANG), seen().kind());
    assertEquals(5_000, seen().models().get(0).contextLength());
    server.with(
        "/v1/models",
        "{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"owned_by\":\"sglang\",\"max_model_len\":32768}]}");
    assertEquals(32_768, seen().models().get(0).contextLength());
  }

  @Test
  void knowsLlamaCppAndItsSlots() {
    server.llamaCpp("/models/tiny.gguf", 2_048, 2);
    BackendStatus status = seen();
    assertEquals(Optional.of(BackendKind.LLAMA_CPP), status.kind());
    assertEquals(
        List.of(new BackendModel(name("tiny.gguf"), "/models/tiny.gguf", 2_048, true, 1_234)),
        status.models());
    assertEquals(new Backends.Load(0, 2), backends.load(name("tiny.gguf")));
  }

  @Test
  void knowsOllamaAndWhatItHasLoaded() {
    server.ollama("llama3.2:latest", "qwen2.5:0.5b");
    BackendStatus status = seen();
    assertEquals(Optional.of(BackendKind.OLLAMA), status.kind());
    assertEquals(
        List.of(
            new BackendModel(name("llama3.2"), "llama3.2:latest", 8_192, true, 777),
            new BackendModel(name("qwen2.5:0.5b"), "qwen2.5:0.5b", 131_072, false, 0)),
        status.models());
  }

  @Test
  void leavesOllamasCloudAlone() {
    server
        .ollama("a", "b")
        .with(
            "/api/tags",
            "{\"models\":[{\"name\":\"a\",\"digest\":\"1\"},{\"name\":\"b-cloud\",\"digest\":\"2\",\"remote_host\":\"https://ollama.com\"}]}");
    assertEquals(List.of(name("a")), names(seen()));
  }

  @Test
  void knowsAnEmptyOllama() {
    server.ollama().with("/v1/models", "{\"object\":\"list\",\"data\":null}");
    assertEquals(Optional.of(BackendKind.OLLAMA), seen().kind());
    assertEquals(List.of(), seen().models());
  }

  @Test
  void takesAnyOtherServerOfTheSameApi() {
    server.with(
        "/v1/models",
        "{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"owned_by\":\"organization_owner\"}]}");
    assertEquals(Optional.of(BackendKind.OTHER), seen().kind());
    assertEquals(0, seen().models().get(0).contextLength());
  }

  @Test
  void takesOfANodeOnlyItsOwnModels() {
    String list =
        "{\"object\":\"list\",\"data\":["
            + "{\"id\":\"own\",\"owned_by\":\"infernet\",\"infernet\":{\"installed\":true,\"context_length\":512,\"warm\":true}},"
            + "{\"id\":\"peers\",\"owned_by\":\"infernet\",\"infernet\":{\"installed\":false}},"
            + "{\"id\":\"backends\",\"owned_by\":\"infernet\",\"infernet\":{\"installed\":true,\"backend\":\"ollama\"}}]}";
    server.with("/v1/models", list);
    BackendStatus status = seen();
    assertEquals(Optional.of(BackendKind.INFERNET), status.kind());
    assertEquals(List.of(new BackendModel(name("own"), "own", 512, true, 0)), status.models());

    backends.close();
    backends = backends(List.of(), List.of(server.port()), LONG, LONG);
    backends.lookOnce().join();
    assertEquals(List.of(), backends.models());
    assertEquals(List.of(), backends.status());
  }

  private static List<ModelName> names(BackendStatus status) {
    return status.models().stream().map(BackendModel::name).toList();
  }

  @Test
  void boundsAndChecksWhatItIsTold() {
    server.vllm("../../etc/passwd", "", "a b", "x".repeat(500), "a", "a", "b", "c", "d", "e");
    assertEquals(List.of(name("passwd"), name("a"), name("b")), names(seen()));
    server.with(
        "/v1/models",
        "{\"object\":\"list\",\"data\":[7,null,{\"id\":{}},{\"id\":\"m\",\"owned_by\":[],\"max_model_len\":-1e300}]}");
    assertEquals(List.of(new BackendModel(name("m"), "m", 0, true, 0)), seen().models());
  }

  @Test
  void saysWhatIsWrongWithAServer() {
    assertEquals("the server at " + server.url() + " does not speak OpenAI's API", missed());
    server.with("/v1/models", "<html>hello</html>");
    assertEquals("the server at " + server.url() + " does not speak OpenAI's API", missed());
    server.with("/v1/models", "{\"object\":\"list\",\"data\":{}}");
    assertEquals("the server at " + server.url() + " does not speak OpenAI's API", missed());
    server.with("/v1/models", " ".repeat(30_000));
    assertEquals("the backend at " + server.url() + ": it sent more than 20000 bytes", missed());
    server.close();
    assertTrue(missed().startsWith("nothing listens at " + server.url()), missed());
  }

  @Test
  void isNotHeldUpBySilenceOrNonsense() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      backends.close();
      backends =
          backends(
              List.of(URI.create("http://127.0.0.1:" + silent.getLocalPort())),
              List.of(),
              Duration.ofMillis(100),
              LONG);
      assertTrue(missed().endsWith("did not answer within 100 ms"));
      Thread nonsense =
          new Thread(
              () -> {
                try {
                  while (true) {
                    try (var socket = silent.accept();
                        OutputStream out = socket.getOutputStream()) {
                      out.write("SSH-2.0-what\r\n".getBytes(StandardCharsets.UTF_8));
                      out.flush();
                    }
                  }
                } catch (IOException e) {
                  // The socket is closed: the test is over.
                }
              });
      nonsense.start();
      assertFalse(seen().up());
      silent.close();
      nonsense.join();
    }
  }

  @Test
  void findsServersOnTheUsualPortsAndGivesThemNoKey() {
    server.vllm("m");
    backends.close();
    backends = backends(List.of(), List.of(server.port()), LONG, LONG);
    assertTrue(seen().up());
    assertFalse(seen().named());
    server.script(FakeBackend.saying("x"));
    Backends.Place place = backends.take(name("m"));
    place.client().post("/v1/embeddings", JsonNodeFactory.instance.objectNode(), LONG).join();
    assertEquals("", server.requests().get(0).header("Authorization"));
  }

  @Test
  void followsServersThatComeAndGo() throws Exception {
    int port = server.port();
    server.close();
    backends.close();
    backends = backends(List.of(), List.of(port), LONG, SOON);
    BlockingQueue<List<BackendModel>> changes = new LinkedBlockingQueue<>();
    backends.start(() -> changes.add(backends.models())).join();
    assertEquals(List.of(), backends.models());
    FakeBackend second = FakeBackend.startAt(port).vllm("m");
    assertEquals(name("m"), changes.take().get(0).name());
    second.vllm("m", "n");
    assertEquals(2, changes.take().size());
    second.close();
    assertEquals(List.of(), changes.take());
    try (FakeBackend third = FakeBackend.startAt(port).llamaCpp("o", 512, 1)) {
      assertEquals(name("o"), changes.take().get(0).name());
      assertEquals(OptionalInt.of(1), OptionalInt.of(backends.load(name("o")).slots()));
      assertEquals(Optional.of(BackendKind.LLAMA_CPP), backends.status().get(0).kind());
      assertEquals(port, third.port());
    }
  }

  @Test
  void looksNoMoreOftenWhenRequestsFail() throws Exception {
    server.vllm("m");
    Duration interval = Duration.ofHours(1);
    BlockingQueue<AtomicBoolean> planned = new LinkedBlockingQueue<>();
    backends.close();
    backends =
        backends(
            List.of(server.url()),
            List.of(),
            LONG,
            interval,
            (delay, task) -> {
              Scheduler.Cancellable timer = scheduler.schedule(delay, task);
              AtomicBoolean waiting = new AtomicBoolean(true);
              if (delay.equals(interval)) {
                planned.add(waiting);
              }
              return () -> {
                waiting.set(false);
                timer.cancel();
              };
            });
    backends.start(() -> {}).join();
    List<AtomicBoolean> looks = new ArrayList<>(List.of(planned.take()));
    for (int i = 0; i < 5; i++) {
      backends.take(name("m")).leave(new BackendException("it failed"));
      looks.add(planned.take());
    }
    assertEquals(1, looks.stream().filter(AtomicBoolean::get).count());
  }

  @Test
  void modelsOnTheDiskComeFirst() {
    server.vllm("storyteller", "m:fp16", "org/m");
    backends.lookOnce().join();
    BackendModelRepository models =
        new BackendModelRepository(FakeModels.repository("storyteller"), backends);
    assertEquals(
        List.of("storyteller", "m:fp16", "org/m"),
        models.list().stream().map(model -> model.name().toString()).toList());
    assertFalse(models.require(name("storyteller")).manifest().isBackend());
    assertEquals(InstalledModel.ofBackend(name("m:fp16")), models.require(name("m:fp16")));
    assertEquals(Optional.empty(), models.find(name("nothing")));
  }
}

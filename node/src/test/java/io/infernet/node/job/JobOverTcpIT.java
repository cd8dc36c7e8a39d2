package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.FinishReason;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.node.embed.InfernetNode;
import io.infernet.node.job.JobWorld.Reader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs over real sockets with the model that comes with the program. */
class JobOverTcpIT {

  /** In float32, whose rounding does not show when another node goes on. */
  private static final String MODEL = "storyteller:fp32";

  @TempDir Path homes;
  private InfernetNode first;
  private InfernetNode second;
  private InfernetNode client;

  @BeforeEach
  void start() {
    first = provider("first");
    second = provider("second");
    client =
        InfernetNode.builder()
            .mdns(false)
            .home(homes.resolve("client"))
            .bootstrap(Stream.of(first, second).flatMap(node -> node.addresses().stream()).toList())
            .build();
    client.start().join();
    client.peersTried().join();
  }

  private InfernetNode provider(String name) {
    InfernetNode node =
        InfernetNode.builder()
            .mdns(false)
            .home(homes.resolve(name))
            .listen(Multiaddr.parse("/ip4/127.0.0.1/tcp/0"))
            .provider()
            .warm(MODEL)
            .build();
    node.start().join();
    return node;
  }

  @AfterEach
  void close() {
    client.close();
    second.close();
    first.close();
  }

  private static ChatRequest request(double temperature, int maxTokens) {
    return ChatRequest.builder(MODEL)
        .text("Once upon a time")
        .temperature(temperature)
        .seed(7)
        .maxTokens(maxTokens)
        .build();
  }

  private static ChatResult await(CompletableFuture<ChatResult> result) throws Exception {
    return result.get(60, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.8})
  void answersAsThisMachineItselfWould(double temperature) throws Exception {
    ChatResult remote = await(client.chat(request(temperature, 60)));
    first.close();
    second.close();
    ChatResult local = await(client.chat(request(temperature, 60)));

    assertEquals(ChatResult.Verdict.LOCAL, local.verdict());
    assertEquals(local.text(), remote.text());
    assertTrue(remote.receipt().isPresent());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.8})
  void givesTheWholeAnswerWhenItsProviderIsClosed(double temperature) throws Exception {
    String whole = await(client.chat(request(temperature, 200))).text();
    boolean[] closed = new boolean[1];
    Reader reader =
        new Reader(
            r -> {
              if (r.tokens >= 20 && !closed[0]) {
                closed[0] = true;
                ChatEvent.Started started = (ChatEvent.Started) r.events.get(0);
                InfernetNode victim =
                    started.provider().peer().equals(first.peerId()) ? first : second;
                new Thread(() -> victim.shutDown(Duration.ZERO), "closer").start();
              }
            });
    ChatJob job = client.start(request(temperature, 200));
    job.events().subscribe(reader);

    ChatResult result = await(job.result());

    assertEquals(whole, result.text());
    assertEquals(whole, reader.text.toString());
    assertEquals(FinishReason.LENGTH, result.finishReason());
    assertEquals(1, reader.of(ChatEvent.Switched.class).size(), reader.events.toString());
    assertTrue(
        List.of(Attempt.Outcome.FAILED, Attempt.Outcome.BROKEN)
            .contains(result.attempts().get(0).outcome()),
        result.attempts().toString());
  }

  @Test
  void measuresWhatTheNetworkAdds() {
    second.close();
    JobBenchmark.Result measured =
        new JobBenchmark(
                client::start,
                first::start,
                new JobBenchmark.Config(20, 5, MODEL, "Once upon a time", 2),
                Ticker.system())
            .run();

    assertEquals(20, measured.jobs());
    assertTrue(measured.remote().median().compareTo(Duration.ZERO) > 0);
  }
}

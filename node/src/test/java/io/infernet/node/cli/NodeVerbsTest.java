package io.infernet.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeInferenceEngine.Script;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.node.embed.FakeNodes;
import io.infernet.node.embed.InfernetNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The verbs that have to do with a running node, against real nodes with scripted engines. */
@Timeout(60)
class NodeVerbsTest {

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
  void runAsksTheRunningNode() throws Exception {
    withNode();

    CliRun text = run("run", FakeNodes.MODEL, "hi", "--max-tokens", "3", "--seed", "1");
    CliRun again =
        CliRun.withInput(
            home(), "hi\n", "run", FakeNodes.MODEL, "--max-tokens", "3", "--seed", "1", "--json");

    assertEquals(0, text.code(), text.err());
    assertEquals("", text.err());
    JsonNode json = json(again.out());
    assertEquals(json.get("text").asText() + "\n", text.out());
    assertEquals(3, json.get("completion_tokens").asInt());
    assertEquals("length", json.get("finish_reason").asText());
    assertEquals("local", json.get("verdict").asText());
    assertEquals("completed", json.get("attempts").get(0).get("outcome").asText());
  }

  @Test
  void runFailsWithTheCodeOfTheInterfaceAndOneLine() throws Exception {
    FakeInferenceEngine engine = withNode();
    expect(3, "no model nothing is installed here", "run", "nothing", "hi");
    expect(1, "shorten the prompt", "run", FakeNodes.MODEL, "x".repeat(600));
    expect(
        2,
        "--deadline soon: expected such as 30s",
        "run",
        FakeNodes.MODEL,
        "hi",
        "--deadline",
        "soon");
    expect(2, "'x' is not a whole number", "run", FakeNodes.MODEL, "hi", "--seed", "x");
    expect(2, "no prompt", "run", FakeNodes.MODEL);
    expect(2, "Missing required parameter: 'MODEL'", "run");
    expect(2, "temperature must be 0 to 100", "run", FakeNodes.MODEL, "hi", "--temperature", "-1");
    engine.script(Script.defaults().withStallAfter(1));
    expect(5, "not complete after", "run", FakeNodes.MODEL, "hi", "--deadline", "200ms");
  }

  private void expect(int code, String message, String... arguments) {
    CliRun run = run(arguments);
    assertEquals(code, run.code(), run.err());
    assertTrue(run.err().startsWith("infernet: "), run.err());
    assertTrue(run.err().contains(message), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
  }

  @Test
  void readVerbsTellOfTheRunningNodeAndItsPeers() throws Exception {
    FakeNodes.Fake provider = nodes.provider("provider");
    InfernetNode node = withNode(provider.node());

    CliRun answer = run("run", FakeNodes.MODEL, "hi", "--max-tokens", "5", "--json");
    JsonNode status = json(run("status", "--json").out());
    JsonNode peers = json(run("peers", "--json").out());
    JsonNode receipts = json(run("receipts", "ls", "--json").out());

    String providerId = provider.node().peerId().toString();
    assertEquals(providerId, json(answer.out()).get("provider").asText());
    assertEquals(node.peerId().toString(), status.get("peer_id").asText());
    assertEquals(ProcessHandle.current().pid(), status.get("pid").asLong());
    assertEquals(1, status.get("peers").asInt());
    assertEquals(providerId, peers.get(0).get("peer_id").asText());
    assertEquals("storyteller", peers.get(0).get("models").get(0).asText());
    assertEquals(1, receipts.size());
    assertTrue(run("peers").out().contains(providerId));
    String text = run("status").out();
    assertTrue(text.contains("running      true"), text);
    assertTrue(text.contains("dht          mode client, peers "), text);
    JsonNode ps = json(run("ps", "--network", "--json").out());
    assertEquals(FakeNodes.MODEL, ps.get(0).get("name").asText());
    assertEquals(1, ps.get(0).get("providers").asInt());
    assertTrue(run("ps", "--network").out().contains(FakeNodes.MODEL));
    assertTrue(run("ps").err().contains("no model is in memory"));

    String id = receipts.get(0).get("id").asText();
    assertEquals(id, json(answer.out()).get("receipt").asText());
    Path file =
        Files.writeString(folder.resolve("receipt.json"), run("receipts", "show", id).out());
    CliRun valid = CliRun.of(folder.resolve("elsewhere"), "receipts", "verify", file.toString());
    assertEquals(0, valid.code(), valid.err());
    assertTrue(valid.out().startsWith("valid: " + providerId + " made 5 tokens"), valid.out());
    expect(1, "no receipt 1234", "receipts", "show", "1234");
    node.close();
    assertEquals(receipts, json(run("receipts", "ls", "--json").out()));
    assertEquals(Files.readString(file), run("receipts", "show", id).out());
    expect(1, "no receipt 1234", "receipts", "show", "1234");
    verifiesNot(file, "\"price\" : 0", "\"price\" : 1", "it was changed");
    verifiesNot(file, "\"client_signature\" : \"0", "\"client_signature\" : \"f", "");
    verifiesNot(
        file, "\"completion_tokens\" : 5", "\"completion_tokens\" : \"5\"", "no whole number");
    expect(1, "as JSON", "receipts", "verify", folder.resolve("missing").toString());
  }

  private void verifiesNot(Path file, String from, String to, String message) throws IOException {
    String changed = Files.readString(file).replace(from, to);
    if (changed.equals(Files.readString(file))) {
      // A random signature that does not begin as the example does.
      changed = changed.replaceFirst("client_signature\" : \".", "client_signature\" : \"0");
    }
    Path copy = Files.writeString(folder.resolve("changed.json"), changed);
    expect(4, message, "receipts", "verify", copy.toString());
  }

  @Test
  void withoutANodeTheVerbsSaySo() throws Exception {
    expect(1, "no node runs in", "peers");
    CliRun status = run("status", "--json");
    assertEquals(0, status.code());
    assertEquals(false, json(status.out()).get("running").asBoolean());
  }

  @Test
  void noteOfAKilledNodeIsNotBelieved() throws Exception {
    InfernetNode node = withNode(new InfernetNode[0]);
    Path note = home().resolve("node.json");
    String left = Files.readString(note);
    node.close();
    assertTrue(Files.notExists(note));

    // Its process id is alive, its port is not.
    Files.writeString(note, left);
    assertEquals(false, json(run("status", "--json").out()).get("running").asBoolean());

    // Another node has its port now.
    InfernetNode other = nodes.client("other").node();
    Files.writeString(note, left.replaceAll("\"peer_id\":\"[^\"]*\"", "\"peer_id\":\"x\""));
    assertEquals(false, json(run("status", "--json").out()).get("running").asBoolean());
    other.close();
  }

  @Test
  void serveTellsWhereItIsAndEndsWithZero() throws Exception {
    CliRun.Started serve = new CliRun.Started(home(), "");
    CompletableFuture<CliRun> ended =
        CompletableFuture.supplyAsync(
            () ->
                serve.run(
                    "serve",
                    "--no-mdns",
                    "--listen",
                    "/ip4/127.0.0.1/tcp/0",
                    "--api",
                    "127.0.0.1:0"));
    while (!serve.out().contains("ready\n") && !ended.isDone()) {
      Thread.onSpinWait();
    }

    JsonNode status = json(run("status", "--json").out());
    serve.stop();
    CliRun run = ended.join();

    assertEquals(0, run.code(), run.err());
    assertTrue(
        run.out()
            .matches(
                "peer id    "
                    + status.get("peer_id").asText()
                    + "\nlistening  /ip4/127.0.0.1/tcp/\\d+/p2p/\\S+\napi        http://127.0.0.1:\\d+\nready\n"),
        run.out());
    assertTrue(Files.notExists(home().resolve("node.json")));
  }

  @Test
  void serveInAHomeInUseOrOnAPortInUseIsOneLine() throws Exception {
    String listen = "/ip4/127.0.0.1/tcp/";
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      expect(1, "choose another", "serve", "--listen", listen + port, "--api", "127.0.0.1:0");
      expect(1, "choose another", "serve", "--listen", listen + "0", "--api", "127.0.0.1:" + port);
    }
    expect(2, "expected HOST:PORT", "serve", "--api", "nonsense");
    expect(2, "expected a list of values, each provider or client", "serve", "--role", "king");
    expect(2, "ends in /p2p/", "serve", "--bootstrap", listen + "1");
    expect(1, "set INFERNET_API_KEY", "serve", "--api", "0.0.0.0:0");
    expect(
        3,
        "no model nope",
        "serve",
        "--model",
        "nope",
        "--listen",
        listen + "0",
        "--api",
        "127.0.0.1:0");
    withNode();
    expect(1, "is in use by another node (pid ", "serve", "--listen", listen + "0");
  }

  private FakeInferenceEngine withNode() {
    FakeInferenceEngine engine = nodes.engine();
    withNode(engine);
    return engine;
  }

  private InfernetNode withNode(InfernetNode... bootstrap) {
    return withNode(nodes.engine(), bootstrap);
  }

  private InfernetNode withNode(FakeInferenceEngine engine, InfernetNode... bootstrap) {
    InfernetNode.Builder builder =
        InfernetNode.builder()
            .home(home())
            .api("127.0.0.1:0")
            .inference(FakeNodes.inference(engine));
    for (InfernetNode peer : bootstrap) {
      builder.bootstrap(peer.addresses().toArray(Multiaddr[]::new));
    }
    InfernetNode node = nodes.start(builder, engine).node();
    node.peersTried().join();
    return node;
  }

  private Path home() {
    return folder.resolve("home");
  }

  private CliRun run(String... arguments) {
    return CliRun.of(home(), arguments);
  }

  private static JsonNode json(String text) throws IOException {
    return new ObjectMapper().readTree(text);
  }
}

package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.inference.InfernetException;
import io.infernet.node.ShutdownHook;
import io.infernet.node.VerificationFailedException;
import io.infernet.node.http.ReceiptJson;
import io.infernet.node.job.Attempt;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.Provider;
import io.infernet.verification.receipt.ReceiptVerdict;
import io.infernet.verification.receipt.ReceiptVerifier;
import io.infernet.verification.receipt.SignedReceipt;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * {@code infernet demo}: three nodes in processes of their own on loopback, one answer, and the
 * same answer again while the node that gives it is killed.
 */
@Command(
    name = "demo",
    description =
        "Shows a network of three nodes on this machine, and an answer that survives the death of"
            + " its node.")
final class DemoCommand implements Callable<Integer> {

  /** Set by the launcher: how a person starts this program. */
  private static final String PROGRAM_PROPERTY = "infernet.program";

  /** In float32, whose rounding does not show when another node goes on. */
  private static final String MODEL = "storyteller:fp32";

  private static final String PROMPT = "The old sailor looked at the sea and";
  private static final int TOKENS = 80;

  /** Slow enough to watch, and to be killed half-way. */
  private static final String TOKENS_PER_SECOND = "32";

  private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration PEERS_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration PEERS_CHECK = Duration.ofMillis(50);

  private final CliContext context;
  private final PrintStream out;

  /** Guarded by itself: the shutdown hook looks too. */
  private final List<NodeProcess> nodes = new ArrayList<>();

  private final Map<String, String> names = new LinkedHashMap<>();

  DemoCommand(CliContext context) {
    this.context = context;
    this.out = context.out();
  }

  @Override
  public Integer call() throws Exception {
    Path folder = Files.createTempDirectory("infernet-demo");
    try (ShutdownHook cleanUp =
        new ShutdownHook(
            "demo-clean-up",
            () -> {
              context.stop().complete(null);
              cleanUp(folder);
            })) {
      play(folder);
      return 0;
    } finally {
      cleanUp(folder);
    }
  }

  private void play(Path folder) throws Exception {
    out.println(
        """
        This is Infernet: machines that run AI models for each other, with no server between them.
        Three nodes start on this machine now, each a process of its own with its own identity:
        """);
    NodeProcess alice = start(folder, "alice", provider(), List.of("--model", MODEL));
    NodeProcess bob = start(folder, "bob", provider(), List.of("--model", MODEL));
    List<String> bootstrap = new ArrayList<>();
    for (NodeProcess node : List.of(alice, bob)) {
      JsonNode status = introduce(node, "runs the model " + MODEL + " for others");
      bootstrap.add(status.path("addresses").path(0).asText());
    }
    NodeProcess carol =
        start(
            folder,
            "carol",
            Map.of("INFERNET_NODE_ROLES", "client"),
            List.of("--bootstrap", String.join(",", bootstrap)));
    introduce(carol, "has a question, and runs no model for others");
    LocalApi api = carol.awaitReady(READY_TIMEOUT);
    awaitProviders(api, 2);

    out.println("\n1. carol asks her peers to go on with a story.\n");
    ChatResult first = ask(api, event -> {});
    out.printf(
        "%n   %s answered: %d tokens, encrypted on the way, checked as they came.%n",
        name(first.provider()), first.usage().completionTokens());

    out.println(
        "\n2. carol asks the same again. Half-way, the node that answers is killed (kill -9).\n");
    ChatResult second = ask(api, new Killer(first.text().length() / 2));
    out.printf("%n   carol's answer has no gap. Who did what:%n");
    for (Attempt attempt : second.attempts()) {
      out.printf(
          "   - %-6s %-10s %3d tokens%s%n",
          name(attempt.provider()),
          attempt.outcome(),
          attempt.tokens(),
          attempt.detail().isEmpty() ? "" : "  (" + attempt.detail() + ")");
    }
    check(second.attempts().size() > 1, "the answer came from one node: nothing had to be rescued");
    check(
        second.text().equals(first.text()),
        "the rescued answer is not the undisturbed one:\n" + first.text() + "\n" + second.text());
    out.println("   The text is the same, to the letter, as the undisturbed answer.");

    out.println("\n3. Both sides signed a receipt for what was done:\n");
    showReceipt(api, first);
    showReceipt(api, second);
    out.printf(
        """

        Where to go next:
          %1$s run storyteller "Call me"      an answer on this machine
          %1$s serve                          become a node that others can reach
          %1$s serve --bootstrap MULTIADDR    join somebody: the address that their serve prints
          curl http://127.0.0.1:11500/v1/models           what OpenAI clients see of a running node
          %1$s --help                         everything else
        """,
        System.getProperty(PROGRAM_PROPERTY, "infernet"));
  }

  private static Map<String, String> provider() {
    return Map.of(
        "INFERNET_NODE_ROLES",
        "provider",
        "INFERNET_ENGINE_MAX_TOKENS_PER_SECOND",
        TOKENS_PER_SECOND);
  }

  private NodeProcess start(
      Path folder, String name, Map<String, String> settings, List<String> flags)
      throws IOException {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of("--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0"));
    synchronized (nodes) {
      check(!context.stop().isDone(), "it was interrupted");
      NodeProcess node = NodeProcess.serve(folder, name, settings, all);
      nodes.add(node);
      return node;
    }
  }

  private JsonNode introduce(NodeProcess node, String what) throws InterruptedException {
    JsonNode status = node.awaitReady(READY_TIMEOUT).get("/api/status");
    String peer = status.path("peer_id").asText();
    names.put(peer, node.name());
    out.printf(
        "   %-6s %s%n          process %d, peer …%s%n",
        node.name(), what, node.pid(), peer.substring(peer.length() - 8));
    return status;
  }

  private void awaitProviders(LocalApi api, int wanted) throws InterruptedException {
    long end = System.nanoTime() + PEERS_TIMEOUT.toNanos();
    while (true) {
      for (JsonNode model : api.get("/v1/models").path("data")) {
        if (model.path("id").asText().equals(MODEL)
            && model.path("infernet").path("providers").asInt() >= wanted) {
          return;
        }
      }
      check(System.nanoTime() < end, "carol did not hear of both providers in time");
      Thread.sleep(PEERS_CHECK.toMillis());
    }
  }

  /** Asks for the story and prints it as it comes. */
  private ChatResult ask(LocalApi api, Consumer<ChatEvent> watcher) throws InterruptedException {
    ChatRequest request =
        ChatRequest.builder(MODEL).user(PROMPT).temperature(0).maxTokens(TOKENS).build();
    out.print("   " + PROMPT);
    try (ApiAnswers answers = new ApiAnswers(api)) {
      ChatResult result =
          answers.ask(
              request,
              event -> {
                if (event instanceof ChatEvent.Text text) {
                  out.print(text.delta().replace("\n", "\n   "));
                  out.flush();
                }
                watcher.accept(event);
              });
      out.println();
      return result;
    }
  }

  /** Kills the node that answers when half of the answer is there. */
  private final class Killer implements Consumer<ChatEvent> {
    private final int halfWay;
    private String victim = "";
    private int length;
    private boolean killed;

    /**
     * @param halfWay characters after which it strikes
     */
    Killer(int halfWay) {
      this.halfWay = halfWay;
    }

    @Override
    public void accept(ChatEvent event) {
      if (event instanceof ChatEvent.Started started) {
        victim = name(started.provider());
      } else if (event instanceof ChatEvent.Text text) {
        length += text.delta().length();
        if (length >= halfWay && !killed) {
          killed = true;
          kill();
        }
      } else if (event instanceof ChatEvent.Switched switched) {
        out.printf(
            "%n   *** %s noticed, and %s goes on after token %d ***%n   ",
            "carol", name(switched.to()), switched.tokens());
      }
    }

    private void kill() {
      synchronized (nodes) {
        for (NodeProcess node : nodes) {
          if (node.name().equals(victim)) {
            out.printf("%n   *** %s is killed now (process %d) ***%n   ", victim, node.pid());
            out.flush();
            node.kill();
          }
        }
      }
    }
  }

  private void showReceipt(LocalApi api, ChatResult result) {
    String id =
        result
            .receipt()
            .orElseThrow(() -> new VerificationFailedException("an answer has no receipt"));
    SignedReceipt receipt = ReceiptJson.read(api.get("/api/receipts/" + id));
    ReceiptVerdict verdict = new ReceiptVerifier().verify(receipt);
    if (!(verdict instanceof ReceiptVerdict.Valid)) {
      throw new VerificationFailedException("receipt " + id + " does not hold: " + verdict);
    }
    out.printf(
        "   receipt %s…  %s made %d tokens for carol, price %d; both signatures hold%n",
        id.substring(0, 12),
        names.getOrDefault(receipt.receipt().provider().toString(), "somebody"),
        receipt.receipt().completionTokens(),
        receipt.receipt().price());
    out.flush();
  }

  private String name(Provider provider) {
    return names.getOrDefault(provider.peer().toString(), provider.toString());
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new InfernetException("the demonstration failed: " + otherwise);
    }
  }

  /** Ends all processes and removes their homes; does nothing the second time. */
  private void cleanUp(Path folder) {
    synchronized (nodes) {
      nodes.forEach(NodeProcess::stop);
      nodes.forEach(NodeProcess::close);
      nodes.clear();
      if (!Files.exists(folder)) {
        return;
      }
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      } catch (IOException | UncheckedIOException e) {
        context.err().println("infernet: cannot remove " + folder + ": " + e.getMessage());
      }
    }
  }
}

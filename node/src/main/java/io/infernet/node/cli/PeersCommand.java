package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet peers}. */
@Command(name = "peers", description = "Shows the peers that the running node is connected to.")
final class PeersCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;

  @Mixin private JsonOption json = new JsonOption();

  PeersCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    JsonNode peers = LocalApi.require(global.home()).get("/api/peers").path("peers");
    if (json.wanted()) {
      context.out().println(Json.line(peers));
      return 0;
    }
    if (peers.isEmpty()) {
      context
          .err()
          .println(
              "no peers: there are none on the local network; name one with `infernet serve"
                  + " --bootstrap MULTIADDR`");
      return 0;
    }
    Table table = new Table("PEER", "ADDRESS", "DIRECTION", "LATENCY", "TIER", "AGENT", "MODELS");
    for (JsonNode peer : peers) {
      List<String> models = new ArrayList<>();
      peer.path("models").forEach(model -> models.add(model.asText()));
      table.row(
          peer.path("peer_id").asText(),
          peer.path("address").asText(),
          peer.path("direction").asText(),
          peer.has("latency_ms") ? peer.path("latency_ms").asText() + " ms" : "-",
          peer.path("tier").asText("-"),
          peer.path("agent").asText(),
          String.join(", ", models));
    }
    table.print(context.out());
    return 0;
  }
}

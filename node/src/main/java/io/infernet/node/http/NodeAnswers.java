package io.infernet.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.discovery.directory.Capabilities;
import io.infernet.discovery.directory.CapabilityRecord;
import io.infernet.discovery.directory.Demand;
import io.infernet.discovery.kad.KadStatus;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.inference.model.ModelManifest;
import io.infernet.libp2p.multiformats.Cid;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes what the node tells of itself. Safe from any thread. */
final class NodeAnswers {

  /** As many as one answer lists. */
  static final int MAX_RECEIPTS = 1_000;

  private final NodeView node;

  NodeAnswers(NodeView node) {
    this.node = node;
  }

  /** Whether the node works. */
  boolean healthy() {
    return node.trouble().isEmpty();
  }

  ObjectNode health() {
    return node.trouble()
        .map(why -> object().put("status", "unhealthy").put("reason", why))
        .orElseGet(() -> object().put("status", "ok"));
  }

  ObjectNode status() {
    NodeView.Status status = node.status();
    ObjectNode body =
        object().put("version", status.version()).put("peer_id", status.peerId().toString());
    ArrayNode roles = body.putArray("roles");
    status.roles().stream().sorted().forEach(role -> roles.add(role.toString()));
    ArrayNode addresses = body.putArray("addresses");
    status.addresses().forEach(address -> addresses.add(address.toString()));
    body.put("started_at", status.startedAt().toString()).put("peers", status.peers());
    ArrayNode warm = body.putArray("warm");
    status.warm().forEach(warm::add);
    body.put("answering", status.answering());
    body.set("engine", engine());
    ArrayNode backends = body.putArray("backends");
    for (BackendStatus backend : status.backends()) {
      ObjectNode object = backends.addObject().put("url", backend.url().toString());
      backend.kind().ifPresent(kind -> object.put("kind", kind.toString()));
      object.put("up", backend.up());
      if (!backend.up()) {
        object.put("detail", backend.detail());
      }
      ArrayNode models = object.putArray("models");
      backend.models().forEach(model -> models.add(model.name().toString()));
      object.put("running", backend.running());
    }
    body.set("network", network(status.network()));
    return body;
  }

  private ObjectNode engine() {
    List<LoadedModel> loaded = node.loaded();
    ObjectNode object = object();
    loaded.stream().findFirst().ifPresent(model -> object.put("device", model.device().toString()));
    object
        .put("memory", loaded.stream().mapToLong(LoadedModel::memoryBytes).sum())
        .put("running", loaded.stream().mapToInt(LoadedModel::running).sum())
        .put("waiting", loaded.stream().mapToInt(LoadedModel::waiting).sum());
    node.trouble().ifPresent(why -> object.put("trouble", why));
    return object;
  }

  private static ObjectNode inMemory(LoadedModel model) {
    ObjectNode object =
        object()
            .put("device", model.device().toString())
            .put("bytes", model.memoryBytes())
            .put("weights", model.memoryBytes() - model.cacheBytes())
            .put("cache", model.cacheBytes())
            .put("cache_used", model.cacheUsed())
            .put("slots", model.slots())
            .put("running", model.running())
            .put("waiting", model.waiting())
            .put("pinned", model.pinned());
    model.idleSince().ifPresent(time -> object.put("idle_since", time.toString()));
    model.idleUntil().ifPresent(time -> object.put("idle_until", time.toString()));
    return object;
  }

  private static ObjectNode network(NodeView.Network network) {
    ObjectNode object = object().put("name", network.name()).put("known_nodes", network.known());
    KadStatus dht = network.dht();
    ObjectNode kad =
        object
            .putObject("dht")
            .put("mode", dht.mode().name().toLowerCase(Locale.ROOT))
            .put("peers", dht.peers());
    dht.networkSize().ifPresent(size -> kad.put("network_size", Math.round(size)));
    kad.put("provided", dht.provided())
        .put("provider_records", dht.providers())
        .put("values", dht.values());
    ObjectNode gossip = object.putObject("gossip");
    network
        .gossip()
        .forEach(
            (topic, state) ->
                gossip
                    .putObject(topic)
                    .put("subscribers", state.subscribers())
                    .put("mesh", state.mesh()));
    ObjectNode mdns = object.putObject("mdns").put("enabled", network.mdns().isPresent());
    network.mdns().ifPresent(found -> mdns.put("found", found));
    object.put("offers_heard", network.offers());
    ArrayNode demand = object.putArray("demand");
    for (Demand wanted : network.demand()) {
      ObjectNode model =
          demand
              .addObject()
              .put("name", wanted.name())
              .put("count", Math.round(wanted.count() * 10) / 10.0)
              .put("last_asked_at", wanted.last().toString());
      wanted.manifest().ifPresent(cid -> model.put("model_cid", cid.toString()));
    }
    return object;
  }

  ObjectNode peers() {
    ObjectNode body = object();
    ArrayNode array = body.putArray("peers");
    for (NodeView.Peer peer : node.peers()) {
      ObjectNode object =
          array
              .addObject()
              .put("peer_id", peer.id().toString())
              .put("address", peer.address().toString())
              .put("direction", peer.dialled() ? "outbound" : "inbound")
              .put("agent", peer.agent());
      peer.latency().ifPresent(time -> object.put("latency_ms", time.toNanos() / 10_000 / 100.0));
      ArrayNode models = object.putArray("models");
      peer.record().ifPresent(record -> describe(record, object, models));
    }
    return body;
  }

  private static void describe(CapabilityRecord record, ObjectNode object, ArrayNode models) {
    Capabilities said = record.capabilities();
    said.models().forEach(offer -> models.add(offer.name()));
    said.hardware().tier().ifPresent(tier -> object.put("tier", tier.toString()));
    said.region().ifPresent(region -> object.put("region", region));
    object
        .put("running", said.load().running())
        .put("slots", said.load().slots())
        .put("heard_at", record.timestamp().toString());
  }

  /** The models here and in the network, in this program's own shape. */
  ObjectNode networkModels() {
    ObjectNode body = object();
    ArrayNode array = body.putArray("models");
    Map<Cid, LoadedModel> loaded =
        node.loaded().stream()
            .collect(
                Collectors.toMap(model -> model.manifest().cid(), model -> model, (a, b) -> a));
    for (NodeView.Model model : node.models()) {
      ObjectNode object = array.addObject().put("name", model.name());
      object.setAll(describe(model));
      if (loaded.containsKey(model.cid())) {
        object.set("memory", inMemory(loaded.get(model.cid())));
      }
    }
    return body;
  }

  ObjectNode models() {
    ObjectNode body = object().put("object", "list");
    ArrayNode data = body.putArray("data");
    node.models().forEach(model -> data.add(model(model)));
    return body;
  }

  ObjectNode model(String name) {
    return node.models().stream()
        .filter(model -> model.name().equals(name))
        .findFirst()
        .map(NodeAnswers::model)
        .orElseThrow(
            () ->
                ApiException.of(
                    404,
                    "invalid_request_error",
                    "model_not_found",
                    "The model '" + name + "' is not installed here and no peer offers it."));
  }

  ObjectNode receipts() {
    ObjectNode body = object();
    ArrayNode array = body.putArray("receipts");
    node.newestReceipts(MAX_RECEIPTS).forEach(receipt -> array.add(ReceiptJson.write(receipt)));
    return body;
  }

  ObjectNode receipt(String id) {
    return node.receipt(id)
        .map(ReceiptJson::write)
        .orElseThrow(
            () ->
                ApiException.of(
                    404,
                    "invalid_request_error",
                    "receipt_not_found",
                    "This node has no receipt '" + id + "'."));
  }

  private static ObjectNode model(NodeView.Model model) {
    ObjectNode object =
        object()
            .put("id", model.name())
            .put("object", "model")
            .put("created", 0)
            .put("owned_by", "infernet");
    object.set("infernet", describe(model));
    return object;
  }

  private static ObjectNode describe(NodeView.Model model) {
    ObjectNode object =
        object()
            .put("task", model.task())
            .put("model_cid", model.cid().toString())
            .put("context_length", model.contextLength())
            .put("installed", model.installed())
            .put("fingerprintable", !ModelManifest.isBackend(model.cid()))
            .put("warm", model.warm())
            .put("size", model.sizeBytes());
    model.backend().ifPresent(where -> object.put("backend", where));
    ArrayNode quantizations = object.putArray("quantizations");
    model.quantizations().forEach(quantizations::add);
    object.put("providers", model.providers()).put("warm_providers", model.warmProviders());
    model
        .cheapest()
        .ifPresent(
            price ->
                object
                    .putObject("cheapest")
                    .put("base", price.base())
                    .put("per_1000_tokens", price.perThousandTokens()));
    model.heardAt().ifPresent(at -> object.put("heard_at", at.toString()));
    return object;
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}

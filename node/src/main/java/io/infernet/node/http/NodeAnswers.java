package io.infernet.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Writes what the node tells of itself. Safe from any thread. */
final class NodeAnswers {

  /** As many as one answer lists. */
  static final int MAX_RECEIPTS = 1_000;

  private final NodeView node;

  NodeAnswers(NodeView node) {
    this.node = node;
  }

  ObjectNode health() {
    return object().put("status", "ok");
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
    return body.put("answering", status.answering());
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
      ArrayNode models = object.putArray("models");
      peer.models().forEach(models::add);
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
    object
        .putObject("infernet")
        .put("model_cid", model.cid().toString())
        .put("context_length", model.contextLength())
        .put("installed", model.installed())
        .put("warm", model.warm())
        .put("size", model.sizeBytes())
        .put("providers", model.providers());
    return object;
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}

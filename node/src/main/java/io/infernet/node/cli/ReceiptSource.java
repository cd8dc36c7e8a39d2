package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.inference.InfernetException;
import io.infernet.node.http.ReceiptJson;
import io.infernet.verification.receipt.SignedReceipt;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The receipts of this home: from the node that runs in it, or else from its store. */
final class ReceiptSource {

  private final GlobalOptions global;

  ReceiptSource(GlobalOptions global) {
    this.global = global;
  }

  /** The newest receipts, those finished last first. */
  List<SignedReceipt> newest() {
    LocalApi api = LocalApi.require(global.home());
    List<SignedReceipt> receipts = new ArrayList<>();
    for (JsonNode receipt : api.get("/api/receipts").path("receipts")) {
      receipts.add(ReceiptJson.read(receipt));
    }
    return receipts;
  }

  /** The receipt with that id. */
  Optional<SignedReceipt> get(String id) {
    try {
      return Optional.of(
          ReceiptJson.read(LocalApi.require(global.home()).get("/api/receipts/" + id)));
    } catch (InfernetException e) {
      return Optional.empty();
    }
  }
}

package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.node.assembly.StorageAssembly;
import io.infernet.node.config.HomeLock;
import io.infernet.node.http.ReceiptJson;
import io.infernet.node.job.ReceiptStore;
import io.infernet.verification.receipt.SignedReceipt;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The receipts of this home: from the node that runs in it, or else from its store. */
final class ReceiptSource {

  private static final int MAX_RECEIPTS = 1_000;

  private final GlobalOptions global;

  ReceiptSource(GlobalOptions global) {
    this.global = global;
  }

  /** The newest receipts, those finished last first. */
  List<SignedReceipt> newest() {
    Optional<LocalApi> api = LocalApi.find(global.home());
    if (api.isEmpty()) {
      return fromStore(List.of(), store -> store.newest(MAX_RECEIPTS));
    }
    List<SignedReceipt> receipts = new ArrayList<>();
    for (JsonNode receipt : api.get().get("/api/receipts").path("receipts")) {
      receipts.add(ReceiptJson.read(receipt));
    }
    return receipts;
  }

  /** The receipt with that id. */
  Optional<SignedReceipt> get(String id) {
    Optional<LocalApi> api = LocalApi.find(global.home());
    if (api.isEmpty()) {
      return fromStore(Optional.empty(), store -> store.get(id));
    }
    // The list, because an id that a person mistyped is none that a path can always hold.
    return newest().stream().filter(receipt -> receipt.receipt().id().equals(id)).findFirst();
  }

  private <T> T fromStore(T whenEmpty, Function<ReceiptStore, T> read) {
    if (!Files.isDirectory(global.home().storeFolder())) {
      return whenEmpty;
    }
    try (HomeLock lock = HomeLock.acquire(global.home());
        StorageAssembly stores = StorageAssembly.open(global.home())) {
      return read.apply(stores.receipts());
    }
  }
}

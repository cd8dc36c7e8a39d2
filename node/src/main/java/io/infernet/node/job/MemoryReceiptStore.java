package io.infernet.node.job;

import io.infernet.verification.receipt.SignedReceipt;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A {@link ReceiptStore} that forgets everything when the process ends. */
public final class MemoryReceiptStore implements ReceiptStore {

  private final Map<String, SignedReceipt> receipts = new LinkedHashMap<>();

  @Override
  public synchronized void put(SignedReceipt receipt) {
    receipts.merge(
        receipt.receipt().id(),
        receipt,
        (old, latest) -> old.isComplete() && !latest.isComplete() ? old : latest);
  }

  @Override
  public synchronized Optional<SignedReceipt> get(String id) {
    return Optional.ofNullable(receipts.get(id));
  }

  @Override
  public synchronized List<SignedReceipt> newest(int limit) {
    return receipts.values().stream()
        .sorted(
            Comparator.comparing((SignedReceipt r) -> r.receipt().finishedAt())
                .thenComparing(r -> r.receipt().id())
                .reversed())
        .limit(limit)
        .toList();
  }
}

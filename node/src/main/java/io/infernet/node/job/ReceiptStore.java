package io.infernet.node.job;

import io.infernet.verification.receipt.SignedReceipt;
import java.util.List;
import java.util.Optional;

/**
 * The receipts of this node, as client and as provider. Safe from any thread; calls may wait for
 * the disk.
 */
public interface ReceiptStore {

  /**
   * Keeps a receipt for good: it is on the disk when this returns. Replaces the one with the same
   * id, except that a complete receipt is never replaced by half of one.
   */
  void put(SignedReceipt receipt);

  /** The receipt with that id. */
  Optional<SignedReceipt> get(String id);

  /** At most {@code limit} receipts, those finished last first. */
  List<SignedReceipt> newest(int limit);
}

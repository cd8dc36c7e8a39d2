package io.infernet.node.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.node.job.JobStore;
import io.infernet.node.job.ReceiptStore;
import io.infernet.node.job.Samples;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What holds for the stores of a node, in memory and on disk. */
abstract class StoreContract {

  /** Jobs that the stores of this test keep. */
  static final int MAX_JOBS = 5;

  abstract ReceiptStore receipts();

  abstract JobStore jobs();

  @Test
  void findsReceiptsByIdAndByAge() {
    ReceiptStore store = receipts();
    for (int n : new int[] {2, 5, 1, 4, 3}) {
      store.put(Samples.whole(n));
    }

    assertEquals(Optional.of(Samples.whole(4)), store.get(Samples.whole(4).receipt().id()));
    assertEquals(Optional.empty(), store.get("00".repeat(32)));
    assertEquals(Optional.empty(), store.get("what is this?"));
    assertEquals(List.of(Samples.whole(5), Samples.whole(4)), store.newest(2));
    assertEquals(5, store.newest(100).size());
  }

  @Test
  void completesAReceiptAndKeepsItComplete() {
    ReceiptStore store = receipts();
    store.put(Samples.half(1));
    assertEquals(List.of(Samples.half(1)), store.newest(10));

    store.put(Samples.whole(1));
    store.put(Samples.half(1));

    assertEquals(List.of(Samples.whole(1)), store.newest(10));
  }

  @Test
  void findsJobsByIdAndByAge() {
    JobStore store = jobs();
    for (int n : new int[] {2, 1, 3}) {
      store.put(Samples.job(n));
    }

    assertEquals(Optional.of(Samples.job(1)), store.get(Samples.jobId(1)));
    assertEquals(Optional.empty(), store.get(Samples.jobId(9)));
    assertEquals(List.of(Samples.job(3), Samples.job(2)), store.newest(2));
  }

  @Test
  void forgetsTheOldestJobsBeyondItsLimit() {
    JobStore store = jobs();
    for (int n = 1; n <= MAX_JOBS + 3; n++) {
      store.put(Samples.job(n));
      store.put(Samples.job(n));
    }

    assertEquals(MAX_JOBS, store.newest(100).size());
    assertEquals(Optional.empty(), store.get(Samples.jobId(3)));
    assertEquals(Optional.of(Samples.job(4)), store.get(Samples.jobId(4)));
  }
}

package io.infernet.node.batch.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.PriceList;
import io.infernet.libp2p.testing.Property;
import org.junit.jupiter.api.Test;

class BatchQuoteTest {

  private static final AggregatorFee ONE_PERCENT = new AggregatorFee(100);

  private static BatchQuote.Work work(long tokens, long shards, int replicas, double tests) {
    return new BatchQuote.Work(tokens, shards, replicas, tests);
  }

  @Test
  void takesHalfToTwoPercentOrNothing() {
    assertEquals(100, ONE_PERCENT.on(10_000));
    assertEquals(0, ONE_PERCENT.on(99));
    assertEquals(0, AggregatorFee.none().on(1_000_000));
    assertEquals(Long.MAX_VALUE / 10_000 * 200 + 116, new AggregatorFee(200).on(Long.MAX_VALUE));
    for (int points : new int[] {-1, 1, 49, 201}) {
      assertThrows(IllegalArgumentException.class, () -> new AggregatorFee(points));
    }
    assertThrows(IllegalArgumentException.class, () -> ONE_PERCENT.on(-1));
  }

  @Test
  void tellsWhatIsExpectedAndTheMost() {
    BatchQuote quote =
        BatchQuote.of(work(1_000_000, 10, 2, 0), new PriceList(5, 1_000), ONE_PERCENT);

    assertEquals(2 * (1_000_000 + 10 + 1 + 50), quote.expected());
    assertEquals(5 * (1_000_000 + 10 + 1 + 50), quote.maximum());
    assertEquals(quote.maximum() + quote.maximum() / 100, quote.ceiling());
    assertEquals(quote.expected() + quote.expected() / 100, quote.expectedTotal());
  }

  @Test
  void costsNothingWithoutPrices() {
    BatchQuote quote = BatchQuote.of(work(1_000_000, 10, 2, 0.05), PriceList.free(), ONE_PERCENT);

    assertEquals(0, quote.ceiling());
  }

  @Test
  void isNeverExceededByWhatShardsCost() {
    Property.forAll(
        200,
        random -> {
          PriceList prices =
              new PriceList(random.nextLong(1_000), random.nextLong(PriceList.MAX + 1));
          int shards = 1 + random.nextInt(50);
          int replicas = 1 + random.nextInt(5);
          long tokens = 0;
          long paid = 0;
          for (int i = 0; i < shards; i++) {
            int shard = 1 + random.nextInt(100_000);
            tokens += shard;
            paid += replicas * prices.price(shard);
          }
          BatchQuote quote =
              BatchQuote.of(work(tokens, shards, replicas, 0), prices, new AggregatorFee(200));

          assertTrue(paid <= quote.expected(), paid + " > " + quote.expected());
          assertTrue(quote.total(paid) <= quote.ceiling());
        });
  }

  @Test
  void refusesWhatNoAmountWouldPay() {
    PriceList dear = new PriceList(PriceList.MAX, PriceList.MAX);

    assertThrows(
        IllegalArgumentException.class,
        () -> BatchQuote.of(work(Long.MAX_VALUE, 1, 2, 1), dear, ONE_PERCENT));
    BatchQuote quote = BatchQuote.of(work(1_000, 1, 1, 0), PriceList.free(), ONE_PERCENT);
    assertThrows(IllegalArgumentException.class, () -> quote.total(1));
    assertThrows(IllegalArgumentException.class, () -> work(0, 1, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> work(1, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> work(1, 1, 6, 0));
    assertThrows(IllegalArgumentException.class, () -> work(1, 1, 1, -0.1));
  }
}

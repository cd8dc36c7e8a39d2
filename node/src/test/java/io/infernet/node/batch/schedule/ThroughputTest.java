package io.infernet.node.batch.schedule;

import static io.infernet.node.batch.schedule.Operators.peer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import java.time.Duration;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ThroughputTest {

  private static final Cid MODEL = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {1}));
  private static final Cid OTHER = Cid.of(Cid.RAW, Multihash.sha256(new byte[] {2}));
  private static final long HOUR = Duration.ofHours(1).toNanos();

  private final Throughput throughput = new Throughput(ThroughputConfig.defaults());

  private double of(int n, long now) {
    return throughput.of(peer(n), MODEL, now).orElseThrow();
  }

  @Test
  void isUnknownUntilSomethingIsSaid() {
    assertEquals(OptionalDouble.empty(), throughput.of(peer(1), MODEL, 0));
    throughput.claimed(peer(1), MODEL, 100, 0);
    assertEquals(100, of(1, 0), 1e-6);
    assertEquals(OptionalDouble.empty(), throughput.of(peer(1), OTHER, 0));
    assertEquals(OptionalDouble.empty(), throughput.of(peer(2), MODEL, 0));
  }

  @Test
  void believesWhatWasMeasuredMoreThanAnyBoast() {
    throughput.claimed(peer(1), MODEL, Double.POSITIVE_INFINITY, 0);
    assertFalse(throughput.isProven(peer(1), MODEL, 0));
    throughput.measured(peer(1), MODEL, 2_560, Duration.ofSeconds(25), 0);

    assertTrue(of(1, 0) < 102.4 * 1.11, "only a tenth more than measured: " + of(1, 0));
    assertTrue(throughput.isProven(peer(1), MODEL, 0));
  }

  @Test
  void forgetsMeasurementsSlowly() {
    throughput.claimed(peer(1), MODEL, 1_000, 0);
    throughput.measured(peer(1), MODEL, 10_000, Duration.ofSeconds(100), 0);

    assertEquals(100, of(1, 0), 3);
    assertTrue(of(1, 5 * HOUR) > of(1, HOUR));
    assertEquals(1_000, of(1, 30 * HOUR), 1);
  }

  @Test
  void followsAProviderThatBecomesSlower() {
    throughput.measured(peer(1), MODEL, 10_000, Duration.ofSeconds(10), 0);
    throughput.measured(peer(1), MODEL, 10_000, Duration.ofSeconds(100), 4 * HOUR);

    assertTrue(of(1, 4 * HOUR) < 125, "" + of(1, 4 * HOUR));
  }

  @Test
  void doesNotHearNonsense() {
    for (double claim : new double[] {0, -1, Double.NaN, Double.NEGATIVE_INFINITY}) {
      throughput.claimed(peer(1), MODEL, claim, 0);
    }
    throughput.measured(peer(1), MODEL, 0, Duration.ofSeconds(1), 0);
    throughput.measured(peer(1), MODEL, 5, Duration.ofSeconds(-1), 0);
    assertEquals(OptionalDouble.empty(), throughput.of(peer(1), MODEL, 0));

    throughput.measured(peer(1), MODEL, 5, Duration.ZERO, 0);
    assertEquals(1_000_000, of(1, 0), 1e-3);
  }

  @Test
  void remembersABoundedNumber() {
    Throughput small = new Throughput(new ThroughputConfig(Duration.ofHours(1), 256, 1e6, 2));
    small.claimed(peer(1), MODEL, 1, 0);
    small.claimed(peer(2), MODEL, 1, 0);
    assertTrue(small.of(peer(1), MODEL, 0).isPresent());
    small.claimed(peer(3), MODEL, 1, 0);

    assertTrue(small.of(peer(1), MODEL, 0).isPresent());
    assertTrue(small.of(peer(2), MODEL, 0).isEmpty());
  }

  @Test
  void refusesSettingsOutOfRange() {
    assertEquals(256, ThroughputConfig.defaults().claimTokens());
    assertThrows(
        IllegalArgumentException.class, () -> new ThroughputConfig(Duration.ZERO, 1, 10, 1));
    assertThrows(
        IllegalArgumentException.class, () -> new ThroughputConfig(Duration.ofHours(1), 0, 10, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ThroughputConfig(Duration.ofHours(1), 1, Double.NaN, 1));
    assertThrows(
        IllegalArgumentException.class, () -> new ThroughputConfig(Duration.ofHours(1), 1, 10, 0));
  }
}

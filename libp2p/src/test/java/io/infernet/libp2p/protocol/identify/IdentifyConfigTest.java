package io.infernet.libp2p.protocol.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdentifyConfigTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void showsDefaults() {
    assertEquals(
        new IdentifyConfig(
            "agent/1",
            "protocol/1",
            List.of(),
            32,
            new ObservationConfig(4, Duration.ofMinutes(30), 64, 64, 4),
            8192,
            10,
            Duration.ofSeconds(10),
            Duration.ofSeconds(5)),
        IdentifyConfig.defaults("agent/1", "protocol/1"));
  }

  @Test
  void rejectsWhatCannotWork() {
    rejects("x".repeat(257), "p", 1, 1, SECOND, SECOND);
    rejects("a", "x".repeat(257), 1, 1, SECOND, SECOND);
    rejects("a", "p", 0, 1, SECOND, SECOND);
    rejects("a", "p", 1, 0, SECOND, SECOND);
    rejects("a", "p", 1, 1, Duration.ZERO, SECOND);
    rejects("a", "p", 1, 1, SECOND, Duration.ZERO);
  }

  @Test
  void observationLimitsMustBePositiveAndLeaveRoomForAgreement() {
    assertThrows(IllegalArgumentException.class, () -> new ObservationConfig(0, SECOND, 1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new ObservationConfig(4, SECOND, 1, 3, 1));
    assertThrows(
        IllegalArgumentException.class, () -> new ObservationConfig(1, Duration.ZERO, 1, 1, 1));
  }

  private static void rejects(
      String agent, String protocol, int size, int messages, Duration timeout, Duration refresh) {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new IdentifyConfig(
                agent,
                protocol,
                List.of(),
                1,
                ObservationConfig.defaults(),
                size,
                messages,
                timeout,
                refresh));
  }
}

package io.infernet.libp2p.muxer.yamux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class YamuxConfigTest {

  @Test
  void hasTheseDefaults() {
    assertEquals(
        new YamuxConfig(
            1024,
            512,
            256,
            1024,
            16 * 1024 * 1024,
            32 * 1024 * 1024,
            64 * 1024 * 1024,
            16 * 1024 * 1024,
            65_507,
            64,
            256 * 1024,
            Duration.ofSeconds(30),
            Duration.ofSeconds(20)),
        YamuxConfig.defaults());
  }

  @Test
  void rejectsWhatCannotWork() {
    rejects("maxInboundStreams", c -> c.maxInboundStreams = -1);
    rejects("maxOutboundStreams", c -> c.maxOutboundStreams = 0);
    rejects("maxUnackedStreams", c -> c.maxUnackedStreams = 0);
    rejects("maxWaitingOpens", c -> c.maxWaitingOpens = -1);
    rejects("maxStreamWindow", c -> c.maxStreamWindow = 256 * 1024 - 1);
    rejects("maxWindowGrowth", c -> c.maxWindowGrowth = -1);
    rejects("maxBufferedBytes", c -> c.maxBufferedBytes = c.maxStreamWindow - 1);
    rejects("maxQueuedBytes", c -> c.maxQueuedBytes = 0);
    rejects("maxFramePayload", c -> c.maxFramePayload = 0);
    rejects("maxPingsPerSecond", c -> c.maxPingsPerSecond = 0);
    rejects("maxUnsentControlBytes", c -> c.maxUnsentControlBytes = 1023);
    rejects("keepAliveInterval", c -> c.keepAliveInterval = Duration.ZERO);
    rejects("keepAliveTimeout", c -> c.keepAliveTimeout = Duration.ofSeconds(-1));
  }

  private static void rejects(String name, Consumer<YamuxConfigBuilder> change) {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> YamuxConfigBuilder.with(change));
    assertTrue(error.getMessage().startsWith(name + " must"), error.getMessage());
  }
}

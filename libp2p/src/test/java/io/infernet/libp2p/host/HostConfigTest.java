package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.multistream.MultistreamConfig;
import io.infernet.libp2p.muxer.yamux.YamuxConfig;
import io.infernet.libp2p.security.noise.NoiseConfig;
import io.infernet.libp2p.transport.tcp.TcpConfig;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class HostConfigTest {

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration NONE = Duration.ZERO;

  @Test
  void showsDefaults() {
    assertEquals(
        new HostConfig(
            List.of(),
            2,
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            true,
            10_000,
            16,
            TcpConfig.defaults(),
            NoiseConfig.defaults(),
            MultistreamConfig.defaults(),
            YamuxConfig.defaults(),
            new DialConfig(
                Duration.ofMillis(250),
                Duration.ofSeconds(10),
                16,
                64,
                1024,
                Duration.ofSeconds(1),
                Duration.ofMinutes(1),
                10_000),
            new ConnectionConfig(
                512,
                256,
                192,
                3,
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Duration.ofSeconds(10)),
            new StreamConfig(Duration.ofSeconds(10), 256, 512, 32_768, 256L << 20)),
        HostConfig.defaults());
  }

  @Test
  void rejectsWhatCannotWork() {
    rejects(() -> host(0, SECOND, SECOND, 1, 1));
    rejects(() -> host(1, NONE, SECOND, 1, 1));
    rejects(() -> host(1, SECOND, NONE, 1, 1));
    rejects(() -> host(1, SECOND, SECOND, 0, 1));
    rejects(() -> host(1, SECOND, SECOND, 1, 0));
  }

  @Test
  void rejectsDialsThatCannotWork() {
    rejects(() -> new DialConfig(SECOND.negated(), SECOND, 1, 1, 1, SECOND, SECOND, 1));
    rejects(() -> new DialConfig(NONE, NONE, 1, 1, 1, SECOND, SECOND, 1));
    rejects(() -> new DialConfig(NONE, SECOND, 0, 1, 1, SECOND, SECOND, 1));
    rejects(() -> new DialConfig(NONE, SECOND, 1, 0, 1, SECOND, SECOND, 1));
    rejects(() -> new DialConfig(NONE, SECOND, 1, 1, 0, SECOND, SECOND, 1));
    rejects(() -> new DialConfig(NONE, SECOND, 1, 1, 1, NONE, SECOND, 1));
    rejects(() -> new DialConfig(NONE, SECOND, 1, 1, 1, SECOND, NONE, 1));
    rejects(() -> new DialConfig(NONE, SECOND, 1, 1, 1, SECOND, SECOND, 0));
  }

  @Test
  void rejectsConnectionLimitsThatCannotWork() {
    rejects(() -> new ConnectionConfig(3, 2, 0, 2, NONE, SECOND, SECOND));
    rejects(() -> new ConnectionConfig(3, 1, 2, 2, NONE, SECOND, SECOND));
    rejects(() -> new ConnectionConfig(1, 2, 1, 2, NONE, SECOND, SECOND));
    rejects(() -> new ConnectionConfig(3, 2, 1, 1, NONE, SECOND, SECOND));
    rejects(() -> new ConnectionConfig(3, 2, 1, 2, SECOND.negated(), SECOND, SECOND));
    rejects(() -> new ConnectionConfig(3, 2, 1, 2, NONE, NONE, SECOND));
    rejects(() -> new ConnectionConfig(3, 2, 1, 2, NONE, SECOND, NONE));
  }

  @Test
  void rejectsStreamLimitsThatCannotWork() {
    rejects(() -> new StreamConfig(NONE, 1, 1, 1, 1));
    rejects(() -> new StreamConfig(SECOND, 0, 1, 1, 1));
    rejects(() -> new StreamConfig(SECOND, 1, 0, 1, 1));
    rejects(() -> new StreamConfig(SECOND, 1, 2, 1, 1));
    rejects(() -> new StreamConfig(SECOND, 1, 1, 1, 0));
  }

  private static void rejects(Executable make) {
    assertThrows(IllegalArgumentException.class, make);
  }

  private static HostConfig host(
      int loops, Duration upgrade, Duration close, int peers, int addresses) {
    HostConfig c = HostConfig.defaults();
    return new HostConfig(
        List.of(),
        loops,
        upgrade,
        close,
        true,
        peers,
        addresses,
        c.tcp(),
        c.noise(),
        c.multistream(),
        c.yamux(),
        c.dial(),
        c.connections(),
        c.streams());
  }
}

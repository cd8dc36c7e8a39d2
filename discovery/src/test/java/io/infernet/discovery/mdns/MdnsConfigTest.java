package io.infernet.discovery.mdns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MdnsConfigTest {

  @Test
  void showsDefaults() {
    assertEquals(
        new MdnsConfig(
            "_p2p._udp.local",
            Duration.ofMinutes(10),
            Duration.ofSeconds(1),
            Duration.ofMinutes(4),
            Duration.ofSeconds(5),
            Duration.ofSeconds(1),
            10,
            1_400,
            8,
            1_024,
            16,
            128,
            Duration.ofSeconds(5),
            Duration.ofMinutes(5)),
        MdnsConfig.defaults());
  }

  @Test
  void givesEachNetworkAServiceOfItsOwn() {
    assertEquals("_p2p._udp.local", MdnsConfig.forNetwork("main").serviceName());
    // The start of SHA-256("test").
    assertEquals(
        "_p2p-9f86d081884c7d659a2feaa0c55ad015._udp.local",
        MdnsConfig.forNetwork("test").serviceName());
  }

  @Test
  void rejectsWhatCannotWork() {
    rejects("p2p.local", 1, 1_400, 1);
    rejects("_p2p._udp.local", 0, 1_400, 1);
    rejects("_p2p._udp.local", 1, 100, 1);
    rejects("_p2p._udp.local", 1, 1_400, 0);
  }

  private static void rejects(String service, int seconds, int packet, int count) {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new MdnsConfig(
                service,
                Duration.ofSeconds(seconds),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                1,
                packet,
                count,
                1,
                1,
                1,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1)));
  }
}

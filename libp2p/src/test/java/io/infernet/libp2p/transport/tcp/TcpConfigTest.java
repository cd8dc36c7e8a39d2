package io.infernet.libp2p.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class TcpConfigTest {

  @Test
  void showsDefaults() {
    assertEquals(
        new TcpConfig(1024, 2048, 128, 256, 32, 128 * 1024, 512 * 1024, 512 * 1024),
        TcpConfig.defaults());
  }

  @Test
  void rejectsWhatCannotWork() {
    rejects(0, 6, 4, 3, 2, 10, 20, 1024);
    rejects(1, 3, 4, 3, 2, 10, 20, 1024);
    rejects(1, 6, 0, 3, 2, 10, 20, 1024);
    rejects(1, 6, 4, 1, 2, 10, 20, 1024);
    rejects(1, 6, 4, 3, 0, 10, 20, 1024);
    rejects(1, 6, 4, 3, 2, 0, 20, 1024);
    rejects(1, 6, 4, 3, 2, 30, 20, 1024);
    rejects(1, 6, 4, 3, 2, 10, 20, 1023);
  }

  private static void rejects(int... n) {
    assertThrows(
        IllegalArgumentException.class,
        () -> new TcpConfig(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]));
  }
}

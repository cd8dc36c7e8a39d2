package io.infernet.node.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostAndPortTest {

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:11500", "[::1]:0", "localhost:65535", "127.9.9.9:1"})
  void readsAndWritesLoopbackAddresses(String text) {
    HostAndPort address = HostAndPort.parse(text);

    assertEquals(text, address.toString());
    assertTrue(address.isLoopback());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0:11500", "[::]:1", "example.org:80", "localhost.evil:1"})
  void knowsWhatOtherMachinesCanReach(String text) {
    HostAndPort address = HostAndPort.parse(text);

    assertEquals(text, address.toString());
    assertFalse(address.isLoopback());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "11500", ":1", "::1:1", "a:b", "a:-1", "a:65536", "a b:1", "http://a:1"})
  void refusesAnythingElse(String text) {
    assertThrows(IllegalArgumentException.class, () -> HostAndPort.parse(text));
  }
}

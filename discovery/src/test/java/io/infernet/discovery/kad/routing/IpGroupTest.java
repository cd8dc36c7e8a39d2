package io.infernet.discovery.kad.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.infernet.libp2p.multiformats.Multiaddr;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IpGroupTest {

  @Test
  void isASixteenthOfAnIp4AddressAndTwoWordsOfAnIp6Address() {
    assertEquals(group("/ip4/8.9.1.2/tcp/1"), group("/ip4/8.9.200.3/tcp/4001"));
    assertNotEquals(group("/ip4/8.9.1.2/tcp/1"), group("/ip4/8.10.1.2/tcp/1"));
    assertEquals(group("/ip6/2a00:1450:1::1/tcp/1"), group("/ip6/2a00:1450:2::1/tcp/1"));
    assertNotEquals(group("/ip6/2a00:1450:1::1/tcp/1"), group("/ip6/2a00:1451:1::1/tcp/1"));
    assertEquals("8.9.0.0/16", group("/ip4/8.9.1.2/tcp/1").orElseThrow().toString());
    assertEquals("2a001450::/32", group("/ip6/2a00:1450::1/tcp/1").orElseThrow().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/ip4/127.0.0.1/tcp/1",
        "/ip4/10.1.2.3/tcp/1",
        "/ip4/192.168.1.2/tcp/1",
        "/ip6/::1/tcp/1",
        "/ip6/fd00::1/tcp/1",
        "/dns4/example.org/tcp/1"
      })
  void exemptsWhatIsNotOnTheInternet(String address) {
    assertEquals(Optional.empty(), group(address));
  }

  @Test
  void ofSeveralAddressesIsThatOfTheFirstThatHasOne() {
    assertEquals(
        group("/ip4/8.9.1.2/tcp/1"),
        IpGroup.of(
            List.of(
                Multiaddr.parse("/ip4/10.0.0.1/tcp/1"), Multiaddr.parse("/ip4/8.9.0.1/tcp/1"))));
  }

  private static Optional<IpGroup> group(String address) {
    return IpGroup.of(Multiaddr.parse(address));
  }
}

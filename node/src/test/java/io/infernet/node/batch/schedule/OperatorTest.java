package io.infernet.node.batch.schedule;

import static io.infernet.node.batch.schedule.Operators.at;
import static io.infernet.node.batch.schedule.Operators.named;
import static io.infernet.node.batch.schedule.Operators.operator;
import static io.infernet.node.batch.schedule.Operators.peer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multiaddr;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OperatorTest {

  @Test
  void isOneWithItsOwnKey() {
    assertTrue(operator(1).mayBe(at(1, "/ip4/8.8.8.8/tcp/1")));
    assertFalse(operator(1).mayBe(operator(2)));
  }

  @Test
  void isOneWithWhoDeclaresTheSame() {
    assertTrue(named(1, "lab").mayBe(named(2, "lab")));
    assertFalse(named(1, "lab").mayBe(named(2, "club")));
    assertFalse(named(1, "lab").mayBe(operator(2)));
  }

  @Test
  void isOneWithItsNeighboursOnTheInternet() {
    assertTrue(at(1, "/ip4/8.8.8.1/tcp/1").mayBe(at(2, "/ip4/8.8.8.254/tcp/9")));
    assertFalse(at(1, "/ip4/8.8.8.1/tcp/1").mayBe(at(2, "/ip4/8.8.9.1/tcp/1")));
    assertTrue(
        at(1, "/ip6/2001:4860:4860:1::1/tcp/1").mayBe(at(2, "/ip6/2001:4860:4860::8/tcp/1")));
    assertFalse(at(1, "/ip6/2001:4860:4860::1/tcp/1").mayBe(at(2, "/ip6/2001:4860:4861::1/tcp/1")));
  }

  @Test
  void isOneByAnyOfItsAddresses() {
    Operator many = at(1, "/ip4/127.0.0.1/tcp/1", "/ip4/9.9.9.9/tcp/1", "/ip4/8.8.8.8/tcp/1");

    assertTrue(many.mayBe(at(2, "/ip4/8.8.8.1/tcp/1")));
    assertTrue(many.mayBe(at(3, "/ip4/9.9.9.1/tcp/1")));
  }

  @Test
  void hasNoNeighboursOnLoopbackPrivateNetworksOrByName() {
    for (String address :
        List.of(
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/192.168.1.2/tcp/1",
            "/ip4/10.0.0.1/tcp/1",
            "/ip4/100.64.0.1/tcp/1",
            "/ip6/::1/tcp/1",
            "/ip6/fd00::1/tcp/1",
            "/ip6/fe80::1/tcp/1",
            "/dns4/example.org/tcp/1")) {
      assertFalse(at(1, address).mayBe(at(2, address)), address);
    }
  }

  @Test
  void isFoundBehindAddressesThatContainAnother() {
    Operator plain = at(1, "/ip4/8.8.8.8/tcp/1");

    assertTrue(plain.mayBe(at(2, "/ip6/::ffff:8.8.8.9/tcp/1")));
    assertTrue(plain.mayBe(at(2, "/ip6/64:ff9b::808:809/tcp/1")));
    assertFalse(plain.mayBe(at(2, "/ip6/64:ff9b::909:909/tcp/1")));
  }

  @Test
  void namesBlocks() {
    assertEquals("8.8.4.0/24", block("/ip4/8.8.4.4/tcp/1"));
    assertEquals("2001:4860:1::/48", block("/ip6/2001:4860:1:2::1/tcp/1"));
  }

  private static String block(String address) {
    return AddressBlock.of(Multiaddr.parse(address)).orElseThrow().toString();
  }

  @Test
  void refusesNamesOutOfBounds() {
    for (String name : List.of("", "  ", "x".repeat(65))) {
      assertThrows(
          IllegalArgumentException.class, () -> Operator.of(peer(1), Optional.of(name), List.of()));
    }
  }
}

package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.TestIdentities;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class MultiaddrFuzzTest {

  static Stream<String> textSeeds() {
    return Stream.of(
        "/",
        "/ip4/192.0.2.1/tcp/4001/p2p/" + TestIdentities.peerId(1),
        "/ip6/2001:db8::1:0:0:1/udp/4001/quic-v1",
        "/ip6zone/eth0/ip6/fe80::1/tcp/80/ipcidr/64",
        "/ip6/::ffff:192.0.2.1/sctp/1/dccp/2",
        "/dns4/example.com/tcp/443/tls/sni/example.com/wss",
        "/dnsaddr/example.com/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit",
        "/unix/tmp/socket",
        "/http-path/a%2Fb%25",
        "/onion/timaq4ygg2iegci7:1234",
        "/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:80",
        "/udp/1/webtransport/certhash/uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g");
  }

  static Stream<byte[]> binarySeeds() {
    // The last one was found by fuzzing: a component after a path.
    return Stream.concat(
        textSeeds().map(text -> Multiaddr.parse(text).toBytes()),
        Stream.of(HexFormat.of().parseHex("90030b2f746d702f736f636b65740600f3")));
  }

  @MethodSource("binarySeeds")
  @FuzzTest
  void hasOneEncodingForEachValue(byte[] input) throws ProtocolViolationException {
    Multiaddr address;
    try {
      address = Multiaddr.fromBytes(input);
    } catch (ProtocolViolationException e) {
      return;
    }
    assertArrayEquals(input, address.toBytes());
    assertConsistent(address);
  }

  @MethodSource("textSeeds")
  @FuzzTest
  void readsWhatItWrites(@NotNull String text) throws ProtocolViolationException {
    Multiaddr address;
    try {
      address = Multiaddr.parse(text);
    } catch (IllegalArgumentException e) {
      return;
    }
    assertConsistent(address);
  }

  private static void assertConsistent(Multiaddr address) throws ProtocolViolationException {
    String text = address.toString();
    assertTrue(text.length() <= Multiaddr.MAX_TEXT_LENGTH, text);
    assertTrue(text.chars().noneMatch(Character::isISOControl), text);
    assertEquals(address, Multiaddr.parse(text));
    assertEquals(text, Multiaddr.parse(text).toString());
    assertEquals(address, Multiaddr.fromBytes(address.toBytes()));
    assertTrue(address.toBytes().length <= Multiaddr.MAX_LENGTH);
    // What a service asks of a stranger's address must have an answer.
    address.scope();
    address.host();
    address.ip();
    address.tcpPort();
    Multiaddr withoutPeer = address.withoutPeer();
    if (address.peerId().isPresent() && withoutPeer.peerId().isEmpty()) {
      assertEquals(address, withoutPeer.withPeer(address.peerId().get()));
    }
  }
}

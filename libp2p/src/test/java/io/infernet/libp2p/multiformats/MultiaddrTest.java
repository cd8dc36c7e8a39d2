package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultiaddrTest {

  private static final HexFormat HEX = HexFormat.of();
  private static final String ID = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
  private static final String OTHER_ID = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
  private static final String ONION3 = "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd";

  /**
   * The address of {@code multiaddr.feature}, the example of multiaddr's README, and pairs that
   * go-multiaddr's tests have too.
   */
  @ParameterizedTest
  @CsvSource({
    "/ip4/192.0.2.42/tcp/443, 04c000022a0601bb",
    "/ip4/127.0.0.1/udp/1234, 047f000001910204d2",
    "/ip4/127.0.0.1/tcp/4321, 047f0000010610e1",
    "/ip4/127.0.0.1/udp/1234/ip4/127.0.0.1/tcp/4321, 047f000001910204d2047f0000010610e1",
    "/onion/aaimaq4ygg2iegci:80, bc030010c0439831b48218480050",
    "/onion3/"
        + ONION3
        + ":1234, bd03adadec040be047f9658668b11a504f3155001f231a37f54c4476c07fb4cc139ed7e30304d2",
    "/ip6/::1/tcp/80, 2900000000000000000000000000000001060050",
    "/dns4/example.com/tcp/443/wss, 360b6578616d706c652e636f6d0601bbde03",
    "/unix/tmp/p2p.sock, 90030d2f746d702f7032702e736f636b",
    "/http-path/api%2Fv0%2Flogin, e1030c6170692f76302f6c6f67696e",
  })
  void matchesTheBytesOfTheSpecification(String text, String hex)
      throws ProtocolViolationException {
    Multiaddr address = Multiaddr.parse(text);
    assertEquals(hex, HEX.formatHex(address.toBytes()));
    assertEquals(text, address.toString());
    assertEquals(address, Multiaddr.fromBytes(HEX.parseHex(hex)));
    assertEquals(text, Multiaddr.fromBytes(HEX.parseHex(hex)).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/ip4/1.2.3.4",
        "/ip4/192.0.2.0/ipcidr/24",
        "/ip6/2601:9:4f81:9700:803e:ca65:66e8:c21/udp/1234/quic-v1",
        "/ip6zone/x/ip6/fe80::1/tcp/1",
        "/ip6zone/x%y/ip6/::/udp/0/quic",
        "/dns/example.com/tcp/443/tls/sni/example.com/http/http-path/foo",
        "/dns6/example.com/sctp/1234/dccp/5",
        "/dnsaddr/bootstrap.libp2p.io/p2p/" + ID,
        "/onion3/" + ONION3 + ":80/http",
        "/tcp/1234/https",
        "/udp/1234/utp",
        "/udp/1234/udt",
        "/ip4/127.0.0.1/tcp/127/tls/ws",
        "/ip4/127.0.0.1/tcp/127/noise",
        "/ip4/127.0.0.1/udp/9090/webrtc-direct",
        "/ip4/127.0.0.1/tcp/9090/http/p2p-webrtc-direct",
        "/ip4/127.0.0.1/tcp/9090/ws/p2p-webrtc-star",
        "/ip4/127.0.0.1/tcp/9090/ws/p2p-websocket-star",
        "/ip4/127.0.0.1/tcp/9090/ws/p2p-stardust",
        "/ip4/192.0.2.1/tcp/4001/p2p/" + ID + "/p2p-circuit/webrtc/p2p/" + OTHER_ID,
        "/p2p/" + OTHER_ID,
        "/ip4/1.2.3.4/tcp/80/unix/a/b/c/d/e/f",
        "/dns4/bücher.example/tcp/1",
      })
  void readsWhatItWrites(String text) throws ProtocolViolationException {
    Multiaddr address = Multiaddr.parse(text);
    assertEquals(text, address.toString());
    assertEquals(address, Multiaddr.fromBytes(address.toBytes()));
  }

  @ParameterizedTest
  @CsvSource({
    "/ip4/127.0.0.1/tcp/1234/, /ip4/127.0.0.1/tcp/1234",
    "/ip4/127.0.0.1/tcp/0080, /ip4/127.0.0.1/tcp/80",
    "/ip6/0:0:0:0:0:0:0:1, /ip6/::1",
    "/ip6/2001:DB8:0:0:1:0:0:1, /ip6/2001:db8::1:0:0:1",
    "/ip6/::ffff:7f00:1, /ip6/::ffff:127.0.0.1",
    "/ip6/::1.2.3.4, /ip6/::102:304",
    "/ip6/1:0:2:3:4:5:6:7, /ip6/1:0:2:3:4:5:6:7",
    "/ip6/1::2:3:4:5:6:7, /ip6/1:0:2:3:4:5:6:7",
    "/ipfs/" + ID + ", /p2p/" + ID,
    "/p2p/bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe, "
        + "/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
    "/http-path/a%2fb:c, /http-path/a%2Fb%3Ac",
    "/udp/1/quic-v1/webtransport/certhash/zQmbWTwYGcmdyK9CYfNBcfs9nhZs17a6FQ4Y8oea278xx41, "
        + "/udp/1/quic-v1/webtransport/certhash/uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g",
  })
  void bringsTextIntoOneForm(String text, String canonical) {
    assertEquals(canonical, Multiaddr.parse(text).toString());
    assertEquals(Multiaddr.parse(canonical), Multiaddr.parse(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ip4/1.2.3.4 | it does not start with /",
        "'' | it does not start with /",
        "//ip4/1.2.3.4 | unknown protocol \"\"",
        "/ip5/1.2.3.4 | unknown protocol \"ip5\"",
        "/memory/4 | unknown protocol \"memory\"",
        "/IP4/1.2.3.4 | unknown protocol \"IP4\"",
        "/ip4 | /ip4 needs a value",
        "/ip4/127.0.0.1/tcp | /tcp needs a value",
        "/ip4/::1 | /ip4/::1: not an IPv4 address",
        "/ip4/256.0.0.1 | /ip4/256.0.0.1: not an IPv4 address",
        "/ip4/1.2.3 | /ip4/1.2.3: not an IPv4 address",
        "/ip4/1.2.3.4.5 | /ip4/1.2.3.4.5: not an IPv4 address",
        "/ip4/01.2.3.4 | /ip4/01.2.3.4: not an IPv4 address",
        "/ip4/1..3.4 | /ip4/1..3.4: not an IPv4 address",
        "/ip4/localhost | /ip4/localhost: not an IPv4 address",
        "/ip6/1.2.3.4 | /ip6/1.2.3.4: not an IPv6 address",
        "/ip6/1:2:3:4:5:6:7 | /ip6/1:2:3:4:5:6:7: not an IPv6 address",
        "/ip6/1:2:3:4:5:6:7:8:9 | /ip6/1:2:3:4:5:6:7:8:9: not an IPv6 address",
        "/ip6/1::2::3 | /ip6/1::2::3: not an IPv6 address",
        "/ip6/1:2:3:4::5:6:7:8 | /ip6/1:2:3:4::5:6:7:8: not an IPv6 address",
        "/ip6/::: | /ip6/:::: not an IPv6 address",
        "/ip6/1: | /ip6/1:: not an IPv6 address",
        "/ip6/:1 | /ip6/:1: not an IPv6 address",
        "/ip6/12345:: | /ip6/12345::: not an IPv6 address",
        "/ip6/fe80::1%eth0 | /ip6/fe80::1%eth0: not an IPv6 address",
        "/ip6/::1.2.3.4:5 | /ip6/::1.2.3.4:5: not an IPv6 address",
        "/ip6zone//ip6/fe80::1 | /ip6zone/: name is empty",
        "/tcp/65536 | /tcp/65536: not a port from 0 to 65535",
        "/tcp/-1 | /tcp/-1: not a port from 0 to 65535",
        "/tcp/+1 | /tcp/+1: not a port from 0 to 65535",
        "/tcp/٣ | /tcp/٣: not a port from 0 to 65535",
        "/tcp/000080 | /tcp/000080: not a port from 0 to 65535",
        "/udp/1234/sctp | /sctp needs a value",
        "/ip4/127.0.0.1/quic-v1/1234 | unknown protocol \"1234\"",
        "/ip4/::/ipcidr/256 | /ip4/::: not an IPv4 address",
        "/ip6/::/ipcidr/129 | /ipcidr/129: not a prefix length from 0 to 128",
        "/onion/9imaq4ygg2iegci7:80 "
            + "| /onion/9imaq4ygg2iegci7:80: character U+0039 at 0 is not in the base32 alphabet",
        "/onion/timaq4ygg2iegci7:0 " + "| /onion/timaq4ygg2iegci7:0: an onion port cannot be 0",
        "/onion/timaq4ygg2iegci7 | /onion/timaq4ygg2iegci7: not ADDRESS:PORT",
        "/unix | /unix: path is empty, not absolute or ends in a slash",
        "/dns4/a b | /dns4/a b: name has a slash, space or control character",
        "/http-path/a b | /http-path/a b: path is not percent-encoded",
        "/http-path/a%2 | /http-path/a%2: % is not followed by two hex digits",
        "/p2p/tcp | /p2p/tcp: not a peer id: not a CID: unknown multibase prefix U+0074",
        "/p2p/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku "
            + "| /p2p/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku: "
            + "not a peer id: the CID does not name a libp2p key",
        "/certhash/b2uaraocy6yrdblb4sfptaddgimjmmp "
            + "| /certhash/b2uaraocy6yrdblb4sfptaddgimjmmp: "
            + "base text ends in the middle of a byte",
      })
  void saysWhatIsWrongWithText(String text, String reason) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Multiaddr.parse(text));
    assertEquals("not a multiaddr: \"" + text + "\": " + reason, e.getMessage());
  }

  /** A sha2-256 multihash with 33 bytes of digest, from go-multiaddr's tests. */
  @Test
  void rejectsAPeerIdWithALongDigest() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Multiaddr.parse("/p2p/QmxoHT6iViN5xAjoz1VZ553cL31U9F94ht3QvWR1FrEbZY"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "80 | varint is cut short",
        "8400 | varint is not in its shortest form",
        "8908 | unknown protocol code 1033",
        "8906 | unknown protocol code 777",
        "047f0000 | multiaddr is cut short in ip4",
        "06 | multiaddr is cut short in tcp",
        "3605 | multiaddr is cut short in dns4",
        "36ffffffffffffffff7f | multiaddr is cut short in dns4",
        "3600 | name is empty",
        "3601ff | text is not UTF-8",
        "3602612f | name has a slash, space or control character",
        "360161 36020a61 | name has a slash, space or control character",
        "2b81 | a prefix cannot have 129 bits",
        "a50300 | varint is cut short",
        "a503021301 | multihash is cut short",
        "a50303130101 | the multihash is not that of a peer id",
        "a5030312010a | a digest of function 0x12 cannot have 1 bytes",
        "900300 | path is empty, not absolute or ends in a slash",
        "90030161 | path is empty, not absolute or ends in a slash",
        "9003022f00 | path has a control character",
        "9003022f61 dd03 | multiaddr goes on after a path",
        "bc03 00000000000000000000 0000 | an onion port cannot be 0",
      })
  void rejectsMalformedBytes(String hex, String reason) {
    byte[] bytes = HEX.parseHex(hex.replace(" ", ""));
    ProtocolViolationException e =
        assertThrows(ProtocolViolationException.class, () -> Multiaddr.fromBytes(bytes));
    assertEquals(reason, e.getMessage());
  }

  @Test
  void limitsItsSize() throws ProtocolViolationException {
    String longName = "/dns4/" + "a".repeat(253);
    assertEquals(4 * 256, Multiaddr.parse(longName.repeat(4)).toBytes().length);
    assertThrows(IllegalArgumentException.class, () -> Multiaddr.parse(longName.repeat(4) + "/ws"));
    assertThrows(IllegalArgumentException.class, () -> Multiaddr.parse("/dns4/" + "a".repeat(254)));
    assertEquals(20, Multiaddr.parse("/ws".repeat(20)).components().size());
    assertThrows(IllegalArgumentException.class, () -> Multiaddr.parse("/ws".repeat(21)));
    assertThrows(IllegalArgumentException.class, () -> Multiaddr.parse("/ws".repeat(100_000)));
    assertEquals(20, Multiaddr.fromBytes(HEX.parseHex("dd03".repeat(20))).components().size());
    assertThrows(
        ProtocolViolationException.class,
        () -> Multiaddr.fromBytes(HEX.parseHex("dd03".repeat(21))));
    assertThrows(ProtocolViolationException.class, () -> Multiaddr.fromBytes(new byte[1025]));
    Multiaddr large = Multiaddr.parse(longName.repeat(4));
    assertThrows(IllegalArgumentException.class, () -> large.encapsulate(large));
  }

  @ParameterizedTest
  @EnumSource
  void hasTheCodesAndNamesOfTheTable(MultiaddrProtocol protocol) throws ProtocolViolationException {
    assertSame(protocol, MultiaddrProtocol.ofCode(protocol.code()));
    assertSame(protocol, MultiaddrProtocol.ofText(protocol.text()));
  }

  @Test
  void showsItsParts() throws UnknownHostException {
    Multiaddr address =
        Multiaddr.parse("/ip4/192.0.2.1/tcp/4001/p2p/" + ID + "/p2p-circuit/p2p/" + OTHER_ID);
    assertEquals(
        List.of("/ip4/192.0.2.1", "/tcp/4001", "/p2p/" + ID, "/p2p-circuit", "/p2p/" + OTHER_ID),
        address.components().stream().map(Object::toString).toList());
    assertEquals(Optional.of("192.0.2.1"), address.host());
    assertEquals(Optional.of(InetAddress.getByName("192.0.2.1")), address.ip());
    assertEquals(OptionalInt.of(4001), address.tcpPort());
    assertEquals(Optional.of(PeerId.parse(OTHER_ID)), address.peerId());
    assertEquals(Optional.of(ID), address.component(MultiaddrProtocol.P2P));
    assertTrue(address.has(MultiaddrProtocol.P2P_CIRCUIT));
    assertFalse(address.has(MultiaddrProtocol.WS));
  }

  @Test
  void hasNoHostOrPortWhereNoneIsGiven() {
    Multiaddr peerOnly = Multiaddr.parse("/p2p/" + ID);
    assertEquals(Optional.empty(), peerOnly.host());
    assertEquals(Optional.empty(), peerOnly.ip());
    assertEquals(OptionalInt.empty(), peerOnly.tcpPort());
    Multiaddr named = Multiaddr.parse("/dns4/example.com/udp/1");
    assertEquals(Optional.of("example.com"), named.host());
    assertEquals(Optional.empty(), named.ip());
    assertEquals(OptionalInt.empty(), named.tcpPort());
    assertEquals(Optional.of("fe80::1"), Multiaddr.parse("/ip6zone/eth0/ip6/fe80::1/tcp/1").host());
    assertEquals(Optional.empty(), Multiaddr.parse("/ip6zone/eth0").host());
  }

  @Test
  void addsAndTakesOffThePeerAtItsEnd() {
    Multiaddr plain = Multiaddr.parse("/ip4/192.0.2.1/tcp/4001");
    PeerId peer = PeerId.parse(ID);
    Multiaddr full = plain.withPeer(peer);
    assertEquals("/ip4/192.0.2.1/tcp/4001/p2p/" + ID, full.toString());
    assertEquals(Optional.of(peer), full.peerId());
    assertSame(full, full.withPeer(peer));
    assertEquals(plain, full.withoutPeer());
    assertSame(plain, plain.withoutPeer());
    assertThrows(IllegalArgumentException.class, () -> full.withPeer(PeerId.parse(OTHER_ID)));
    assertTrue(Multiaddr.parse("/p2p/" + ID).withoutPeer().isEmpty());
  }

  @Test
  void doesNotTakeARelayForThePeer() {
    Multiaddr relayed = Multiaddr.parse("/ip4/192.0.2.1/tcp/4001/p2p/" + ID + "/p2p-circuit");
    assertEquals(Optional.empty(), relayed.peerId());
    assertSame(relayed, relayed.withoutPeer());
    assertEquals(relayed + "/p2p/" + OTHER_ID, relayed.withPeer(PeerId.parse(OTHER_ID)).toString());
  }

  @Test
  void joinsAddresses() {
    assertEquals(
        Multiaddr.parse("/ip4/192.0.2.1/tcp/80/ws"),
        Multiaddr.parse("/ip4/192.0.2.1").encapsulate(Multiaddr.parse("/tcp/80/ws")));
  }

  @Test
  void addsNothingToAPath() {
    Multiaddr path = Multiaddr.parse("/unix/tmp/socket");
    assertThrows(IllegalArgumentException.class, () -> path.encapsulate(Multiaddr.parse("/ws")));
    assertThrows(IllegalArgumentException.class, () -> path.withPeer(PeerId.parse(ID)));
  }

  @Test
  void comesFromSockets() throws UnknownHostException {
    assertEquals(
        "/ip4/192.0.2.1/tcp/80",
        Multiaddr.fromSocketAddress(new InetSocketAddress("192.0.2.1", 80)).toString());
    assertEquals(
        "/ip6/2001:db8::1/tcp/80",
        Multiaddr.fromSocketAddress(new InetSocketAddress("2001:db8::1", 80)).toString());
    assertEquals(
        "/dns/example.com/tcp/80",
        Multiaddr.fromSocketAddress(InetSocketAddress.createUnresolved("example.com", 80))
            .toString());
    InetAddress scoped =
        Inet6Address.getByAddress(null, InetAddress.getByName("fe80::1").getAddress(), 4711);
    assertEquals(
        "/ip6zone/4711/ip6/fe80::1/tcp/80",
        Multiaddr.fromSocketAddress(new InetSocketAddress(scoped, 80)).toString());
    InetAddress global =
        Inet6Address.getByAddress(null, InetAddress.getByName("2001:db8::1").getAddress(), 4711);
    assertEquals(
        "/ip6/2001:db8::1/tcp/80",
        Multiaddr.fromSocketAddress(new InetSocketAddress(global, 80)).toString());
  }

  @Test
  void isEqualByItsBytes() {
    Multiaddr one = Multiaddr.parse("/ip4/127.0.0.1/tcp/1234");
    assertEquals(one, Multiaddr.parse("/ip4/127.0.0.1/tcp/1234/"));
    assertEquals(one.hashCode(), Multiaddr.parse("/ip4/127.0.0.1/tcp/1234/").hashCode());
    assertNotEquals(one, Multiaddr.parse("/ip4/127.0.0.1/udp/1234"));
  }

  @Test
  void keepsItsOwnBytes() throws ProtocolViolationException {
    byte[] bytes = HEX.parseHex("047f000001");
    Multiaddr address = Multiaddr.fromBytes(bytes);
    bytes[4] = 9;
    address.toBytes()[4] = 9;
    assertArrayEquals(HEX.parseHex("047f000001"), address.toBytes());
  }

  @ParameterizedTest
  @CsvSource({
    "/ip4/0.0.0.0/tcp/1, UNSPECIFIED",
    "/ip6/::/tcp/1, UNSPECIFIED",
    "/ip4/127.9.9.9/tcp/1, LOOPBACK",
    "/ip6/::1/tcp/1, LOOPBACK",
    "/ip6/::ffff:127.0.0.1/tcp/1, LOOPBACK",
    "/dns4/localhost/tcp/1, LOOPBACK",
    "/dns4/a.LocalHost/tcp/1, LOOPBACK",
    "/ip4/169.254.1.1/tcp/1, LINK_LOCAL",
    "/ip6/fe80::1/tcp/1, LINK_LOCAL",
    "/ip6zone/eth0/ip6/fe80::1/tcp/1, LINK_LOCAL",
    "/ip4/10.1.2.3/tcp/1, PRIVATE",
    "/ip4/172.16.0.1/tcp/1, PRIVATE",
    "/ip4/172.31.255.255/tcp/1, PRIVATE",
    "/ip4/192.168.0.1/tcp/1, PRIVATE",
    "/ip4/100.64.0.1/tcp/1, PRIVATE",
    "/ip6/fd00::1/tcp/1, PRIVATE",
    "/ip4/192.0.2.1/tcp/1, RESERVED",
    "/ip4/198.51.100.1/tcp/1, RESERVED",
    "/ip4/203.0.113.1/tcp/1, RESERVED",
    "/ip4/198.18.0.1/tcp/1, RESERVED",
    "/ip4/224.0.0.1/tcp/1, RESERVED",
    "/ip4/255.255.255.255/tcp/1, RESERVED",
    "/ip4/0.1.2.3/tcp/1, RESERVED",
    "/ip6/2001:db8::1/tcp/1, RESERVED",
    "/ip6/ff02::1/tcp/1, RESERVED",
    "/ip6/::2/tcp/1, RESERVED",
    "/ip4/1.1.1.1/tcp/1, PUBLIC",
    "/ip4/172.32.0.1/tcp/1, PUBLIC",
    "/ip4/100.128.0.1/tcp/1, PUBLIC",
    "/ip4/192.0.3.1/tcp/1, PUBLIC",
    "/ip6/2606:4700::1111/tcp/1, PUBLIC",
    "/ip6/64:ff9b::101:101/tcp/1, PUBLIC",
    "/ip4/1.1.1.1/tcp/1/p2p/" + ID + "/p2p-circuit, PUBLIC",
    "/dns4/example.com/tcp/1, NAME",
    "/p2p/" + ID + ", NAME",
  })
  void saysHowFarItReaches(String text, AddressScope scope) {
    assertEquals(scope, Multiaddr.parse(text).scope());
  }
}

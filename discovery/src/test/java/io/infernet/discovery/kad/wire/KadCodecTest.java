package io.infernet.discovery.kad.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.proto.libp2p.DhtProto.Message;
import io.infernet.proto.libp2p.DhtProto.Message.MessageType;
import io.infernet.proto.libp2p.DhtProto.Peer;
import io.infernet.proto.libp2p.DhtProto.Record;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class KadCodecTest {

  static final KadLimits LIMITS = new KadLimits(16 * 1024, 20, 3, 8, 4, 64, 1024);

  private static final KadCodec REQUESTS = KadCodec.ofRequests(LIMITS, new PeerCache(16));
  private static final KadCodec RESPONSES = KadCodec.ofResponses(LIMITS, new PeerCache(16));

  private static final String ID_HEX =
      "1220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  private static final String KEY_HEX =
      "1220fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0";

  /** A peer with the id above at /ip4/192.0.2.1/tcp/4001 and /dns4/a.example/tcp/443/wss. */
  private static final String PEER_HEX =
      "400a22" + ID_HEX + "120804c0000201060fa112103609612e6578616d706c650601bbde03";

  /** The time as js-libp2p writes it, in a record of /ns/k. */
  private static final String RECORD_HEX =
      "1a2e0a052f6e732f6b120576616c7565"
          + "2a1e323032332d31312d31345432323a31333a32302e3132333030303030305a";

  private static final Multiaddr IP = Multiaddr.parse("/ip4/192.0.2.1/tcp/4001");
  private static final Multiaddr NAME = Multiaddr.parse("/dns4/a.example/tcp/443/wss");
  private static final byte[] VALUE_KEY = "/ns/k".getBytes(StandardCharsets.UTF_8);
  private static final ValueRecord RECORD =
      new ValueRecord(
          VALUE_KEY,
          "value".getBytes(StandardCharsets.UTF_8),
          Instant.ofEpochMilli(1_700_000_000_123L));

  private final Multihash key = Multihash.fromBytes(HexFormat.of().parseHex(KEY_HEX));
  private final PeerInfo peer =
      new PeerInfo(PeerId.fromBytes(HexFormat.of().parseHex(ID_HEX)), List.of(IP, NAME));

  KadCodecTest() throws ProtocolViolationException {}

  private static KadMessage request(String hex) throws ProtocolViolationException {
    return REQUESTS.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
  }

  private static KadMessage response(String hex) throws ProtocolViolationException {
    return RESPONSES.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
  }

  private static String hex(KadMessage message) {
    ByteBuffer bytes = REQUESTS.encode(message);
    byte[] array = new byte[bytes.remaining()];
    bytes.get(array);
    return HexFormat.of().formatHex(array);
  }

  private static KadMessage request(Message.Builder message) throws ProtocolViolationException {
    return REQUESTS.decode(ByteBuffer.wrap(message.build().toByteArray()));
  }

  private static KadMessage response(Message.Builder message) throws ProtocolViolationException {
    return RESPONSES.decode(ByteBuffer.wrap(message.build().toByteArray()));
  }

  private static KadMessage copy(KadMessage message) throws ProtocolViolationException {
    KadCodec codec = message instanceof KadMessage.Request ? REQUESTS : RESPONSES;
    return codec.decode(codec.encode(message));
  }

  /** The bytes are those of @libp2p/kad-dht 16.4.5. */
  @Test
  void readsWhatJsWrites() throws ProtocolViolationException {
    assertEquals(new KadMessage.FindNode(peer.id().toBytes()), request("08041222" + ID_HEX));
    assertEquals(new KadMessage.CloserPeers(List.of(peer)), response("080442" + PEER_HEX));
    assertEquals(new KadMessage.GetProviders(key), request("08031222" + KEY_HEX));
    assertEquals(
        new KadMessage.Providers(List.of(new PeerInfo(peer.id(), List.of(IP))), List.of(peer)),
        response(
            "08031222"
                + KEY_HEX
                + "42"
                + PEER_HEX
                + "4a300a22"
                + ID_HEX
                + "120804c0000201060fa11801"));
    assertEquals(
        new KadMessage.AddProvider(key, List.of(peer)),
        request("08021222" + KEY_HEX + "4a" + PEER_HEX));
    assertEquals(new KadMessage.GetValue(VALUE_KEY), request("080112052f6e732f6b"));
    assertEquals(
        new KadMessage.Value(Optional.of(RECORD), List.of()),
        response("080112052f6e732f6b" + RECORD_HEX));
    assertEquals(
        new KadMessage.PutValue(RECORD),
        request("12052f6e732f6b" + RECORD_HEX),
        "the type is left out when it is 0");
    assertEquals(new KadMessage.ValueStored(RECORD), response("12052f6e732f6b" + RECORD_HEX));
    assertEquals(new KadMessage.Ping(), request("0805"));
    assertEquals(new KadMessage.Pong(), response("0805"));
  }

  @Test
  void writesTheFieldsOfTheSpecification() {
    assertEquals("08041222" + ID_HEX, hex(new KadMessage.FindNode(peer.id().toBytes())));
    assertEquals("080442" + PEER_HEX, hex(new KadMessage.CloserPeers(List.of(peer))));
    assertEquals("08031222" + KEY_HEX, hex(new KadMessage.GetProviders(key)));
    assertEquals(
        "080342" + PEER_HEX + "4a" + PEER_HEX,
        hex(new KadMessage.Providers(List.of(peer), List.of(peer))));
    assertEquals(
        "08021222" + KEY_HEX + "4a" + PEER_HEX,
        hex(new KadMessage.AddProvider(key, List.of(peer))));
    assertEquals("080112052f6e732f6b", hex(new KadMessage.GetValue(VALUE_KEY)));
    String time =
        HexFormat.of().formatHex("2023-11-14T22:13:20.123Z".getBytes(StandardCharsets.UTF_8));
    String record = "1a280a052f6e732f6b120576616c75652a18" + time;
    assertEquals("080012052f6e732f6b" + record, hex(new KadMessage.PutValue(RECORD)));
    assertEquals("080012052f6e732f6b" + record, hex(new KadMessage.ValueStored(RECORD)));
    assertEquals("0801" + record, hex(new KadMessage.Value(Optional.of(RECORD), List.of())));
    assertEquals("0805", hex(new KadMessage.Ping()));
    assertEquals("0805", hex(new KadMessage.Pong()));
  }

  @Test
  void readsWhatItWrites() {
    Property.forAll(
        500,
        random -> {
          KadMessage message = random(random);
          assertEquals(message, copy(message));
          assertEquals(message.hashCode(), copy(message).hashCode());
        });
  }

  @Test
  void leavesOutAddressesThatItDoesNotKnow() throws ProtocolViolationException {
    PeerId other = TestIdentities.peerId(9);
    Multiaddr relay = IP.withPeer(other).encapsulate(Multiaddr.parse("/p2p-circuit"));
    Peer sent =
        Peer.newBuilder()
            .setId(ByteString.copyFrom(peer.id().toBytes()))
            .addAddrs(ByteString.copyFromUtf8("what is this?"))
            .addAddrs(ByteString.EMPTY)
            .addAddrs(ByteString.copyFrom(IP.withPeer(other).toBytes()))
            .addAddrs(ByteString.copyFrom(Multiaddr.parse("/p2p/" + peer.id()).toBytes()))
            .addAddrs(ByteString.copyFrom(NAME.withPeer(peer.id()).toBytes()))
            .addAddrs(ByteString.copyFrom(relay.withPeer(peer.id()).toBytes()))
            .build();

    assertEquals(
        new KadMessage.CloserPeers(List.of(new PeerInfo(peer.id(), List.of(NAME, relay)))),
        response(
            Message.newBuilder()
                .setType(MessageType.FIND_NODE)
                .addCloserPeers(sent.toByteString())));
  }

  @Test
  void leavesOutAFewPeersWhoseIdsItDoesNotKnow() throws ProtocolViolationException {
    Peer strange = Peer.newBuilder().setId(ByteString.copyFromUtf8("a stranger")).build();
    Message.Builder answer =
        Message.newBuilder()
            .setType(MessageType.GET_PROVIDERS)
            .addProviderPeers(strange.toByteString())
            .addCloserPeers(ByteString.fromHex(PEER_HEX).substring(1))
            .addCloserPeers(Peer.getDefaultInstance().toByteString())
            .addCloserPeers(strange.toByteString())
            .addCloserPeers(strange.toByteString());
    assertEquals(new KadMessage.Providers(List.of(), List.of(peer)), response(answer));

    answer.addCloserPeers(strange.toByteString());
    assertThrows(ProtocolViolationException.class, () -> response(answer));
  }

  @Test
  void readsAndWritesTheFirstAddressesOfMany() throws ProtocolViolationException {
    List<Multiaddr> all = new ArrayList<>();
    for (int i = 0; i < LIMITS.maxAddresses() + 1; i++) {
      all.add(Multiaddr.parse("/ip4/192.0.2.1/tcp/" + (4001 + i)));
    }
    PeerInfo kept = new PeerInfo(peer.id(), all.subList(0, LIMITS.keptAddresses()));
    assertEquals(
        new KadMessage.CloserPeers(List.of(kept)),
        copy(new KadMessage.CloserPeers(List.of(new PeerInfo(peer.id(), all)))));

    assertThrows(
        ProtocolViolationException.class, () -> response(withAddresses(all)), "an address flood");
    assertEquals(
        new KadMessage.CloserPeers(List.of(kept)),
        response(withAddresses(all.subList(0, LIMITS.maxAddresses()))));
  }

  private Message.Builder withAddresses(List<Multiaddr> addresses) {
    Peer.Builder sent = Peer.newBuilder().setId(ByteString.copyFrom(peer.id().toBytes()));
    addresses.forEach(address -> sent.addAddrs(ByteString.copyFrom(address.toBytes())));
    return Message.newBuilder()
        .setType(MessageType.FIND_NODE)
        .addCloserPeers(sent.build().toByteString());
  }

  @Test
  void refusesWhatIsNoMessage() {
    for (String bad :
        List.of(
            "",
            "08",
            "0805ff",
            "0806",
            "08ffffffffffffffffff01",
            "0804",
            "0803",
            "08031203616263",
            "0802",
            "0801",
            "0800",
            "080012026162",
            // The key is not that of the record.
            "080012052f6e732f6c" + RECORD_HEX,
            "08001a00")) {
      assertThrows(ProtocolViolationException.class, () -> request(bad), bad);
    }
    for (String bad :
        List.of("", "0802", "0800", "08044201ff", "08034a030a2212", "08011a00", "0807")) {
      assertThrows(ProtocolViolationException.class, () -> response(bad), bad);
    }
  }

  @Test
  void refusesWhatIsOverTheLimits() throws ProtocolViolationException {
    byte[] longKey = new byte[LIMITS.maxKeyLength() + 1];
    List<KadMessage> tooMuch = new ArrayList<>();
    tooMuch.add(new KadMessage.FindNode(longKey));
    tooMuch.add(new KadMessage.GetValue(longKey));
    tooMuch.add(new KadMessage.PutValue(new ValueRecord(longKey, new byte[1], Instant.EPOCH)));
    tooMuch.add(new KadMessage.GetProviders(Multihash.identity(new byte[LIMITS.maxKeyLength()])));
    ValueRecord longValue =
        new ValueRecord(VALUE_KEY, new byte[LIMITS.maxValueLength() + 1], Instant.EPOCH);
    tooMuch.add(new KadMessage.PutValue(longValue));
    tooMuch.add(new KadMessage.Value(Optional.of(longValue), List.of()));
    List<PeerInfo> crowd = Collections.nCopies(LIMITS.maxPeers() + 1, peer);
    tooMuch.add(new KadMessage.CloserPeers(crowd));
    tooMuch.add(new KadMessage.Providers(crowd, List.of()));
    tooMuch.add(new KadMessage.AddProvider(key, crowd));
    for (KadMessage message : tooMuch) {
      assertThrows(ProtocolViolationException.class, () -> copy(message), message.toString());
    }

    byte[] longestKey = new byte[LIMITS.maxKeyLength()];
    assertEquals(new KadMessage.FindNode(longestKey), copy(new KadMessage.FindNode(longestKey)));
    List<PeerInfo> most = Collections.nCopies(LIMITS.maxPeers(), peer);
    assertEquals(new KadMessage.CloserPeers(most), copy(new KadMessage.CloserPeers(most)));
    assertEquals(LIMITS.maxMessageSize(), REQUESTS.maxMessageSize());
  }

  @Test
  void doesNotDependOnWhenTheSenderSaysItReceivedARecord() throws ProtocolViolationException {
    for (String time : List.of("", "yesterday", "2023-11-14T22:13:20")) {
      Record record =
          Record.newBuilder()
              .setKey(ByteString.copyFrom(VALUE_KEY))
              .setValue(ByteString.copyFromUtf8("value"))
              .setTimeReceived(time)
              .build();
      assertEquals(
          new KadMessage.Value(
              Optional.of(new ValueRecord(VALUE_KEY, RECORD.value(), Instant.EPOCH)), List.of()),
          response(Message.newBuilder().setType(MessageType.GET_VALUE).setRecord(record)));
    }
  }

  @Test
  void readsAPeerThatItHasSeenOnlyOnce() throws ProtocolViolationException {
    KadMessage.CloserPeers first = (KadMessage.CloserPeers) response("080442" + PEER_HEX);
    KadMessage.CloserPeers second = (KadMessage.CloserPeers) response("080442" + PEER_HEX);
    assertSame(first.closer().get(0), second.closer().get(0));

    String elsewhere = PEER_HEX.replace("c0000201", "c0000202");
    KadMessage.CloserPeers moved = (KadMessage.CloserPeers) response("080442" + elsewhere);
    assertEquals(peer.id(), moved.closer().get(0).id());
    assertNotEquals(peer, moved.closer().get(0));
  }

  @Test
  void showsItsDefaults() {
    assertEquals(new KadLimits(262_144, 256, 16, 128, 16, 256, 16_384), KadLimits.defaults());
    assertTrue(
        KadLimits.defaults().maxValueLength() < KadLimits.defaults().maxMessageSize(),
        "a value fits into a message");
  }

  @Test
  void rejectsLimitsThatAllowNothing() {
    for (int i = 0; i < 7; i++) {
      int[] limits = {1, 1, 0, 1, 1, 1, 0};
      limits[i]--;
      assertThrows(
          IllegalArgumentException.class,
          () ->
              new KadLimits(
                  limits[0], limits[1], limits[2], limits[3], limits[4], limits[5], limits[6]));
    }
    assertThrows(IllegalArgumentException.class, () -> new PeerCache(0));
    assertThrows(IllegalArgumentException.class, () -> new PeerCache(12));
  }

  static KadMessage random(RandomGenerator random) {
    return switch (random.nextInt(11)) {
      case 0 -> new KadMessage.FindNode(Property.bytesOfLength(random, 1 + random.nextInt(40)));
      case 1 -> new KadMessage.CloserPeers(peers(random));
      case 2 -> new KadMessage.GetProviders(Multihash.sha256(Property.bytes(random, 9)));
      case 3 -> new KadMessage.Providers(peers(random), peers(random));
      case 4 ->
          new KadMessage.AddProvider(Multihash.identity(Property.bytes(random, 32)), peers(random));
      case 5 -> new KadMessage.GetValue(Property.bytesOfLength(random, 1 + random.nextInt(40)));
      case 6 ->
          new KadMessage.Value(
              random.nextBoolean() ? Optional.of(record(random)) : Optional.empty(), peers(random));
      case 7 -> new KadMessage.PutValue(record(random));
      case 8 -> new KadMessage.ValueStored(record(random));
      case 9 -> new KadMessage.Ping();
      default -> new KadMessage.Pong();
    };
  }

  private static ValueRecord record(RandomGenerator random) {
    return new ValueRecord(
        Property.bytesOfLength(random, 1 + random.nextInt(40)),
        Property.bytes(random, 200),
        Instant.ofEpochSecond(random.nextLong(4_000_000_000L), random.nextInt(1_000_000_000)));
  }

  private static List<PeerInfo> peers(RandomGenerator random) {
    List<PeerInfo> peers = new ArrayList<>();
    for (int i = random.nextInt(8); i > 0; i--) {
      List<Multiaddr> addresses = new ArrayList<>();
      for (int j = random.nextInt(LIMITS.keptAddresses() + 1); j > 0; j--) {
        addresses.add(
            Multiaddr.parse(
                random.nextBoolean()
                    ? "/ip6/2001:db8::" + random.nextInt(99) + "/udp/9/quic-v1"
                    : "/ip4/192.0.2." + random.nextInt(99) + "/tcp/4001"));
      }
      peers.add(new PeerInfo(TestIdentities.peerId(random.nextInt(20)), addresses));
    }
    return peers;
  }
}

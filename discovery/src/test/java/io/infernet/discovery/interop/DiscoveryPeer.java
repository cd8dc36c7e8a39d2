package io.infernet.discovery.interop;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.discovery.gossip.GossipConfig;
import io.infernet.discovery.gossip.GossipMessage;
import io.infernet.discovery.gossip.GossipRouter;
import io.infernet.discovery.gossip.score.PeerScoreParams;
import io.infernet.discovery.gossip.wire.MessageIdFunction;
import io.infernet.discovery.gossip.wire.MessageSigner;
import io.infernet.discovery.kad.KadConfig;
import io.infernet.discovery.kad.KadDht;
import io.infernet.discovery.kad.KadMode;
import io.infernet.discovery.kad.record.MemoryRecordStore;
import io.infernet.discovery.kad.record.MemoryRoutingTableStore;
import io.infernet.discovery.kad.record.NamespacedValidator;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.record.RecordValidator;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.libp2p.concurrent.EventThread;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.NettyHost;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.interop.CommandLoop;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.protocol.identify.IdentifyConfig;
import io.infernet.libp2p.protocol.identify.IdentifyService;
import io.infernet.libp2p.protocol.ping.PingConfig;
import io.infernet.libp2p.protocol.ping.PingService;
import io.infernet.libp2p.testing.HostConfigBuilder;
import io.infernet.libp2p.testing.LoopbackNetwork;
import io.infernet.libp2p.transport.tcp.InterfaceAddresses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A peer with a DHT and a gossip router that does as it is told, the same as {@code
 * scripts/interop/discovery-peer.mjs}.
 */
public final class DiscoveryPeer {

  private static final int EVENT_QUEUE = 4_096;

  /** The namespace of the records that the cases store. */
  private static final String NAMESPACE = "interop";

  private static final int MAX_PROVIDERS = 20;

  private static final int PEER_CACHE = 256;

  /** As many as a case has: all of them are asked for a value. */
  private static final int HOSTS = 6;

  private final LoopbackNetwork network = new LoopbackNetwork();
  private final List<Services> hosts = new CopyOnWriteArrayList<>();

  private record Services(
      NettyHost host, KadDht dht, GossipRouter gossip, List<Map<String, Object>> received) {}

  private DiscoveryPeer() {}

  /** Obeys until stdin ends. */
  public static void main(String[] args) throws IOException {
    CommandLoop commands = new CommandLoop();
    new DiscoveryPeer().register(commands);
    commands.run();
  }

  private void register(CommandLoop commands) {
    commands.put("host", this::host);
    commands.put("connect", this::connect);
    commands.put("routingTable", this::routingTable);
    commands.put("findPeer", this::findPeer);
    commands.put("closest", this::closest);
    commands.put("provide", this::provide);
    commands.put("findProviders", this::findProviders);
    commands.put("put", this::putValue);
    commands.put("get", this::getValue);
    commands.put("subscribe", this::subscribe);
    commands.put("publish", this::publish);
    commands.put("mesh", this::mesh);
    commands.put("received", this::received);
  }

  /** {@code protocol} is the DHT's. */
  private synchronized Object host(JsonNode parameters) throws Exception {
    PrivateKey key =
        PrivateKey.generate(
            KeyType.valueOf(parameters.get("key").asText().toUpperCase(Locale.ROOT)),
            new SecureRandom());
    NettyHost host = network.unstarted(key, HostConfigBuilder.with(config -> {}));
    host.start().get();
    new PingService(
            host,
            PingConfig.defaults(),
            network.scheduler(),
            Ticker.system(),
            new SplittableRandom())
        .start();
    new IdentifyService(
            host,
            key,
            IdentifyConfig.defaults("infernet-interop/1.0.0", "infernet/1.0.0"),
            InterfaceAddresses.system(),
            new EventThread("identify", EVENT_QUEUE),
            network.scheduler(),
            Clock.systemUTC())
        .start();
    KadDht dht = dht(host, ProtocolId.of(parameters.get("protocol").asText()));
    dht.start();
    GossipRouter gossip = gossip(host, key);
    gossip.start();
    hosts.add(new Services(host, dht, gossip, new CopyOnWriteArrayList<>()));
    return Map.of(
        "host", hosts.size() - 1,
        "peer", host.peerId().toString(),
        "addresses", host.listenAddresses().stream().map(Object::toString).toList());
  }

  private KadDht dht(NettyHost host, ProtocolId protocol) {
    Clock clock = Clock.systemUTC();
    return new KadDht(
        host,
        KadConfig.defaults().with(protocol, KadMode.SERVER),
        new MemoryRecordStore(RecordLimits.defaults(), clock),
        new MemoryRoutingTableStore(),
        new NamespacedValidator(Map.of(NAMESPACE, new LargestNumber())),
        host::listenAddresses,
        new PeerCache(PEER_CACHE),
        new EventThread("kad", EVENT_QUEUE),
        network.scheduler(),
        clock,
        Ticker.system(),
        new SplittableRandom());
  }

  private GossipRouter gossip(NettyHost host, PrivateKey key) {
    GossipConfig c = GossipConfig.defaults();
    GossipConfig asJs =
        new GossipConfig(
            c.protocols(),
            MessageIdFunction.PUBLIC_KEY,
            c.heartbeat(),
            c.seenLifetime(),
            c.fanoutLifetime(),
            c.floodPublish(),
            c.peerExchange(),
            c.directPeers(),
            c.directConnectInterval(),
            c.mesh(),
            c.lazy(),
            c.large(),
            c.wire(),
            c.limits());
    return new GossipRouter(
        host,
        asJs,
        new MessageSigner(key, Clock.systemUTC()),
        PeerScoreParams.defaults(),
        peer -> 0,
        new EventThread("gossip", EVENT_QUEUE),
        network.scheduler(),
        Ticker.system(),
        new SplittableRandom());
  }

  private Object connect(JsonNode parameters) throws Exception {
    PeerInfo target = PeerInfo.parse(parameters.get("address").asText());
    return Map.of("peer", of(parameters).host().connect(target).get().remotePeer().toString());
  }

  private Object routingTable(JsonNode parameters) throws Exception {
    return Map.of("size", of(parameters).dht().routingTable().get().size());
  }

  /** Its addresses, or null. */
  private @Nullable Object findPeer(JsonNode parameters) throws Exception {
    PeerId peer = PeerId.parse(parameters.get("peer").asText());
    return of(parameters).dht().findPeer(peer).get().map(DiscoveryPeer::describe).orElse(null);
  }

  private static Map<String, Object> describe(PeerInfo peer) {
    return Map.of(
        "peer", peer.id().toString(),
        "addresses",
            peer.addresses().stream().map(a -> a.withoutPeer().toString()).distinct().toList());
  }

  /** The closest peers to a key, closest first. */
  private Object closest(JsonNode parameters) throws Exception {
    byte[] key = HexFormat.of().parseHex(parameters.get("key").asText());
    return of(parameters).dht().findClosestPeers(key).get().stream()
        .map(peer -> peer.id().toString())
        .toList();
  }

  private Object provide(JsonNode parameters) throws Exception {
    return Map.of("told", of(parameters).dht().provide(hash(parameters)).get());
  }

  private Object findProviders(JsonNode parameters) throws Exception {
    return of(parameters).dht().findProviders(hash(parameters), MAX_PROVIDERS).get().stream()
        .map(DiscoveryPeer::describe)
        .toList();
  }

  private Object putValue(JsonNode parameters) throws Exception {
    byte[] value = parameters.get("value").asText().getBytes(StandardCharsets.UTF_8);
    of(parameters).dht().putValue(valueKey(parameters), value).get();
    return Map.of();
  }

  /** The best value, or null. */
  private @Nullable Object getValue(JsonNode parameters) throws Exception {
    return of(parameters)
        .dht()
        .getValue(valueKey(parameters), HOSTS)
        .get()
        .map(value -> new String(value, StandardCharsets.UTF_8))
        .orElse(null);
  }

  private static Multihash hash(JsonNode parameters) {
    return Cid.parse(parameters.get("cid").asText()).hash();
  }

  private static byte[] valueKey(JsonNode parameters) {
    return parameters.get("key").asText().getBytes(StandardCharsets.UTF_8);
  }

  private Object subscribe(JsonNode parameters) {
    Services services = of(parameters);
    services
        .gossip()
        .subscribe(topic(parameters), message -> services.received().add(describe(message)));
    return Map.of();
  }

  private static Map<String, Object> describe(GossipMessage message) {
    return Map.of(
        "topic", message.topic(),
        "from", message.from().toString(),
        "bytes", message.data().length,
        "digest", HexFormat.of().formatHex(sha256(message.data())));
  }

  private Object publish(JsonNode parameters) throws Exception {
    byte[] data = Base64.getDecoder().decode(parameters.get("data").asText());
    return Map.of(
        "recipients", of(parameters).gossip().publish(topic(parameters), data).get().peers());
  }

  private Object mesh(JsonNode parameters) {
    return of(parameters).gossip().meshPeers(topic(parameters)).stream()
        .map(PeerId::toString)
        .toList();
  }

  private Object received(JsonNode parameters) {
    return of(parameters).received().stream()
        .filter(message -> topic(parameters).equals(message.get("topic")))
        .toList();
  }

  private Services of(JsonNode parameters) {
    return hosts.get(parameters.get("host").asInt());
  }

  private static String topic(JsonNode parameters) {
    return parameters.get("topic").asText();
  }

  private static byte[] sha256(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Numbers in decimal are valid, and the largest is best. */
  private static final class LargestNumber implements RecordValidator {
    @Override
    public void validate(byte[] key, byte[] value) throws ProtocolViolationException {
      if (!new String(value, StandardCharsets.UTF_8).matches("\\d{1,9}")) {
        throw new ProtocolViolationException("not a number");
      }
    }

    @Override
    public int select(byte[] key, List<byte[]> values) {
      int best = 0;
      for (int i = 1; i < values.size(); i++) {
        if (number(values.get(i)) > number(values.get(best))) {
          best = i;
        }
      }
      return best;
    }

    private static int number(byte[] value) {
      return Integer.parseInt(new String(value, StandardCharsets.UTF_8));
    }
  }
}

package io.infernet.discovery.simulation;

import io.infernet.discovery.kad.KadDht;
import io.infernet.discovery.kad.LookupResult;
import io.infernet.discovery.kad.record.MemoryRecordStore;
import io.infernet.discovery.kad.record.MemoryRoutingTableStore;
import io.infernet.discovery.kad.record.NamespacedValidator;
import io.infernet.discovery.kad.record.RecordLimits;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.wire.PeerCache;
import io.infernet.discovery.simulation.LookupFigures.Sample;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PublicKey;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.SimulatedIdentities;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualNetworkConfig;
import io.infernet.libp2p.simulation.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A network of nodes with the real {@link KadDht}, in one thread and on virtual time. They join one
 * after the other by way of a few that everybody knows, provide keys and look things up; then some
 * are replaced all the time. Hostile ones, if any, are there from the beginning.
 *
 * <p>Used once, by one thread.
 */
public final class DhtSimulation {

  /** A node that everybody knows for so many nodes, and never fewer than one. */
  private static final int NODES_PER_BOOTSTRAP = 1000;

  /** How many of them a new node asks. */
  private static final int BOOTSTRAPS_ASKED = 2;

  private static final Duration JOIN_RETRY = Duration.ofSeconds(5);

  /** How long all keys take to be announced. */
  private static final Duration ANNOUNCEMENTS = Duration.ofMinutes(1);

  /** Time between two look-ups while nobody comes or goes. */
  private static final Duration PACE = Duration.ofMillis(25);

  /** Longer than any look-up takes. */
  private static final Duration DRAIN = Duration.ofMinutes(1);

  /** Providers wanted of a look-up. */
  private static final int PROVIDERS_WANTED = 100;

  /** TCP, and two of Noise with the muxer agreed on within. */
  private static final int DIAL_ROUND_TRIPS = 3;

  /** How much longer than usual a message may take. */
  private static final double JITTER = 0.1;

  /** More than a routing table holds, and no more, for there are many hosts. */
  private static final int PEERS_REMEMBERED = 300;

  private static final int ADDRESSES_REMEMBERED = 4;
  private static final int PEERS_CACHED = 1 << 16;
  private static final Duration STEP = Duration.ofSeconds(10);
  private static final int KEY_BYTES = 16;

  private final DhtSimulationConfig config;
  private final Consumer<String> progress;
  private final Ticker wall;
  private final SplittableRandom random;
  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network;
  private final SimulatedIdentities identities;
  private final Addresses addresses;
  private final PeerCache cache = new PeerCache(PEERS_CACHED);
  private final GlobalTruth truth = new GlobalTruth();
  private final List<Node> bootstraps = new ArrayList<>();

  /** Honest nodes that are up. */
  private final List<Node> nodes = new ArrayList<>();

  private final List<Provided> provided = new ArrayList<>();
  private final Conspiracy conspiracy;
  private long peakHeap;

  /** An honest node. */
  private static final class Node {
    final VirtualHost host;
    final KadDht dht;
    boolean joined;

    Node(VirtualHost host, KadDht dht) {
      this.host = host;
      this.dht = dht;
    }
  }

  /** A key and who provides it. */
  private static final class Provided {
    final Multihash key;
    @Nullable Node provider;
    boolean announced;

    Provided(Multihash key) {
      this.key = key;
    }
  }

  /** Counts look-ups of providers. */
  private static final class Tally {
    int count;
    int found;

    ProviderFigures figures() {
      return new ProviderFigures(count, LookupFigures.share(found, count));
    }
  }

  /**
   * @param progress told in a few words how far it is
   * @param wall measures how long it takes
   */
  public DhtSimulation(DhtSimulationConfig config, Consumer<String> progress, Ticker wall) {
    this.config = config;
    this.progress = progress;
    this.wall = wall;
    this.random = new SplittableRandom(config.seed());
    VirtualNetworkConfig defaults = VirtualNetworkConfig.defaults();
    this.network =
        new VirtualNetwork(
            time,
            LinkModel.pairwise(config.minLatency(), config.maxLatency(), JITTER, random.split()),
            new VirtualNetworkConfig(
                DIAL_ROUND_TRIPS,
                defaults.dialTimeout(),
                defaults.negotiationTimeout(),
                false,
                true,
                defaults.keepAlive(),
                PEERS_REMEMBERED,
                ADDRESSES_REMEMBERED,
                config.connections()));
    this.identities = new SimulatedIdentities(random.split());
    this.addresses = new Addresses(random.split());
    int keys = config.keys();
    if (config.attacks().contains(Attack.ECLIPSE)) {
      keys = Math.max(1, Math.min(keys, config.hostile() / config.kad().query().resultSize()));
    }
    for (int i = 0; i < keys; i++) {
      provided.add(new Provided(randomKey()));
    }
    this.conspiracy =
        new Conspiracy(
            config.attacks(),
            config.kad(),
            cache,
            truth,
            peer -> network.host(peer).orElseThrow().info(),
            addresses,
            identities,
            config.hostile() == 0 ? 0 : config.nodes());
  }

  /** Runs it all. */
  public DhtResult run() {
    long start = wall.nanoTime();
    joinAll();
    advance(config.settleTime(), "settled");
    announceAll();
    List<Sample> samples = new ArrayList<>();
    Tally calm = new Tally();
    for (int i = 0; i < config.lookups(); i++) {
      time.schedule(PACE.multipliedBy(i), () -> lookUp(samples));
      time.schedule(PACE.multipliedBy(i), () -> findProvider(calm));
    }
    advance(PACE.multipliedBy(config.lookups()).plus(DRAIN), "looked up");
    Tally stormy = new Tally();
    int replaced = 0;
    if (config.churn() > 0) {
      replaced = churn(stormy);
    }
    return new DhtResult(
        config.nodes(),
        config.hostile(),
        config.attacks(),
        config.seed(),
        LookupFigures.of(samples),
        calm.figures(),
        replaced,
        stormy.figures(),
        Duration.ofNanos(time.nanoTime()),
        Duration.ofNanos(wall.nanoTime() - start),
        network.dials(),
        network.messages(),
        network.bytes(),
        peakHeap,
        network.traceHash());
  }

  // Joining.

  private void joinAll() {
    int known = Math.max(1, config.nodes() / NODES_PER_BOOTSTRAP);
    for (int i = 0; i < known; i++) {
      bootstraps.add(newNode());
    }
    int honest = config.nodes() - config.hostile() - known;
    int hostile = config.hostile();
    int all = honest + hostile;
    for (int i = 0; i < all; i++) {
      Duration at = config.joinTime().multipliedBy(i).dividedBy(Math.max(1, all));
      // Hostile ones evenly among the others.
      int number = (int) ((long) i * hostile / all);
      boolean isHostile = (long) (i + 1) * hostile / all > number;
      time.schedule(at, isHostile ? () -> joinHostile(number) : this::newNode);
    }
    advance(config.joinTime(), "joined");
  }

  private Node newNode() {
    VirtualHost host = network.newHost(identities.next(), addresses.next());
    host.start();
    truth.add(host.peerId());
    KadDht dht =
        new KadDht(
            host,
            config.kad(),
            new MemoryRecordStore(RecordLimits.defaults(), time.clock()),
            new MemoryRoutingTableStore(),
            new NamespacedValidator(Map.of()),
            host::listenAddresses,
            cache,
            time,
            time,
            time.clock(),
            time,
            random.split());
    Node node = new Node(host, dht);
    nodes.add(node);
    dht.start();
    join(node);
    return node;
  }

  /** Asks some that everybody knows, and others later when none of them answers. */
  private void join(Node node) {
    if (!node.host.isRunning() || bootstraps.isEmpty()) {
      node.joined = true;
      return;
    }
    List<Boolean> answers = new ArrayList<>();
    for (int i = 0; i < BOOTSTRAPS_ASKED; i++) {
      PeerInfo known = bootstraps.get(random.nextInt(bootstraps.size())).host.info();
      node.dht
          .addPeer(known)
          .whenComplete(
              (answered, error) -> {
                answers.add(error == null && answered);
                if (answers.size() < BOOTSTRAPS_ASKED) {
                  return;
                }
                if (answers.contains(true)) {
                  node.dht.bootstrap().whenComplete((done, failure) -> node.joined = true);
                } else {
                  time.schedule(JOIN_RETRY, () -> join(node));
                }
              });
    }
  }

  private void joinHostile(int number) {
    boolean chosen = conspiracy.does(Attack.ECLIPSE);
    boolean sybil =
        conspiracy.does(Attack.SYBIL) && (config.attacks().size() == 1 || number % 4 == 0);
    Multihash wanted = provided.get(number % provided.size()).key;
    KadKey target = KadKey.of(wanted.toBytes());
    PublicKey key =
        chosen
            ? identities.cheapest(config.nodes() / 2, peer -> target.distance(KadKey.of(peer)))
            : identities.next();
    Multiaddr address = sybil ? addresses.ofSybil() : addresses.next();
    VirtualHost host = network.newHost(key, address);
    conspiracy.join(host.peerId());
    truth.add(host.peerId());
    new HostileNode(host, wanted, conspiracy, time, random.split()).start();
  }

  // Asking.

  private void announceAll() {
    for (int i = 0; i < provided.size(); i++) {
      Provided key = provided.get(i);
      time.schedule(ANNOUNCEMENTS.multipliedBy(i).dividedBy(provided.size()), () -> announce(key));
    }
    advance(ANNOUNCEMENTS.plus(DRAIN), "announced");
  }

  private void announce(Provided key) {
    Node provider = anyNode();
    key.provider = provider;
    key.announced = false;
    provider
        .dht
        .provide(key.key)
        .whenComplete((peers, error) -> key.announced = key.provider == provider);
  }

  private void lookUp(List<Sample> samples) {
    Node asker = anyNode();
    byte[] name = randomKey().toBytes();
    asker.dht.lookUp(name).thenAccept(result -> samples.add(judge(asker, name, result)));
  }

  private Sample judge(Node asker, byte[] name, LookupResult result) {
    int k = config.kad().query().resultSize();
    List<PeerId> closest = truth.closest(KadKey.of(name), k, asker.host.peerId());
    Set<PeerId> found = new HashSet<>();
    result.closest().forEach(peer -> found.add(peer.id()));
    return new Sample(
        (int) closest.stream().filter(found::contains).count(),
        closest.size(),
        result.stats().rounds(),
        result.stats().asked(),
        result.duration());
  }

  private void findProvider(Tally tally) {
    List<Provided> there =
        provided.stream()
            .filter(key -> key.announced && key.provider != null && key.provider.host.isRunning())
            .toList();
    if (there.isEmpty()) {
      return;
    }
    Provided key = there.get(random.nextInt(there.size()));
    PeerId provider = key.provider.host.peerId();
    Node asker = anyNode();
    if (asker == key.provider) {
      return;
    }
    asker
        .dht
        .findProviders(key.key, PROVIDERS_WANTED)
        .whenComplete(
            (found, error) -> {
              if (!asker.host.isRunning() || !network.host(provider).isPresent()) {
                return; // it says nothing about the DHT
              }
              tally.count++;
              if (error == null && found.stream().anyMatch(peer -> peer.id().equals(provider))) {
                tally.found++;
              }
            });
  }

  // Coming and going.

  private int churn(Tally tally) {
    int replacements =
        (int)
            (config.nodes()
                * config.churn()
                * config.churnTime().toSeconds()
                / Duration.ofHours(1).toSeconds());
    for (int i = 0; i < replacements; i++) {
      time.schedule(anyTime(config.churnTime()), this::replaceOne);
    }
    for (int i = 0; i < config.lookups(); i++) {
      time.schedule(anyTime(config.churnTime()), () -> findProvider(tally));
    }
    advance(config.churnTime().plus(DRAIN), "replaced");
    return replacements;
  }

  private Duration anyTime(Duration within) {
    return Duration.ofNanos(random.nextLong(within.toNanos()));
  }

  /** One node ends, its process or its whole machine, and another one joins. */
  private void replaceOne() {
    int index = random.nextInt(nodes.size());
    Node leaving = nodes.get(index);
    if (bootstraps.contains(leaving)) {
      replaceOne();
      return;
    }
    nodes.set(index, nodes.get(nodes.size() - 1));
    nodes.remove(nodes.size() - 1);
    truth.remove(leaving.host.peerId());
    if (random.nextBoolean()) {
      network.kill(leaving.host.peerId());
    } else {
      network.vanish(leaving.host.peerId());
    }
    leaving.dht.close();
    newNode();
    for (Provided key : provided) {
      if (key.provider == leaving) {
        announce(key);
      }
    }
  }

  private Node anyNode() {
    while (true) {
      Node node = nodes.get(random.nextInt(nodes.size()));
      if (node.joined) {
        return node;
      }
    }
  }

  private Multihash randomKey() {
    byte[] bytes = new byte[KEY_BYTES];
    random.nextBytes(bytes);
    return Multihash.sha256(bytes);
  }

  private void advance(Duration duration, String what) {
    long start = wall.nanoTime();
    long end = time.nanoTime() + duration.toNanos();
    while (time.nanoTime() < end) {
      time.advance(Duration.ofNanos(Math.min(STEP.toNanos(), end - time.nanoTime())));
      Runtime runtime = Runtime.getRuntime();
      peakHeap = Math.max(peakHeap, runtime.totalMemory() - runtime.freeMemory());
    }
    progress.accept(
        "%s: %d nodes, %d s of their time in %.1f s, %d messages, %d MB"
            .formatted(
                what,
                network.hosts().size(),
                duration.toSeconds(),
                (wall.nanoTime() - start) / 1e9,
                network.messages(),
                peakHeap >> 20));
  }
}

package io.infernet.discovery.simulation;

import io.infernet.discovery.gossip.GossipConfig;
import io.infernet.discovery.gossip.GossipMessage;
import io.infernet.discovery.gossip.GossipRouter;
import io.infernet.discovery.gossip.TopicValidator;
import io.infernet.discovery.gossip.TopicValidator.Verdict;
import io.infernet.discovery.gossip.mesh.MeshConfig;
import io.infernet.discovery.gossip.wire.MessageSigner;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One topic in a network of many subscribers, some of which drop what they receive and some of
 * which are hostile, with the real {@link GossipRouter}. For one thread; {@link #run} once.
 */
public final class GossipSimulation {

  private static final String TOPIC = "simulation";

  /** Within how many heartbeats a message should be delivered. */
  private static final int HEARTBEATS = 6;

  /** How much longer than usual a message may take. */
  private static final double JITTER = 0.1;

  /** How often messages are published that do not count, and their size. */
  private static final Duration WARM_UP = Duration.ofSeconds(2);

  private static final int WARM_UP_SIZE = 256;

  private enum Role {
    HONEST,
    DROPPER,
    ATTACKER
  }

  private final GossipSimulationConfig config;
  private final Consumer<String> progress;
  private final Ticker wall;
  private final SplittableRandom random;
  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network;
  private final Addresses addresses;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<PeerId, Node> byPeer = new HashMap<>();

  /** The messages that count are being published: who only feigned stops forwarding. */
  private boolean publishing;

  private long[] publishedAt = new long[0];

  /** Nanoseconds that deliveries took. */
  private final List<Long> delays = new ArrayList<>();

  private long victimDeliveries;
  private long victimsExpected;

  /**
   * @param progress told in a few words how far it is
   * @param wall measures how long it takes
   */
  public GossipSimulation(GossipSimulationConfig config, Consumer<String> progress, Ticker wall) {
    this.config = config;
    this.progress = progress;
    this.wall = wall;
    this.random = new SplittableRandom(config.seed());
    this.network =
        new VirtualNetwork(
            time,
            LinkModel.pairwise(config.minLatency(), config.maxLatency(), JITTER, random.split()));
    this.addresses = new Addresses(random.split());
  }

  /** One host and what runs on it. */
  private final class Node {
    private final int number;
    private final Role role;
    private final VirtualHost host;
    private final MessageSigner signer;
    private final SplittableRandom nodeRandom = random.split();

    /** Null for one that floods. */
    private final @Nullable GossipRouter router;

    private final boolean[] received = new boolean[config.messages()];
    private long firstCopies;
    private long copiesBefore;

    Node(int number, Role role) {
      this.number = number;
      this.role = role;
      PrivateKey key = PrivateKey.generate(KeyType.SECP256K1, new SeededRandom(nodeRandom.split()));
      boolean sybil = role == Role.ATTACKER && config.attacks().contains(GossipAttack.SYBIL);
      this.host = network.newHost(key.publicKey(), sybil ? addresses.ofSybil() : addresses.next());
      if (config.uplink() > 0) {
        host.limitUplink(config.uplink());
      }
      this.signer = new MessageSigner(key, time.clock());
      boolean floods =
          role == Role.ATTACKER && config.attacks().stream().anyMatch(GossipAttack::floods);
      this.router = floods ? null : newRouter();
    }

    private GossipRouter newRouter() {
      return new GossipRouter(
          host,
          isGreedy() ? greedy(config.gossip()) : config.gossip(),
          signer,
          config.scoring(),
          peer -> 0,
          time,
          time,
          time,
          nodeRandom.split());
    }

    GossipRouter router() {
      return Objects.requireNonNull(router, "it floods");
    }

    private boolean isGreedy() {
      return role == Role.ATTACKER && config.attacks().contains(GossipAttack.ECLIPSE);
    }

    private boolean isVictim() {
      return role == Role.HONEST && number < config.victims();
    }

    void start() {
      host.start();
      if (router == null) {
        new GossipFlooder(
                host, signer, config.gossip(), config.attacks(), TOPIC, time, nodeRandom.split())
            .start();
        return;
      }
      router.validate(TOPIC, TopicValidator.of(this::verdict));
      router.subscribe(TOPIC, message -> {});
      router.start();
    }

    private Verdict verdict(GossipMessage message) {
      ByteBuffer data = message.message().data();
      if (data.remaining() < 16 || data.get(0) == GossipFlooder.REFUSED) {
        return role == Role.ATTACKER ? Verdict.IGNORE : Verdict.REJECT;
      }
      firstCopies++;
      deliver(data.getInt(1));
      return forwards() ? Verdict.ACCEPT : Verdict.IGNORE;
    }

    /** What is ignored is neither forwarded nor announced. */
    private boolean forwards() {
      return role == Role.HONEST
          || (role == Role.ATTACKER
              && config.attacks().contains(GossipAttack.COVERT_FLASH)
              && !publishing);
    }

    private void deliver(int message) {
      if (!publishing || role == Role.ATTACKER || message < 0 || received[message]) {
        return;
      }
      received[message] = true;
      long delay = time.nanoTime() - publishedAt[message];
      delays.add(delay);
      if (isVictim() && delay <= deadline()) {
        victimDeliveries++;
      }
    }
  }

  /** Runs all of it, which takes about a second for each ten thousand deliveries. */
  public GossipResult run() {
    long start = wall.nanoTime();
    build();
    progress.accept("connected");
    // While meshes form, messages flow: scores and covert attackers live from them.
    for (long left = config.settleTime().toNanos(); left > 0; left -= WARM_UP.toNanos()) {
      publish(-1, WARM_UP_SIZE);
      time.advance(Duration.ofNanos(Math.min(left, WARM_UP.toNanos())));
    }
    return measure(start);
  }

  private void build() {
    int attackers = config.attackerCount();
    int droppers = config.dropperCount();
    int honest = config.nodes() - attackers - droppers;
    for (int i = 0; i < config.nodes(); i++) {
      Role role = i < honest ? Role.HONEST : i < honest + droppers ? Role.DROPPER : Role.ATTACKER;
      Node node = new Node(i, role);
      nodes.add(node);
      byPeer.put(node.host.peerId(), node);
    }
    nodes.forEach(Node::start);
    for (Node node : nodes) {
      Set<Node> targets = new LinkedHashSet<>();
      if (node.isGreedy()) {
        nodes.stream().filter(Node::isVictim).forEach(targets::add);
      }
      while (targets.size() < config.dials()) {
        Node other = nodes.get(random.nextInt(nodes.size()));
        if (other != node) {
          targets.add(other);
        }
      }
      targets.forEach(target -> node.host.connect(target.host.info()).exceptionally(e -> null));
    }
  }

  /**
   * @param number that the message carries; negative when it does not count
   */
  private void publish(int number, int size) {
    List<Node> honest = nodes.stream().filter(node -> node.role == Role.HONEST).toList();
    Node publisher = honest.get(random.nextInt(honest.size()));
    byte[] data = new byte[size];
    random.nextBytes(data);
    ByteBuffer.wrap(data).put((byte) 0).putInt(number);
    if (number >= 0) {
      publishedAt[number] = time.nanoTime();
      publisher.received[number] = true;
      if (config.attacksWith(GossipAttack.ECLIPSE)) {
        victimsExpected += honest.stream().filter(Node::isVictim).count();
        victimsExpected -= publisher.isVictim() ? 1 : 0;
      }
    }
    publisher.router().publish(TOPIC, data);
  }

  private void fail() {
    for (int i = 0; i < config.failureCount(); i++) {
      List<Node> honest = nodes.stream().filter(node -> node.role == Role.HONEST).toList();
      Node failed = honest.get(random.nextInt(honest.size()));
      nodes.remove(failed);
      network.vanish(failed.host.peerId());
    }
  }

  private long deadline() {
    return config.gossip().heartbeat().multipliedBy(HEARTBEATS).toNanos();
  }

  private GossipResult measure(long start) {
    fail();
    List<Node> subscribers = nodes.stream().filter(node -> node.role != Role.ATTACKER).toList();
    publishedAt = new long[config.messages()];
    publishing = true;
    progress.accept("settled");
    subscribers.forEach(node -> node.copiesBefore = copies(node));
    long bytesBefore = network.bytes();
    double connections =
        subscribers.stream().mapToInt(node -> node.host.connections().size()).average().orElse(0);
    double meshSize =
        subscribers.stream().mapToInt(n -> n.router().meshPeers(TOPIC).size()).average().orElse(0);

    for (int i = 0; i < config.messages(); i++) {
      publish(i, config.messageSize());
      time.advance(config.interval());
    }
    time.advance(config.gossip().heartbeat().multipliedBy(2 * HEARTBEATS));

    long expected = (long) (subscribers.size() - 1) * config.messages();
    long copies = subscribers.stream().mapToLong(node -> copies(node) - node.copiesBefore).sum();
    double bytes = (double) (network.bytes() - bytesBefore) / config.messages() / config.nodes();
    long[] sorted = delays.stream().mapToLong(Long::longValue).sorted().toArray();
    long inTime = Arrays.stream(sorted).filter(delay -> delay <= deadline()).count();
    return new GossipResult(
        config.seed(),
        config.attacks(),
        subscribers.size(),
        config.dropperCount(),
        config.failureCount(),
        config.attackerCount(),
        config.messages(),
        config.messageSize(),
        connections,
        meshSize,
        (double) inTime / expected,
        (double) sorted.length / expected,
        victimsExpected == 0 ? 1 : (double) victimDeliveries / victimsExpected,
        millis(sorted, 0.5),
        millis(sorted, 0.99),
        millis(sorted, 1),
        (double) copies / config.messages() / subscribers.size(),
        bytes,
        bytes / config.messageSize(),
        hostileInMesh(subscribers, byPeer),
        ignored(subscribers, true),
        ignored(subscribers, false),
        Duration.ofNanos(time.nanoTime()),
        Duration.ofNanos(wall.nanoTime() - start),
        network.traceHash());
  }

  /** Copies of messages that came so far. */
  private static long copies(Node node) {
    return node.firstCopies + node.router().statistics().duplicates();
  }

  private static double millis(long[] sorted, double quantile) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[(int) Math.min(sorted.length - 1, quantile * sorted.length)] / 1e6;
  }

  private static double hostileInMesh(List<Node> subscribers, Map<PeerId, Node> byPeer) {
    long hostile = 0;
    long all = 0;
    for (Node node : subscribers) {
      for (PeerId peer : node.router().meshPeers(TOPIC)) {
        hostile += byPeer.get(peer).role == Role.ATTACKER ? 1 : 0;
        all++;
      }
    }
    return share(hostile, all);
  }

  /** How many hostile, or other, neighbours are not listened to any more. */
  private double ignored(List<Node> subscribers, boolean hostile) {
    long ignored = 0;
    long all = 0;
    for (Node node : subscribers) {
      for (Connection connection : node.host.connections()) {
        PeerId peer = connection.remotePeer();
        if ((byPeer.get(peer).role == Role.ATTACKER) == hostile) {
          double score = node.router().score(peer);
          ignored += score < config.scoring().thresholds().graylist() ? 1 : 0;
          all++;
        }
      }
    }
    return share(ignored, all);
  }

  private static double share(long part, long all) {
    return all == 0 ? 0 : (double) part / all;
  }

  private static GossipConfig greedy(GossipConfig gossip) {
    MeshConfig mesh = gossip.mesh();
    int many = 1_000;
    return new GossipConfig(
        gossip.protocols(),
        gossip.messageId(),
        gossip.heartbeat(),
        gossip.seenLifetime(),
        gossip.fanoutLifetime(),
        gossip.floodPublish(),
        gossip.peerExchange(),
        gossip.directPeers(),
        gossip.directConnectInterval(),
        new MeshConfig(
            many,
            many,
            many,
            mesh.degreeScore(),
            mesh.degreeOut(),
            mesh.pruneBackoff(),
            mesh.unsubscribeBackoff(),
            mesh.maxBackoff(),
            mesh.backoffSlack(),
            mesh.graftFlood(),
            mesh.maxBackoffs(),
            mesh.opportunisticGraftInterval(),
            mesh.opportunisticGraftPeers(),
            mesh.exchangedPeers()),
        gossip.lazy(),
        gossip.large(),
        gossip.wire(),
        gossip.limits());
  }

  /** Random bytes that are the same in each run. */
  private static final class SeededRandom extends SecureRandom {

    private static final long serialVersionUID = 1L;

    private final transient SplittableRandom source;

    SeededRandom(SplittableRandom source) {
      this.source = source;
    }

    @Override
    public void nextBytes(byte[] bytes) {
      source.nextBytes(bytes);
    }
  }
}

package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.score.PeerScore;
import io.infernet.discovery.gossip.score.PeerScoreParams;
import io.infernet.discovery.gossip.score.ScoreThresholds;
import io.infernet.discovery.gossip.score.TopicScoreParams;
import io.infernet.discovery.gossip.wire.GossipCodec;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.MessageSigner;
import io.infernet.discovery.gossip.wire.PublishedMessage;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes messages to whoever is subscribed to their topics, and passes on those of others:
 * gossipsub v1.0, v1.1 and v1.2, and floodsub peers beside. Everything that is passed on is signed
 * by its author and accepted by the topic's validator.
 *
 * <p>Public methods are safe from any thread. Validators and readers are called on the router's
 * executor. Its owner starts and closes it.
 *
 * @see <a href="https://github.com/libp2p/specs/tree/master/pubsub/gossipsub">gossipsub</a>
 */
public final class GossipRouter implements AutoCloseable {

  /** Heartbeats between checks that no news of a connection was missed. */
  private static final int RECONCILE_EVERY = 60;

  /** A peer's score, within these bounds, is what the host is told of its usefulness. */
  private static final int MAX_USEFULNESS = 100;

  /** What each topic adds that the peer and this node are both subscribed to. */
  private static final int TOPIC_USEFULNESS = 10;

  private static final int MAX_SHARED_TOPICS = 10;

  private static final Logger LOG = LoggerFactory.getLogger(GossipRouter.class);

  private final Host host;
  private final GossipConfig config;
  private final MessageSigner signer;
  private final Executor executor;
  private final Scheduler scheduler;
  private final RandomGenerator random;
  private final PeerScore score;
  private final ScoreThresholds thresholds;
  private final TopicTable topics;
  private final Penalties penalties;
  private final PeerLinks links;
  private final RpcSender sender;
  private final MeshKeeper meshes;
  private final MessageFlow flow;
  private final Ticker ticker;
  private volatile boolean running;
  private long heartbeats;
  private volatile Scheduler.Cancellable timer = () -> {};

  /**
   * @param signer makes this node's messages
   * @param scoring what counts for and against peers
   * @param applicationScore what this node's other parts think of a peer (P5); called on the
   *     executor
   * @param executor the router's event thread
   * @param random used on the executor alone
   */
  public GossipRouter(
      Host host,
      GossipConfig config,
      MessageSigner signer,
      PeerScoreParams scoring,
      ToDoubleFunction<PeerId> applicationScore,
      Executor executor,
      Scheduler scheduler,
      Ticker ticker,
      RandomGenerator random) {
    this.host = host;
    this.config = config;
    this.signer = signer;
    this.executor = executor;
    this.scheduler = scheduler;
    this.ticker = ticker;
    this.random = random;
    GossipCodec codec = new GossipCodec(config.wire());
    this.score = new PeerScore(scoring, applicationScore, ticker);
    this.thresholds = scoring.thresholds();
    this.topics = new TopicTable(config.limits().maxTopicsPerPeer());
    this.penalties = new Penalties(score);
    this.links =
        new PeerLinks(host, config, codec, executor, scheduler, ticker, new LinkListener());
    this.sender = new RpcSender(codec, links::restart);
    this.meshes =
        new MeshKeeper(
            host,
            config,
            links,
            topics,
            sender,
            penalties,
            score,
            thresholds,
            new PeerExchange(host, config, links, random),
            ticker,
            random);
    this.flow =
        new MessageFlow(
            host.peerId(),
            config,
            links,
            topics,
            sender,
            meshes,
            penalties,
            score,
            thresholds,
            this::run,
            scheduler,
            ticker,
            random);
  }

  /** Begins to speak with connected peers. */
  public void start() {
    run(
        () -> {
          running = true;
          links.start();
          links.connectDirect();
          // Spread the heartbeats of nodes that start together.
          double part = random.nextDouble();
          schedule(Duration.ofNanos((long) (config.heartbeat().toNanos() * part)));
        });
  }

  /**
   * Ends the streams; connections stay. Topics are not left one by one: that would keep a node that
   * is started again soon out of the meshes until the back-off is over.
   */
  @Override
  public void close() {
    run(
        () -> {
          if (running) {
            running = false;
            timer.cancel();
            links.all().forEach(meshes::lost);
            links.close();
          }
        });
  }

  /**
   * Has {@code validator} check the topic's messages before they are delivered and passed on.
   * Without one every signed message is. A message that was seen longer ago than {@link
   * GossipConfig#seenLifetime} may come again: where that matters the content needs a number or a
   * time that the validator looks at.
   */
  public void validate(String topic, TopicValidator validator) {
    run(() -> flow.setValidator(topic, validator));
  }

  /** Counts the topic towards peers' scores in another way than by the defaults. */
  public void score(String topic, TopicScoreParams params) {
    run(() -> score.setTopicParams(topic, params));
  }

  /**
   * Reads a topic from now on. This node's own messages are not delivered.
   *
   * @param reader called on the executor with each message; must not block
   * @throws IllegalArgumentException when the topic's name is too long
   */
  public Subscription subscribe(String topic, Consumer<GossipMessage> reader) {
    requireTopic(topic);
    // Not the reader itself, so that one reader can be there twice.
    Consumer<GossipMessage> entry = reader::accept;
    run(
        () -> {
          if (flow.addReader(topic, entry)) {
            if (meshes.joined().size() >= config.limits().maxTopics()) {
              flow.removeReader(topic, entry);
              LOG.error("not subscribed to {}: there are too many topics", topic);
            } else {
              join(topic);
            }
          }
        });
    return new Subscription() {
      @Override
      public String topic() {
        return topic;
      }

      @Override
      public void close() {
        run(
            () -> {
              if (flow.removeReader(topic, entry)) {
                leave(topic);
              }
            });
      }
    };
  }

  /**
   * Publishes a message; this node need not be subscribed.
   *
   * @return done when the message was queued for its first receivers; fails with {@link
   *     IllegalArgumentException} when it is too large and with {@link RejectedExecutionException}
   *     when the executor is full
   */
  public CompletableFuture<PublishResult> publish(String topic, byte[] data) {
    requireTopic(topic);
    if (data.length > config.wire().maxDataSize()) {
      return CompletableFuture.failedFuture(
          new IllegalArgumentException(
              "a message of "
                  + data.length
                  + " bytes is over the limit of "
                  + config.wire().maxDataSize()));
    }
    PublishedMessage message = signer.sign(topic, data);
    CompletableFuture<PublishResult> result = new CompletableFuture<>();
    try {
      executor.execute(
          () -> {
            try {
              result.complete(flow.publish(message));
            } finally {
              sender.flush();
            }
          });
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  /** The connected peers that are subscribed to a topic, in the order of their ids. */
  public Set<PeerId> subscribers(String topic) {
    return new LinkedHashSet<>(topics.subscribers(topic));
  }

  /** The peers that messages of a topic are exchanged with in full, in the order of their ids. */
  public Set<PeerId> meshPeers(String topic) {
    return new LinkedHashSet<>(meshes.peers(topic));
  }

  /** A connected peer's score as of the last heartbeat or offence; 0 of others. */
  public double score(PeerId peer) {
    GossipPeer known = links.find(peer);
    return known == null ? 0 : known.score;
  }

  public GossipStatistics statistics() {
    return flow.statistics(links.dropped());
  }

  private void requireTopic(String topic) {
    if (topic.isEmpty() || topic.length() > config.wire().maxTopicLength()) {
      throw new IllegalArgumentException(
          "a topic's name has 1 to " + config.wire().maxTopicLength() + " characters: " + topic);
    }
  }

  /** Runs an event on the executor: what it says to a peer goes out together at its end. */
  private void run(Runnable event) {
    links.run(
        () -> {
          try {
            event.run();
          } finally {
            sender.flush();
          }
        });
  }

  // Topics.

  private void join(String topic) {
    for (GossipPeer peer : links.all()) {
      if (peer.canQueue()) {
        sender.state(peer).subscribe(topic);
      }
    }
    meshes.join(topic);
  }

  private void leave(String topic) {
    meshes.leave(topic);
    for (GossipPeer peer : links.all()) {
      if (peer.canQueue()) {
        sender.state(peer).unsubscribe(topic);
      }
    }
  }

  // Time.

  /** Goes on also when the executor is too full for a heartbeat. */
  private void schedule(Duration delay) {
    timer =
        scheduler.schedule(
            delay,
            () -> {
              if (running) {
                schedule(config.heartbeat());
                run(this::heartbeat);
              }
            });
  }

  private void heartbeat() {
    if (!running) {
      return;
    }
    heartbeats++;
    if (heartbeats % RECONCILE_EVERY == 0) {
      links.reconcile();
    }
    if (heartbeats % Math.max(1, config.directConnectInterval().dividedBy(config.heartbeat()))
        == 0) {
      links.connectDirect();
    }
    score.refresh();
    flow.beforeHeartbeat(heartbeats);
    for (GossipPeer peer : links.all()) {
      peer.heartbeat(heartbeats);
      peer.outbox.pump();
      penalties.refresh(peer);
      rate(peer);
    }
    meshes.heartbeat(heartbeats);
    flow.heartbeat();
  }

  /** Tells the host whom to keep when there are too many connections. */
  private void rate(GossipPeer peer) {
    int shared = 0;
    for (String topic : meshes.joined()) {
      if (peer.topics.contains(topic)) {
        shared++;
      }
    }
    long bounded = Math.max(-MAX_USEFULNESS, Math.min(MAX_USEFULNESS, Math.round(peer.score)));
    int usefulness = (int) bounded + TOPIC_USEFULNESS * Math.min(shared, MAX_SHARED_TOPICS);
    if (usefulness != peer.usefulness) {
      peer.usefulness = usefulness;
      host.tag(peer.id, "gossip", usefulness);
    }
  }

  // Peers.

  private final class LinkListener implements PeerLinks.Listener {

    @Override
    public void onConnected(GossipPeer peer, Connection connection) {
      score.connected(peer.id, connection.remoteAddress());
      penalties.refresh(peer);
    }

    @Override
    public void onReady(GossipPeer peer) {
      for (String topic : meshes.joined()) {
        sender.state(peer).subscribe(topic);
      }
      for (String topic : List.copyOf(peer.topics)) {
        meshes.subscribed(peer, topic);
      }
      sender.flush();
    }

    @Override
    public void onRpc(GossipPeer peer, GossipRpc rpc) {
      try {
        receive(peer, rpc);
      } finally {
        sender.flush();
      }
    }

    @Override
    public void onLost(GossipPeer peer) {
      meshes.lost(peer);
    }

    @Override
    public void onSilent(GossipPeer peer) {
      for (String topic : List.copyOf(peer.topics)) {
        meshes.unsubscribed(peer, topic);
      }
      topics.removeAll(peer);
    }

    @Override
    public void onViolation(GossipPeer peer) {
      penalties.penalize(peer, 1);
    }

    @Override
    public void onDisconnected(GossipPeer peer) {
      meshes.lost(peer);
      topics.removeAll(peer);
      flow.disconnected(peer);
      score.disconnected(peer.id);
      host.tag(peer.id, "gossip", 0);
    }
  }

  private void receive(GossipPeer peer, GossipRpc rpc) {
    if (!peer.direct && peer.score < thresholds.graylist()) {
      return;
    }
    if (!peer.maySend(MessageFlow.cost(rpc), config.limits(), ticker.nanoTime())) {
      penalties.penalizeOnce(peer);
      return;
    }
    for (GossipRpc.Subscription subscription : rpc.subscriptions()) {
      if (++peer.subscriptionChanges > config.limits().maxSubscriptionChanges()) {
        penalties.penalizeOnce(peer);
        break;
      }
      if (!subscription.joins()) {
        topics.remove(peer, subscription.topic());
        meshes.unsubscribed(peer, subscription.topic());
      } else if (topics.add(peer, subscription.topic())) {
        meshes.subscribed(peer, subscription.topic());
      } else {
        penalties.penalizeOnce(peer);
      }
    }
    flow.onDontWant(peer, rpc.dontWants());
    flow.onMessages(peer, rpc.messages());
    flow.onHaves(peer, rpc.haves());
    flow.onWants(peer, rpc.wants());
    meshes.onGraft(peer, rpc.grafts());
    meshes.onPrune(peer, rpc.prunes());
  }
}

package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.Outbox.Kind;
import io.infernet.discovery.gossip.TopicValidator.Verdict;
import io.infernet.discovery.gossip.mesh.GossipPromises;
import io.infernet.discovery.gossip.mesh.LazyGossipConfig;
import io.infernet.discovery.gossip.mesh.Mesh;
import io.infernet.discovery.gossip.mesh.MessageCache;
import io.infernet.discovery.gossip.mesh.Sampling;
import io.infernet.discovery.gossip.mesh.SeenCache;
import io.infernet.discovery.gossip.mesh.WantedMessages;
import io.infernet.discovery.gossip.score.PeerScore;
import io.infernet.discovery.gossip.score.ScoreThresholds;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.GossipRpc.IHave;
import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.discovery.gossip.wire.MessageVerifier;
import io.infernet.discovery.gossip.wire.PublishedMessage;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.peer.PeerId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of messages: received, checked, validated, forwarded and delivered; announced, asked for
 * and sent to those who ask. Used by the router's executor alone.
 *
 * <p>Implementation note on large messages. A message above {@link LargeMessageConfig#announceSize}
 * is pushed to a few random peers of the mesh only, and announced to the others at once by the
 * IHAVE that every gossipsub peer knows. Who hears of a message waits for a moment, for it may be
 * on its way from elsewhere, and then asks one of those who announced it. So each peer gets about
 * as many copies as peers are pushed to, not as many as it has neighbours; and a peer that nobody
 * pushed it to gets exactly one, a round trip later.
 */
final class MessageFlow {

  /** Heartbeats for which it is remembered that a peer has a message. */
  private static final int HAS_LIFETIME = 5;

  /** Bytes that a message id is taken for when what a peer sends is counted. */
  private static final int ID_COST = 48;

  private static final Logger LOG = LoggerFactory.getLogger(MessageFlow.class);

  private final PeerId self;
  private final GossipConfig config;
  private final LazyGossipConfig lazy;
  private final LargeMessageConfig large;
  private final GossipLimits limits;
  private final PeerLinks links;
  private final TopicTable topics;
  private final RpcSender sender;
  private final MeshKeeper meshes;
  private final Penalties penalties;
  private final PeerScore score;
  private final ScoreThresholds thresholds;
  private final Consumer<Runnable> run;
  private final Scheduler scheduler;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final MessageVerifier verifier;
  private final SeenCache seen;
  private final MessageCache cache;
  private final WantedMessages wanted;
  private final GossipPromises promises;
  private final Map<String, TopicValidator> validators = new LinkedHashMap<>();
  private final Map<String, List<Consumer<GossipMessage>>> readers = new LinkedHashMap<>();
  private final Map<MessageId, Validating> validating = new LinkedHashMap<>();

  /** Peers with announcements that wait. */
  private final Set<GossipPeer> announcing = new LinkedHashSet<>();

  private long heartbeat;

  /** When {@link #askForWanted} is called next; {@link Long#MAX_VALUE} when it is not. */
  private long wantTimer = Long.MAX_VALUE;

  /** When {@link #announceWaiting} is called next; {@link Long#MAX_VALUE} when it is not. */
  private long announceTimer = Long.MAX_VALUE;

  // Counters, read from any thread.
  private volatile long published;
  private volatile long delivered;
  private volatile long duplicates;
  private volatile long receivedBytes;
  private volatile long invalid;
  private volatile long asked;

  /** A message that waits for its validator. */
  private static final class Validating {
    final GossipMessage message;
    final long deadline;

    /** Peers that sent it meanwhile. */
    final Set<PeerId> senders = new LinkedHashSet<>(2);

    Validating(GossipMessage message, long deadline) {
      this.message = message;
      this.deadline = deadline;
    }
  }

  /**
   * @param run runs a task as one event on the router's executor
   */
  MessageFlow(
      PeerId self,
      GossipConfig config,
      PeerLinks links,
      TopicTable topics,
      RpcSender sender,
      MeshKeeper meshes,
      Penalties penalties,
      PeerScore score,
      ScoreThresholds thresholds,
      Consumer<Runnable> run,
      Scheduler scheduler,
      Ticker ticker,
      RandomGenerator random) {
    this.self = self;
    this.config = config;
    this.lazy = config.lazy();
    this.large = config.large();
    this.limits = config.limits();
    this.links = links;
    this.topics = topics;
    this.sender = sender;
    this.meshes = meshes;
    this.penalties = penalties;
    this.score = score;
    this.thresholds = thresholds;
    this.run = run;
    this.scheduler = scheduler;
    this.ticker = ticker;
    this.random = random;
    this.verifier = new MessageVerifier(limits.maxKnownKeys());
    this.seen = new SeenCache(config.seenLifetime(), limits.maxSeen());
    this.cache = new MessageCache(lazy);
    this.wanted = new WantedMessages(lazy, random);
    this.promises = new GossipPromises(lazy.followUp(), limits.maxPromises());
  }

  void setValidator(String topic, TopicValidator validator) {
    validators.put(topic, validator);
  }

  /** Whether the reader is the topic's first. */
  boolean addReader(String topic, Consumer<GossipMessage> reader) {
    List<Consumer<GossipMessage>> all = readers.computeIfAbsent(topic, t -> new ArrayList<>());
    all.add(reader);
    return all.size() == 1;
  }

  /** Whether the reader was the topic's last. */
  boolean removeReader(String topic, Consumer<GossipMessage> reader) {
    List<Consumer<GossipMessage>> all = readers.get(topic);
    if (all == null || !all.remove(reader) || !all.isEmpty()) {
      return false;
    }
    readers.remove(topic);
    return true;
  }

  /** Counts so far; safe from any thread. */
  GossipStatistics statistics(long dropped) {
    return new GossipStatistics(
        published, delivered, duplicates, receivedBytes, invalid, asked, dropped);
  }

  // Own messages.

  PublishResult publish(PublishedMessage message) {
    published++;
    MessageId id = config.messageId().idOf(message);
    String topic = message.topic();
    ByteBuffer frame = sender.frame(message);
    seen.add(id, ticker.nanoTime());
    cache.put(id, topic, frame);
    Set<GossipPeer> receivers = new LinkedHashSet<>();
    boolean flood = config.floodPublish() && message.dataSize() <= large.announceSize();
    for (PeerId peerId : topics.subscribers(topic)) {
      GossipPeer peer = links.find(peerId);
      if (peer != null
          && (peer.direct
              || (peer.score >= thresholds.publish() && (flood || !peer.speaksGossip())))) {
        receivers.add(peer);
      }
    }
    Mesh mesh = meshes.mesh(topic);
    if (mesh == null || mesh.size() == 0) {
      addAll(meshes.fanout(topic), receivers);
    } else {
      addAll(mesh.peers(), receivers);
    }
    receivers.forEach(peer -> sender.send(peer, Kind.OWN, frame, id));
    return new PublishResult(id, receivers.size());
  }

  private void addAll(Set<PeerId> ids, Set<GossipPeer> into) {
    for (PeerId id : ids) {
      GossipPeer peer = links.find(id);
      if (peer != null) {
        into.add(peer);
      }
    }
  }

  // Messages of others.

  void onMessages(GossipPeer peer, List<PublishedMessage> messages) {
    for (PublishedMessage message : messages) {
      if (!peer.direct && peer.score < thresholds.graylist()) {
        return;
      }
      receive(peer, message);
    }
  }

  /** What an RPC counts as, in bytes. */
  static long cost(GossipRpc rpc) {
    long cost = 64L * (rpc.subscriptions().size() + rpc.grafts().size() + rpc.prunes().size());
    for (PublishedMessage message : rpc.messages()) {
      cost += message.encodedSize();
    }
    long ids = rpc.wants().size() + (long) rpc.dontWants().size();
    for (IHave have : rpc.haves()) {
      ids += 1 + have.ids().size();
    }
    return cost + ID_COST * ids;
  }

  private void receive(GossipPeer peer, PublishedMessage message) {
    String topic = message.topic();
    if (!readers.containsKey(topic)) {
      return;
    }
    receivedBytes += message.encodedSize();
    MessageId id = config.messageId().idOf(message);
    if (seen.contains(id)) {
      duplicate(peer, id, topic);
      return;
    }
    if (++peer.newMessages > limits.maxNewMessages()) {
      LOG.debug("{} sends too many messages to check", peer);
      return;
    }
    PeerId author = verifier.verify(message).orElse(null);
    if (author == null) {
      LOG.debug("{} sent a message on {} that is not signed by its author", peer, topic);
      invalid++;
      score.invalid(peer.id, topic);
      penalties.refresh(peer);
      return;
    }
    promises.fulfilled(id);
    wanted.received(id);
    if (author.equals(self)) {
      // From before a restart: everybody else has it.
      seen.add(id, ticker.nanoTime());
      return;
    }
    if (validating.size() >= limits.maxValidating()) {
      LOG.debug("a message on {} is dropped: too many wait for their validators", topic);
      return;
    }
    seen.add(id, ticker.nanoTime());
    score.validating(id);
    if (message.dataSize() >= large.dontWantSize()) {
      sayDontWant(id, topic, peer);
    }
    validate(new GossipMessage(id, message, author, peer.id));
  }

  private void duplicate(GossipPeer peer, MessageId id, String topic) {
    duplicates++;
    score.duplicate(peer.id, id, topic);
    Validating waiting = validating.get(id);
    if (waiting != null) {
      waiting.senders.add(peer.id);
    }
  }

  private void validate(GossipMessage message) {
    TopicValidator validator = validators.get(message.topic());
    if (validator == null) {
      validated(message, Verdict.ACCEPT, Set.of());
      return;
    }
    CompletableFuture<Verdict> verdict = ask(validator, message);
    if (verdict.isDone()) {
      validated(message, verdict.join(), Set.of());
      return;
    }
    Validating waiting =
        new Validating(message, ticker.nanoTime() + limits.validationTimeout().toNanos());
    validating.put(message.id(), waiting);
    verdict.thenAccept(said -> run.accept(() -> decided(waiting, said)));
  }

  /** Never fails. */
  private static CompletableFuture<Verdict> ask(TopicValidator validator, GossipMessage message) {
    CompletionStage<Verdict> stage;
    try {
      stage = validator.validate(message);
    } catch (RuntimeException e) {
      stage = CompletableFuture.failedFuture(e);
    }
    return stage
        .exceptionally(
            error -> {
              LOG.warn("the validator of {} failed", message.topic(), error);
              return Verdict.IGNORE;
            })
        .toCompletableFuture();
  }

  private void decided(Validating waiting, Verdict verdict) {
    if (validating.remove(waiting.message.id(), waiting)) {
      validated(waiting.message, verdict, waiting.senders);
    }
  }

  private void validated(GossipMessage message, Verdict verdict, Set<PeerId> senders) {
    MessageId id = message.id();
    String topic = message.topic();
    switch (verdict) {
      case ACCEPT -> {
        delivered++;
        score.delivered(message.receivedFrom(), id, topic);
        ByteBuffer frame = sender.frame(message.message());
        cache.put(id, topic, frame);
        forward(message, frame, senders);
        deliver(message);
      }
      case REJECT -> {
        LOG.debug("{} sent a message on {} that was refused", message.receivedFrom(), topic);
        invalid++;
        score.rejected(message.receivedFrom(), id, topic);
        refreshScore(message.receivedFrom());
        senders.forEach(this::refreshScore);
      }
      case IGNORE -> score.ignored(id);
    }
  }

  private void refreshScore(PeerId id) {
    GossipPeer peer = links.find(id);
    if (peer != null) {
      penalties.refresh(peer);
    }
  }

  private void deliver(GossipMessage message) {
    for (Consumer<GossipMessage> reader :
        List.copyOf(readers.getOrDefault(message.topic(), List.of()))) {
      try {
        reader.accept(message);
      } catch (RuntimeException e) {
        LOG.warn("a reader of {} failed", message.topic(), e);
      }
    }
  }

  private void forward(GossipMessage message, ByteBuffer frame, Set<PeerId> senders) {
    MessageId id = message.id();
    String topic = message.topic();
    List<GossipPeer> inMesh = new ArrayList<>();
    int having = 0;
    for (PeerId peerId : meshes.peers(topic)) {
      GossipPeer peer = links.find(peerId);
      if (peer != null && needs(peer, message, senders)) {
        inMesh.add(peer);
      } else if (!peerId.equals(message.receivedFrom())) {
        having++;
      }
    }
    for (PeerId peerId : topics.subscribers(topic)) {
      GossipPeer peer = links.find(peerId);
      if (peer != null
          && (peer.direct
              || (GossipConfig.FLOODSUB.equals(peer.protocol)
                  && peer.score >= thresholds.publish()))
          && needs(peer, message, senders)) {
        sender.send(peer, Kind.FORWARDED, frame, id);
      }
    }
    int pushed = inMesh.size();
    if (message.message().dataSize() > large.announceSize()) {
      Sampling.shuffle(inMesh, random);
      pushed = Math.min(pushed, Math.max(0, large.pushedPeers() - having));
    }
    inMesh.subList(0, pushed).forEach(peer -> sender.send(peer, Kind.FORWARDED, frame, id));
    inMesh.subList(pushed, inMesh.size()).forEach(peer -> announce(peer, topic, id));
  }

  private static boolean needs(GossipPeer peer, GossipMessage message, Set<PeerId> senders) {
    return !peer.id.equals(message.receivedFrom())
        && !peer.id.equals(message.from())
        && !senders.contains(peer.id)
        && !peer.has(message.id());
  }

  // IDONTWANT.

  private void sayDontWant(MessageId id, String topic, GossipPeer from) {
    ByteBuffer frame = null;
    for (PeerId peerId : meshes.peers(topic)) {
      GossipPeer peer = links.find(peerId);
      if (peer != null && peer != from && peer.speaksDontWant()) {
        if (frame == null) {
          frame = sender.frames(GossipRpc.builder().dontWant(List.of(id)).build()).get(0);
        }
        sender.send(peer, Kind.DONT_WANT, frame, null);
      }
    }
  }

  void onDontWant(GossipPeer peer, List<MessageId> ids) {
    for (MessageId id : ids) {
      if (peer.dontWantIds++ >= limits.maxDontWants()) {
        penalties.penalizeOnce(peer);
        return;
      }
      peer.sayHas(id, heartbeat + HAS_LIFETIME, limits.maxDontWants());
      peer.outbox.cancel(id);
    }
  }

  // IHAVE.

  /** Announces a message now, or when the interval since the last announcement is over. */
  private void announce(GossipPeer peer, String topic, MessageId id) {
    peer.announcements.computeIfAbsent(topic, t -> new ArrayList<>(2)).add(id);
    long wait = peer.nextAnnouncement - ticker.nanoTime();
    if (wait <= 0) {
      sendAnnouncements(peer);
      return;
    }
    announcing.add(peer);
    if (announceTimer == Long.MAX_VALUE) {
      setAnnounceTimer(wait);
    }
  }

  private void setAnnounceTimer(long wait) {
    long mine = ticker.nanoTime() + wait;
    announceTimer = mine;
    scheduler.schedule(
        Duration.ofNanos(wait),
        () ->
            run.accept(
                () -> {
                  if (announceTimer == mine) {
                    announceWaiting();
                  }
                }));
  }

  private void announceWaiting() {
    announceTimer = Long.MAX_VALUE;
    long now = ticker.nanoTime();
    long next = Long.MAX_VALUE;
    for (Iterator<GossipPeer> i = announcing.iterator(); i.hasNext(); ) {
      GossipPeer peer = i.next();
      long wait = peer.nextAnnouncement - now;
      if (wait <= 0) {
        i.remove();
        sendAnnouncements(peer);
      } else {
        next = Math.min(next, wait);
      }
    }
    if (!announcing.isEmpty()) {
      setAnnounceTimer(next);
    }
  }

  private void sendAnnouncements(GossipPeer peer) {
    peer.announcements.forEach(
        (topic, ids) -> {
          ids.removeIf(peer::has);
          if (!ids.isEmpty()) {
            sender.gossip(peer).have(topic, ids);
            peer.nextAnnouncement = ticker.nanoTime() + large.announceInterval().toNanos();
          }
        });
    peer.announcements.clear();
  }

  /** Tells some peers outside the mesh what came lately, gossipsub v1.1 "Adaptive Gossip". */
  private void gossip(String topic, Set<PeerId> except) {
    List<MessageId> ids = cache.recent(topic);
    if (ids.isEmpty()) {
      return;
    }
    List<GossipPeer> candidates = new ArrayList<>();
    for (PeerId id : topics.subscribers(topic)) {
      GossipPeer peer = links.find(id);
      if (peer != null
          && peer.speaksGossip()
          && !peer.direct
          && !except.contains(id)
          && peer.score >= thresholds.gossip()) {
        candidates.add(peer);
      }
    }
    int count = Math.max(lazy.degree(), (int) (lazy.factor() * candidates.size()));
    boolean all = ids.size() <= lazy.maxIHaveLength();
    List<ByteBuffer> frames =
        all ? sender.frames(GossipRpc.builder().have(topic, ids).build()) : List.of();
    for (GossipPeer peer : Sampling.pick(candidates, count, random)) {
      // Each peer hears of others when there are too many for one announcement.
      List<ByteBuffer> said =
          all
              ? frames
              : sender.frames(
                  GossipRpc.builder()
                      .have(topic, Sampling.pick(ids, lazy.maxIHaveLength(), random))
                      .build());
      said.forEach(frame -> sender.send(peer, Kind.GOSSIP, frame, null));
    }
  }

  void onHaves(GossipPeer peer, List<IHave> haves) {
    if (peer.score < thresholds.gossip() && !peer.direct) {
      return;
    }
    long now = ticker.nanoTime();
    for (IHave have : haves) {
      if (++peer.haveMessages > lazy.maxIHaveMessages()) {
        LOG.debug("{} announces too often", peer);
        break;
      }
      if (!readers.containsKey(have.topic())) {
        continue;
      }
      for (MessageId id : have.ids()) {
        if (seen.contains(id)) {
          continue;
        }
        if (peer.haveIds >= lazy.maxIHaveLength()) {
          break;
        }
        peer.haveIds++;
        peer.sayHas(id, heartbeat + HAS_LIFETIME, limits.maxDontWants());
        wanted.announced(id, peer.id, now);
      }
    }
    setWantTimer();
  }

  // IWANT.

  private void setWantTimer() {
    OptionalLong due = wanted.nextDue();
    if (due.isEmpty() || due.getAsLong() >= wantTimer) {
      return;
    }
    wantTimer = due.getAsLong();
    long mine = wantTimer;
    scheduler.schedule(
        Duration.ofNanos(Math.max(0, mine - ticker.nanoTime())),
        () ->
            run.accept(
                () -> {
                  if (wantTimer == mine) {
                    wantTimer = Long.MAX_VALUE;
                    askForWanted();
                  }
                }));
  }

  private void askForWanted() {
    long now = ticker.nanoTime();
    Map<PeerId, List<MessageId>> asks = wanted.due(now, this::canBeAsked);
    asks.forEach(
        (id, messages) -> {
          GossipPeer peer = links.find(id);
          if (peer != null) {
            asked += messages.size();
            sender.gossip(peer).want(messages);
            promises.add(messages.get(random.nextInt(messages.size())), id, now);
          }
        });
    setWantTimer();
  }

  private boolean canBeAsked(PeerId id) {
    GossipPeer peer = links.find(id);
    return peer != null && peer.canQueue() && (peer.direct || peer.score >= thresholds.gossip());
  }

  void onWants(GossipPeer peer, List<MessageId> ids) {
    if (peer.score < thresholds.gossip() && !peer.direct) {
      return;
    }
    for (MessageId id : ids) {
      if (++peer.wantIds > lazy.maxIWantLength()) {
        penalties.penalizeOnce(peer);
        return;
      }
      if (peer.answeredBytes >= limits.maxAnswerBytes()) {
        return;
      }
      ByteBuffer frame = cache.forPeer(id, peer.id);
      if (frame != null && !peer.has(id)) {
        peer.answeredBytes += frame.remaining();
        sender.send(peer, Kind.REQUESTED, frame, id);
      }
    }
  }

  // The heartbeat.

  /** Before the meshes are tended: what was promised and did not come counts. */
  void beforeHeartbeat(long number) {
    heartbeat = number;
    promises
        .broken(ticker.nanoTime())
        .forEach(
            (id, count) -> {
              GossipPeer peer = links.find(id);
              LOG.debug("{} announced {} messages that did not come", id, count);
              if (peer != null) {
                penalties.penalize(peer, count);
              } else {
                score.penalize(id, count);
              }
            });
  }

  /** After the meshes were tended. */
  void heartbeat() {
    long now = ticker.nanoTime();
    for (String topic : meshes.joined()) {
      gossip(topic, meshes.peers(topic));
    }
    for (String topic : List.copyOf(meshes.fanoutTopics())) {
      gossip(topic, meshes.fanoutPeers(topic));
    }
    cache.shift();
    seen.expire(now);
    for (Validating waiting : List.copyOf(validating.values())) {
      if (waiting.deadline - now > 0) {
        break;
      }
      LOG.warn("the validator of {} takes too long", waiting.message.topic());
      decided(waiting, Verdict.IGNORE);
    }
    // Makes up for timers that came while the executor was full.
    if (announceTimer < now) {
      announceWaiting();
    }
    wantTimer = wantTimer < now ? Long.MAX_VALUE : wantTimer;
    askForWanted();
  }

  void disconnected(GossipPeer peer) {
    announcing.remove(peer);
  }
}

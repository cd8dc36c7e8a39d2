package io.infernet.discovery.directory;

import io.infernet.discovery.gossip.Subscription;
import io.infernet.discovery.gossip.TopicValidator.Verdict;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.peer.PeerId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says by gossip that this node is there and what it can do, and hears the same of others. Says it
 * in regular intervals, and soon when something but the load has changed. Used on the executor, but
 * for {@link #receive}.
 */
final class Heartbeats {

  private static final Logger LOG = LoggerFactory.getLogger(Heartbeats.class);

  /** Part of the interval by which it varies each way, so that nodes don't speak in step. */
  private static final double JITTER = 0.2;

  /** Heartbeats in quick succession after a start, while the mesh still forms. */
  private static final int QUICK = 2;

  private final GossipTopic<DirectoryMessage.Heartbeat> topic;
  private final OwnRecord own;
  private final Learner learner;
  private final DirectoryConfig.Heartbeats config;
  private final EventTimer events;
  private final Clock clock;
  private final RandomGenerator random;

  private @Nullable Subscription subscription;
  private OwnRecord.@Nullable Substance told;
  private Instant lastBeat = Instant.EPOCH;

  /** How many heartbeats reached somebody. */
  private int heard;

  /** How many in a row reached nobody. */
  private int unheard;

  private Scheduler.Cancellable timer = () -> {};

  Heartbeats(
      GossipTopic<DirectoryMessage.Heartbeat> topic,
      OwnRecord own,
      Learner learner,
      DirectoryConfig.Heartbeats config,
      EventTimer events,
      Clock clock,
      RandomGenerator random) {
    this.topic = topic;
    this.own = own;
    this.learner = learner;
    this.config = config;
    this.events = events;
    this.clock = clock;
    this.random = random;
  }

  void start() {
    topic.validate(this::receive);
    subscription = topic.join();
    beat();
  }

  private Verdict receive(DirectoryMessage.Heartbeat heartbeat, PeerId author, PeerId forwarder) {
    SignedCapability signed = heartbeat.record();
    if (!signed.record().peer().equals(author)) {
      return Verdict.REJECT;
    }
    return switch (learner.learn(signed, CapabilityTable.Way.HEARTBEAT, forwarder)) {
      // Others may have room, or not know yet.
      case ADDED, KNOWN, NO_ROOM -> Verdict.ACCEPT;
      case STALE, EXPIRED, FROM_THE_FUTURE -> Verdict.IGNORE;
      case ABSURD, FORGED, FOREIGN -> Verdict.REJECT;
    };
  }

  /** Something may have changed. */
  void changed() {
    if (subscription != null && !own.substance().equals(told)) {
      Duration since = Duration.between(lastBeat, clock.instant());
      schedule(config.changeInterval().minus(since));
    }
  }

  /** A peer has connected: now somebody may hear. */
  void connected() {
    if (subscription != null && unheard > 0) {
      unheard = 0;
      // It has to say first what it is subscribed to.
      schedule(config.changeInterval().dividedBy(8));
    }
  }

  private void schedule(Duration wait) {
    timer.cancel();
    timer = events.later(wait, this::beat);
  }

  private void beat() {
    if (subscription == null) {
      return;
    }
    told = own.substance();
    lastBeat = clock.instant();
    // In case that the result never comes.
    schedule(config.interval());
    topic
        .publish(new DirectoryMessage.Heartbeat(own.renew()))
        .whenComplete(
            (result, error) -> events.run(() -> sent(error == null ? result.peers() : 0)));
  }

  private void sent(int peers) {
    if (subscription == null) {
      return;
    }
    if (peers > 0) {
      heard++;
      unheard = 0;
    } else {
      unheard++;
      LOG.debug("nobody is there to hear a heartbeat");
    }
    schedule(pause());
    changed();
  }

  /** How long until the next heartbeat. */
  private Duration pause() {
    if (heard >= QUICK && unheard == 0) {
      double factor = 1 - JITTER + 2 * JITTER * random.nextDouble();
      return Duration.ofNanos((long) (config.interval().toNanos() * factor));
    }
    if (unheard == 0) {
      return config.changeInterval();
    }
    Duration retry =
        config.changeInterval().dividedBy(16).multipliedBy(1L << Math.min(unheard, 10));
    return retry.compareTo(config.interval()) < 0 ? retry : config.interval();
  }

  void close() {
    timer.cancel();
    Subscription joined = subscription;
    subscription = null;
    if (joined != null) {
      joined.close();
    }
  }
}

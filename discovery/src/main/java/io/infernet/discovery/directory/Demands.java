package io.infernet.discovery.directory;

import io.infernet.discovery.gossip.Subscription;
import io.infernet.discovery.gossip.TopicValidator.Verdict;
import io.infernet.libp2p.peer.PeerId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells by gossip what was looked for in vain, and adds up what others tell. */
final class Demands {

  private static final Logger LOG = LoggerFactory.getLogger(Demands.class);

  private final PeerId self;
  private final GossipTopic<DirectoryMessage.Demand> topic;
  private final DemandTable table;
  private final DirectoryConfig.Demands config;
  private final Duration maxFuture;
  private final Clock clock;
  private @Nullable Subscription subscription;

  Demands(
      PeerId self,
      GossipTopic<DirectoryMessage.Demand> topic,
      DirectoryConfig config,
      Clock clock) {
    this.self = self;
    this.topic = topic;
    this.table = new DemandTable(config.demands());
    this.config = config.demands();
    this.maxFuture = config.table().maxFuture();
    this.clock = clock;
  }

  void start() {
    topic.validate(this::receive);
    subscription = topic.join();
  }

  private Verdict receive(DirectoryMessage.Demand demand, PeerId author, PeerId forwarder) {
    Instant now = clock.instant();
    Instant said = demand.signal().timestamp();
    if (said.isAfter(now.plus(maxFuture)) || said.plus(config.maxAge()).isBefore(now)) {
      return Verdict.IGNORE;
    }
    return table.add(demand.signal(), author, now) ? Verdict.ACCEPT : Verdict.IGNORE;
  }

  /** This node looked for a model in vain; others hear of it once per half-life. */
  void missed(DirectoryQuery query) {
    Instant now = clock.instant();
    DemandSignal signal =
        new DemandSignal(java.util.Optional.of(query.manifest()), query.name(), now);
    if (table.add(signal, self, now)) {
      topic
          .publish(new DirectoryMessage.Demand(signal))
          .exceptionally(
              error -> {
                LOG.debug("a demand could not be told: {}", error.getMessage());
                return null;
              });
    }
  }

  List<Demand> list() {
    return table.list(clock.instant());
  }

  /** These models are served by somebody. */
  void satisfied(List<ModelOffer> offers) {
    offers.forEach(offer -> table.satisfied(offer.manifest()));
  }

  void close() {
    Subscription joined = subscription;
    if (joined != null) {
      joined.close();
    }
  }
}

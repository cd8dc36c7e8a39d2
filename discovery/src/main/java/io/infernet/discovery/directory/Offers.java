package io.infernet.discovery.directory;

import io.infernet.discovery.gossip.PublishResult;
import io.infernet.discovery.gossip.Subscription;
import io.infernet.discovery.gossip.TopicValidator.Verdict;
import io.infernet.libp2p.peer.PeerId;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Passes job offers on, and hands those that this node would take to its listeners, each once. Safe
 * from any thread; listeners are called on the executor.
 */
final class Offers {

  private final GossipTopic<DirectoryMessage.Offer> topic;
  private final OwnRecord own;
  private final DirectoryConfig.Offers config;
  private final Executor executor;
  private final Clock clock;
  private final List<Consumer<JobOffer>> listeners = new CopyOnWriteArrayList<>();

  // Guarded by this.
  private final Map<Id, Boolean> seen;
  private @Nullable Subscription subscription;

  private record Id(PeerId requester, String job) {}

  /**
   * @param executor the directory's event thread; must not throw
   */
  Offers(
      GossipTopic<DirectoryMessage.Offer> topic,
      OwnRecord own,
      DirectoryConfig.Offers config,
      Executor executor,
      Clock clock) {
    this.topic = topic;
    this.own = own;
    this.config = config;
    this.executor = executor;
    this.clock = clock;
    this.seen =
        new LinkedHashMap<>() {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Id, Boolean> eldest) {
            return size() > config.maxRemembered();
          }
        };
  }

  void start() {
    topic.validate(this::receive);
  }

  private Verdict receive(DirectoryMessage.Offer message, PeerId author, PeerId forwarder) {
    JobOffer offer = message.offer();
    if (!offer.requester().equals(author)) {
      return Verdict.REJECT;
    }
    if (!isTimely(offer)) {
      return Verdict.IGNORE;
    }
    synchronized (this) {
      if (seen.put(new Id(author, offer.job()), true) != null) {
        return Verdict.IGNORE;
      }
    }
    executor.execute(
        () -> {
          if (!listeners.isEmpty() && offer.suits(own.capabilities())) {
            listeners.forEach(listener -> listener.accept(offer));
          }
        });
    return Verdict.ACCEPT;
  }

  private boolean isTimely(JobOffer offer) {
    Instant now = clock.instant();
    return !offer.expiry().isBefore(now) && !offer.expiry().isAfter(now.plus(config.maxLifetime()));
  }

  /**
   * @throws IllegalArgumentException when it has expired, or will after too long a time
   */
  CompletableFuture<PublishResult> publish(JobOffer offer) {
    if (!isTimely(offer)) {
      throw new IllegalArgumentException(
          "an offer must expire within " + config.maxLifetime() + ", not at " + offer.expiry());
    }
    return topic.publish(new DirectoryMessage.Offer(offer));
  }

  synchronized Subscription listen(Consumer<JobOffer> listener) {
    // Not the listener itself, so that one can be there twice.
    Consumer<JobOffer> entry = listener::accept;
    listeners.add(entry);
    Subscription joined = subscription != null ? subscription : topic.join();
    subscription = joined;
    return new Subscription() {
      @Override
      public String topic() {
        return joined.topic();
      }

      @Override
      public void close() {
        unlisten(entry);
      }
    };
  }

  private synchronized void unlisten(Consumer<JobOffer> entry) {
    if (listeners.remove(entry) && listeners.isEmpty()) {
      close();
    }
  }

  synchronized void close() {
    Subscription joined = subscription;
    subscription = null;
    if (joined != null) {
      joined.close();
    }
  }
}

package io.infernet.discovery.gossip;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Decides whether a message of a topic is passed on, gossipsub v1.1 "Extended Validators". Its
 * author's signature has been checked already.
 */
@FunctionalInterface
public interface TopicValidator {

  /** What becomes of a message. */
  enum Verdict {
    /** Delivered and forwarded. */
    ACCEPT,
    /** Dropped, and held against the peers that sent it. */
    REJECT,
    /** Dropped, without blame. */
    IGNORE
  }

  /**
   * Called on the router's executor; must not block. The answer may come later and from any thread;
   * a failure, and an answer that takes too long, count as {@link Verdict#IGNORE}.
   */
  CompletionStage<Verdict> validate(GossipMessage message);

  /** A validator that answers at once. */
  static TopicValidator of(Function<GossipMessage, Verdict> check) {
    return message -> CompletableFuture.completedFuture(check.apply(message));
  }
}

package io.infernet.discovery.gossip;

/** One reader of a topic. Safe from any thread. */
public interface Subscription extends AutoCloseable {

  String topic();

  /** Ends it; the topic is left with its last subscription. */
  @Override
  void close();
}

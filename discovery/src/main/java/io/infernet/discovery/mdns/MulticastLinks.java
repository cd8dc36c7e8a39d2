package io.infernet.discovery.mdns;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The links that this machine has at the time. Its owner closes it, from any thread; other methods
 * are called by one thread at a time.
 */
interface MulticastLinks extends AutoCloseable {

  /** Takes in packets; called one at a time, on a thread of the links. */
  interface Receiver {
    /**
     * @param packet valid during the call only
     */
    void onPacket(MulticastLink link, InetSocketAddress source, ByteBuffer packet);
  }

  /** Begins; called once, before anything else. */
  void start(Receiver receiver);

  /** Looks which links there are; one that was there before is the same object. */
  List<MulticastLink> refresh();

  /** Leaves all groups. */
  @Override
  void close();
}

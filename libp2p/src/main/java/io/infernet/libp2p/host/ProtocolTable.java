package io.infernet.libp2p.host;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The protocols that a host speaks, and the count of all inbound streams. Safe from any thread. */
final class ProtocolTable {

  private final int maxInbound;
  private final ConcurrentMap<ProtocolId, StreamHandler> handlers = new ConcurrentHashMap<>();
  private final AtomicInteger inbound = new AtomicInteger();

  /**
   * @param maxInbound inbound streams open on all connections together
   */
  ProtocolTable(int maxInbound) {
    this.maxInbound = maxInbound;
  }

  void put(ProtocolId protocol, StreamHandler handler) {
    handlers.put(protocol, handler);
  }

  void remove(ProtocolId protocol) {
    handlers.remove(protocol);
  }

  @Nullable StreamHandler handler(ProtocolId protocol) {
    return handlers.get(protocol);
  }

  /** In natural order. */
  List<ProtocolId> protocols() {
    List<ProtocolId> protocols = new ArrayList<>(handlers.keySet());
    Collections.sort(protocols);
    return List.copyOf(protocols);
  }

  /** Counts an inbound stream, unless there are too many. */
  boolean tryAddInbound() {
    if (inbound.incrementAndGet() <= maxInbound) {
      return true;
    }
    inbound.decrementAndGet();
    return false;
  }

  void removeInbound() {
    inbound.decrementAndGet();
  }

  /** Inbound streams open now. */
  int inbound() {
    return inbound.get();
  }
}

package io.infernet.libp2p.transport.tcp;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Counts accepted connections, overall and by address, and says which one is too many. An IPv6
 * address counts by its /64, which is what one customer has. Performs no I/O. Safe from any thread.
 */
final class AcceptLimiter {

  private final TcpConfig config;
  private final Map<Object, Count> byAddress = new HashMap<>();
  private final Count all = new Count();

  private static final class Count {
    private int open;
    private int halfOpen;
  }

  AcceptLimiter(TcpConfig config) {
    this.config = config;
  }

  /** The answer to a connection that asks to come in. */
  sealed interface Answer {

    /** Come in; the owner reports what becomes of it. */
    final class Admitted implements Answer {
      private final AcceptLimiter limiter;
      private final Object address;
      private boolean halfOpen = true;
      private boolean open = true;

      private Admitted(AcceptLimiter limiter, Object address) {
        this.limiter = limiter;
        this.address = address;
      }

      /** The handshake is over. */
      void handshakeDone() {
        limiter.release(this, false);
      }

      /** The connection is closed. */
      void closed() {
        limiter.release(this, true);
      }
    }

    /** No. */
    record Refused(String reason) implements Answer {}
  }

  synchronized Answer ask(InetAddress ip) {
    Object address = unit(ip);
    Count ofAddress = byAddress.get(address);
    String refusal = refusal(ofAddress == null ? new Count() : ofAddress);
    if (refusal != null) {
      return new Answer.Refused(refusal);
    }
    Count count = byAddress.computeIfAbsent(address, a -> new Count());
    count.open++;
    count.halfOpen++;
    all.open++;
    all.halfOpen++;
    return new Answer.Admitted(this, address);
  }

  private @Nullable String refusal(Count ofAddress) {
    if (all.open >= config.maxInbound()) {
      return "more than " + config.maxInbound() + " connections";
    }
    if (all.halfOpen >= config.maxHalfOpen()) {
      return "more than " + config.maxHalfOpen() + " handshakes";
    }
    if (ofAddress.open >= config.maxInboundPerIp()) {
      return "more than " + config.maxInboundPerIp() + " connections from one address";
    }
    if (ofAddress.halfOpen >= config.maxHalfOpenPerIp()) {
      return "more than " + config.maxHalfOpenPerIp() + " handshakes from one address";
    }
    return null;
  }

  private synchronized void release(Answer.Admitted admitted, boolean closed) {
    Count count = Optional.ofNullable(byAddress.get(admitted.address)).orElseGet(Count::new);
    if (admitted.halfOpen) {
      admitted.halfOpen = false;
      count.halfOpen--;
      all.halfOpen--;
    }
    if (closed && admitted.open) {
      admitted.open = false;
      count.open--;
      all.open--;
    }
    if (count.open == 0) {
      byAddress.remove(admitted.address);
    }
  }

  synchronized int open() {
    return all.open;
  }

  synchronized int halfOpen() {
    return all.halfOpen;
  }

  private static Object unit(InetAddress ip) {
    byte[] bytes = ip.getAddress();
    return ip instanceof Inet6Address ? (Object) ByteBuffer.wrap(bytes).getLong() : ip;
  }
}

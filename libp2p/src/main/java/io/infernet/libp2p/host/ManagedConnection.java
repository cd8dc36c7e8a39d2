package io.infernet.libp2p.host;

import java.util.concurrent.CompletableFuture;

/** What the {@link ConnectionManager} needs to know of a connection. Safe from any thread. */
public interface ManagedConnection extends Connection {

  /** When it became ready for streams, in nanoseconds of the host's ticker. */
  long readySince();

  /** When its last stream ended, or {@link #readySince}; means nothing while streams are open. */
  long idleSince();

  /** Whether new streams may be opened on it: neither side said that it is about to close. */
  boolean acceptsStreams();

  /** Done when the connection has ended, and what depends on it runs before {@link #closed}. */
  CompletableFuture<Void> ended();

  /** Closes as {@link #close()} does; {@code reason} is for the log. */
  void close(String reason);
}

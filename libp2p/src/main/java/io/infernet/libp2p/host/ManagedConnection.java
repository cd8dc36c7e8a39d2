package io.infernet.libp2p.host;

/** What the {@link ConnectionManager} needs to know of a connection. Safe from any thread. */
interface ManagedConnection extends Connection {

  /** When it became ready for streams, in nanoseconds of the host's ticker. */
  long readySince();

  /** When its last stream ended, or {@link #readySince}; means nothing while streams are open. */
  long idleSince();

  /** Whether new streams may be opened on it: neither side said that it is about to close. */
  boolean acceptsStreams();

  /** Closes as {@link #close()} does; {@code reason} is for the log. */
  void close(String reason);
}

package io.infernet.libp2p.host;

/** Hears of connections of a {@link Host}. Calls come on event loops and must not block. */
public interface ConnectionListener {

  /** A connection is ready for streams. */
  void onConnected(Connection connection);

  /** A connection ended; others to the same peer may remain. */
  void onDisconnected(Connection connection);
}

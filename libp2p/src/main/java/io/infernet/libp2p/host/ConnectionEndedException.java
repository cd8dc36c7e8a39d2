package io.infernet.libp2p.host;

/** The connection ended or takes no more streams, so another one to the same peer may do. */
final class ConnectionEndedException extends PeerUnavailableException {

  private static final long serialVersionUID = 1L;

  ConnectionEndedException(Throwable cause) {
    super(cause.getMessage(), cause);
  }
}

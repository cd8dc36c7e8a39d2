package io.infernet.libp2p.host;

/** The remote peer cannot be reached, went away or does not speak the protocol; try another. */
public class PeerUnavailableException extends Exception {

  private static final long serialVersionUID = 1L;

  public PeerUnavailableException(String message) {
    super(message);
  }

  public PeerUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}

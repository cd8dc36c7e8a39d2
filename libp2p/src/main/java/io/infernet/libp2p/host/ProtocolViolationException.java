package io.infernet.libp2p.host;

/** The remote peer sent something that the protocol forbids; its score should fall. */
public class ProtocolViolationException extends Exception {

  private static final long serialVersionUID = 1L;

  public ProtocolViolationException(String message) {
    super(message);
  }

  public ProtocolViolationException(String message, Throwable cause) {
    super(message, cause);
  }
}

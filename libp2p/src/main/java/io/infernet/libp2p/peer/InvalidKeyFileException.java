package io.infernet.libp2p.peer;

/** The key file cannot be used; the message says in one line why and what to do about it. */
public class InvalidKeyFileException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public InvalidKeyFileException(String message) {
    super(message);
  }

  public InvalidKeyFileException(String message, Throwable cause) {
    super(message, cause);
  }
}

package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import java.io.IOException;

/** An address to listen on cannot be had; the message tells the user what to do. */
public class AddressUnavailableException extends IOException {

  private static final long serialVersionUID = 1L;

  public AddressUnavailableException(Multiaddr address, String reason, Throwable cause) {
    super("cannot listen on " + address + ": " + reason, cause);
  }
}

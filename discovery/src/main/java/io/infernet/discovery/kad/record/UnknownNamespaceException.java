package io.infernet.discovery.kad.record;

import io.infernet.libp2p.host.ProtocolViolationException;

/**
 * A key is of a namespace that this node has no validator for. Its values are refused, but whoever
 * sends them may be right to do so: newer versions and other programs know more namespaces.
 */
public class UnknownNamespaceException extends ProtocolViolationException {

  private static final long serialVersionUID = 1L;

  public UnknownNamespaceException(String message) {
    super(message);
  }
}

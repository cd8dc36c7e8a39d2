package io.infernet.node.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.BufferUtil;

/**
 * Tells whether the client of a request is still there while its answer is being made. Jetty does
 * not read from the connection during that time, so a closed one would show only at the next write.
 */
final class ClientConnection {

  private final EndPoint endPoint;

  private ClientConnection(EndPoint endPoint) {
    this.endPoint = endPoint;
  }

  static ClientConnection of(HttpServletRequest request) {
    return new ClientConnection(
        ServletContextRequest.getServletContextRequest(request)
            .getConnectionMetaData()
            .getConnection()
            .getEndPoint());
  }

  /** Whether the client closed the connection. Never blocks. */
  boolean isGone() {
    try {
      // A client that sends its next request before this one is answered would lose it. HTTP
      // clients do not do that (RFC 9112 §9.3.2 advises against it), and may not rely on it.
      return endPoint.fill(BufferUtil.allocate(1)) < 0;
    } catch (IOException e) {
      return true;
    }
  }
}

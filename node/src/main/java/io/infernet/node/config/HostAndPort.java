package io.infernet.node.config;

import static java.util.Objects.requireNonNull;

/**
 * Where the local API listens, such as {@code 127.0.0.1:11500}, {@code [::1]:11500} or {@code
 * localhost:0}. An immutable value.
 *
 * @param host a name or an address without brackets
 * @param port 0 to 65535; 0 takes any free port
 */
public record HostAndPort(String host, int port) {

  public HostAndPort {
    requireNonNull(host, "host is null");
    if (host.isEmpty() || host.matches(".*[\\s/\\[\\]].*") || port < 0 || port > 65_535) {
      throw new IllegalArgumentException("not HOST:PORT: " + host + ":" + port);
    }
  }

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws IllegalArgumentException when {@code text} is not HOST:PORT
   */
  public static HostAndPort parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException("not HOST:PORT: " + text);
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (!bracketed && host.indexOf(':') >= 0) {
      throw new IllegalArgumentException("an IPv6 address needs brackets: " + text);
    }
    return new HostAndPort(
        bracketed ? host.substring(1, host.length() - 1) : host,
        Integer.parseInt(text.substring(colon + 1)));
  }

  /** Whether only this machine can reach it. */
  public boolean isLoopback() {
    return host.equals("localhost") || host.equals("::1") || host.matches("127(\\.\\d{1,3}){3}");
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}

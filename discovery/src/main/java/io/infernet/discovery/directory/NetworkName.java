package io.infernet.discovery.directory;

import io.infernet.libp2p.host.ProtocolId;
import java.util.regex.Pattern;

/**
 * The name of a network: nodes of differently named ones keep apart, because the name is part of
 * their protocol ids and topics and of what they sign. An immutable value.
 *
 * @param name 1 to 32 small letters, digits and dashes, beginning with a letter or digit
 */
public record NetworkName(String name) {

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  /** The network of everyone who chose no other. */
  public static final NetworkName MAIN = new NetworkName("main");

  public NetworkName {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "not the name of a network (1 to 32 small letters, digits and dashes): " + name);
    }
  }

  /** The gossip topic of that name and version, such as {@code heartbeats/1}. */
  public String topic(String topic) {
    return path(topic);
  }

  /** The protocol of that name and version, such as {@code kad/1.0.0}. */
  public ProtocolId protocol(String protocol) {
    return ProtocolId.of(path(protocol));
  }

  private String path(String rest) {
    return equals(MAIN) ? "/infernet/" + rest : "/infernet/" + name + "/" + rest;
  }

  @Override
  public String toString() {
    return name;
  }
}

package io.infernet.node.config;

import java.util.Locale;
import java.util.Set;

/** Whether a node answers others' questions in the DHT. */
public enum DhtMode {
  /** As the node's roles and addresses suggest. */
  AUTO,
  CLIENT,
  SERVER;

  /** Reads what {@link #toString} gives. */
  static DhtMode parse(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }

  /** Whether a node with these roles answers. */
  public boolean answers(Set<Role> roles, boolean listens) {
    return switch (this) {
      case AUTO -> listens && roles.contains(Role.PROVIDER);
      case CLIENT -> false;
      case SERVER -> true;
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

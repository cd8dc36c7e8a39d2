package io.infernet.node.config;

import java.util.Locale;

/** What a node does in the network; a node has one role or several. */
public enum Role {
  /** Runs models for other peers. */
  PROVIDER,
  /** Sends jobs to other peers. */
  CLIENT;

  /** Reads the lower-case name. */
  static Role parse(String text) {
    for (Role role : values()) {
      if (role.toString().equals(text)) {
        return role;
      }
    }
    throw new IllegalArgumentException("no such role: " + text);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

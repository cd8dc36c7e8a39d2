package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/**
 * What a node says it can do.
 *
 * @param roles such as {@code provider}
 * @param models what it serves
 * @param load how busy it is
 * @param region where it stands, if it says so
 * @param agent its program and version
 */
public record Capabilities(
    List<String> roles, List<ModelOffer> models, Load load, Optional<String> region, String agent) {

  public Capabilities {
    roles = List.copyOf(roles);
    models = List.copyOf(models);
    requireNonNull(load, "load is null");
    requireNonNull(region, "region is null");
    requireNonNull(agent, "agent is null");
  }

  /**
   * How busy a node is.
   *
   * @param running answers being made and waiting
   * @param slots answers that can be made at once
   */
  public record Load(int running, int slots) {
    public Load {
      if (running < 0 || slots < 0) {
        throw new IllegalArgumentException("load out of range: " + running + " of " + slots);
      }
    }
  }
}

package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a node says it can do.
 *
 * @param roles such as {@code provider}
 * @param models what it serves, installed or warm
 * @param load how busy it is
 * @param hardware what its machine consists of
 * @param region where it stands, if it says so: small letters, digits and dashes, from large to
 *     small, such as {@code eu-west}
 * @param policy what it refuses
 * @param agent its program and version
 */
public record Capabilities(
    List<String> roles,
    List<ModelOffer> models,
    Load load,
    HardwareFingerprint hardware,
    Optional<String> region,
    ProviderPolicy policy,
    String agent) {

  private static final Pattern REGION = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  public Capabilities {
    roles = List.copyOf(roles);
    models = List.copyOf(models);
    requireNonNull(load, "load is null");
    requireNonNull(hardware, "hardware is null");
    requireNonNull(policy, "policy is null");
    requireNonNull(agent, "agent is null");
    if (region.isPresent() && !isRegion(region.get())) {
      throw new IllegalArgumentException(
          "not a region (at most 32 small letters, digits and dashes): " + region.get());
    }
  }

  /** Whether that can be a region's name. */
  public static boolean isRegion(String text) {
    return REGION.matcher(text).matches();
  }

  /** Whether it stands in {@code wanted}: {@code eu-west} is in {@code eu}. */
  public boolean isIn(String wanted) {
    return region.filter(own -> own.equals(wanted) || own.startsWith(wanted + "-")).isPresent();
  }

  /** The same of a node that is as busy as {@code other}. */
  public Capabilities withLoad(Load other) {
    return new Capabilities(roles, models, other, hardware, region, policy, agent);
  }

  /** The same of a node that serves {@code others}. */
  public Capabilities withModels(List<ModelOffer> others) {
    return new Capabilities(roles, others, load, hardware, region, policy, agent);
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

    public static Load none() {
      return new Load(0, 0);
    }

    /** What is running for each slot; a node without slots is the busiest. */
    public double ratio() {
      return slots == 0 ? Double.MAX_VALUE : (double) running / slots;
    }
  }
}

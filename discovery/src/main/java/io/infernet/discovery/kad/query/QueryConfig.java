package io.infernet.discovery.kad.query;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * How a look-up asks.
 *
 * @param resultSize closest peers that must have answered, k
 * @param parallelism peers asked at once, α; stalled ones do not count
 * @param paths disjoint paths, S/Kademlia §4.4; no peer's answer serves two of them
 * @param stallTimeout a peer that has not answered in this time no longer holds others up
 * @param timeout a peer that has not answered in this time has failed
 * @param maxRegion peers asked at most when more are within the radius than {@code resultSize}
 * @param maxPerGroup peers of one {@link io.infernet.discovery.kad.routing.IpGroup} among the
 *     closest; others of it are passed over
 * @param maxNamed closer peers that are taken from one answer
 * @param maxMisnamed peers named by one peer that may turn out not to exist, before the rest of
 *     what it alone has named is passed over
 * @param maxAsked peers asked in one look-up
 */
public record QueryConfig(
    int resultSize,
    int parallelism,
    int paths,
    Duration stallTimeout,
    Duration timeout,
    int maxRegion,
    int maxPerGroup,
    int maxNamed,
    int maxMisnamed,
    int maxAsked) {

  /** Paths are counted in the bits of an int. */
  private static final int MAX_PATHS = 30;

  public QueryConfig {
    Limits.requirePositive(resultSize, "resultSize");
    Limits.requirePositive(parallelism, "parallelism");
    Limits.requirePositive(paths, "paths");
    Limits.requireAtLeast(MAX_PATHS, paths, "the most paths", "paths");
    Limits.requirePositive(stallTimeout, "stallTimeout");
    Limits.requireAtLeast(timeout, stallTimeout, "timeout", "stallTimeout");
    Limits.requireAtLeast(maxRegion, resultSize, "maxRegion", "resultSize");
    Limits.requirePositive(maxPerGroup, "maxPerGroup");
    Limits.requireAtLeast(maxNamed, resultSize, "maxNamed", "resultSize");
    Limits.requirePositive(maxMisnamed, "maxMisnamed");
    Limits.requireAtLeast(maxAsked, maxRegion, "maxAsked", "maxRegion");
  }

  /** The same for a look-up that is content with fewer peers, and asks fewer at once. */
  public QueryConfig narrowed(int size) {
    int fewer = Math.min(size, resultSize);
    return new QueryConfig(
        fewer,
        Math.min(fewer, parallelism),
        1,
        stallTimeout,
        timeout,
        fewer,
        maxPerGroup,
        maxNamed,
        maxMisnamed,
        maxAsked);
  }

  /** k = 20 and α = 10, as the specification says. */
  public static QueryConfig defaults() {
    return new QueryConfig(
        20, 10, 2, Duration.ofSeconds(1), Duration.ofSeconds(5), 80, 4, 20, 3, 300);
  }
}

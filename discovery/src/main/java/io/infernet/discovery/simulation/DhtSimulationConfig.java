package io.infernet.discovery.simulation;

import io.infernet.discovery.kad.KadConfig;
import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.host.Limits;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a {@link DhtSimulation} simulates.
 *
 * @param nodes hosts at a time, hostile ones included
 * @param seed the same one gives the same run
 * @param minLatency of a message between the two hosts that are nearest
 * @param maxLatency between those that are farthest apart
 * @param joinTime how long it takes until all have joined
 * @param settleTime how long nothing happens then
 * @param lookups look-ups of random keys, and as many of providers
 * @param keys keys that are provided, by one node each; those that are eclipsed are fewer when
 *     there are not enough attackers for all
 * @param churn share of the nodes that is replaced in an hour
 * @param churnTime how long nodes are replaced, while half of the look-ups of providers happen;
 *     without churn it is skipped
 * @param attackers share of the nodes that is hostile
 * @param attacks what hostile nodes do
 * @param kad every honest node's settings
 * @param connections likewise
 */
public record DhtSimulationConfig(
    int nodes,
    long seed,
    Duration minLatency,
    Duration maxLatency,
    Duration joinTime,
    Duration settleTime,
    int lookups,
    int keys,
    double churn,
    Duration churnTime,
    double attackers,
    Set<Attack> attacks,
    KadConfig kad,
    ConnectionConfig connections) {

  public DhtSimulationConfig {
    Limits.requireAtLeast(nodes, 2, "nodes", "a pair");
    Limits.requirePositive(minLatency, "minLatency");
    Limits.requireAtLeast(maxLatency, minLatency, "maxLatency", "minLatency");
    Limits.requirePositive(joinTime, "joinTime");
    Limits.requireNotNegative(settleTime, "settleTime");
    Limits.requirePositive(lookups, "lookups");
    Limits.requirePositive(keys, "keys");
    requireShare(churn, 100, "churn");
    Limits.requirePositive(churnTime, "churnTime");
    requireShare(attackers, 0.9, "attackers");
    attacks = attacks.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(attacks));
    if (attackers > 0 && attacks.isEmpty()) {
      throw new IllegalArgumentException("attackers must do something: attacks is empty");
    }
  }

  private static void requireShare(double value, double most, String name) {
    if (!(value >= 0 && value <= most)) {
      throw new IllegalArgumentException(name + " must be from 0 to " + most + ", not " + value);
    }
  }

  /** Honest nodes over links of 50 to 300 ms, half of which are replaced in an hour. */
  public static DhtSimulationConfig defaults() {
    return new DhtSimulationConfig(
        1000,
        1,
        Duration.ofMillis(50),
        Duration.ofMillis(300),
        Duration.ofMinutes(5),
        Duration.ofMinutes(3),
        2000,
        200,
        0.5,
        Duration.ofMinutes(10),
        0,
        Set.of(),
        KadConfig.defaults(),
        ConnectionConfig.defaults());
  }

  /** How many nodes are hostile. */
  int hostile() {
    return (int) Math.round(nodes * attackers);
  }
}

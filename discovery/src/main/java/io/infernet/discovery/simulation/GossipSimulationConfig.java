package io.infernet.discovery.simulation;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.gossip.GossipConfig;
import io.infernet.discovery.gossip.score.PeerScoreParams;
import io.infernet.libp2p.host.Limits;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a {@link GossipSimulation} simulates.
 *
 * @param nodes subscribers, droppers and hostile ones included
 * @param seed the same one gives the same run
 * @param minLatency of a message between the two hosts that are nearest
 * @param maxLatency between those that are farthest apart
 * @param uplink bytes that each node can send in a second; 0 for no limit
 * @param dials connections that each node opens to random others: it has about twice as many
 * @param droppers share of the nodes that receive and neither forward nor announce anything
 * @param failures share of the nodes, all of them honest, whose machines lose power at once when
 *     messages begin to be counted: their neighbours notice nothing for a while
 * @param attackers share of the nodes that is hostile
 * @param attacks what hostile nodes do
 * @param victims honest nodes that an {@link GossipAttack#ECLIPSE} is after
 * @param settleTime how long meshes form, and attacks go on, before messages are counted
 * @param messages that are published, each by a random honest node
 * @param messageSize bytes of one
 * @param interval between two of them
 * @param gossip every node's settings
 * @param scoring likewise
 */
public record GossipSimulationConfig(
    int nodes,
    long seed,
    Duration minLatency,
    Duration maxLatency,
    long uplink,
    int dials,
    double droppers,
    double failures,
    double attackers,
    Set<GossipAttack> attacks,
    int victims,
    Duration settleTime,
    int messages,
    int messageSize,
    Duration interval,
    GossipConfig gossip,
    PeerScoreParams scoring) {

  public GossipSimulationConfig {
    Limits.requireAtLeast(nodes, 3, "nodes", "three");
    Limits.requirePositive(minLatency, "minLatency");
    Limits.requireAtLeast(maxLatency, minLatency, "maxLatency", "minLatency");
    Limits.requireNotNegative(settleTime, "settleTime");
    Limits.requirePositive(messages, "messages");
    Limits.requireAtLeast(messageSize, 16, "messageSize", "a message's number");
    Limits.requirePositive(interval, "interval");
    Limits.requirePositive(victims, "victims");
    requireNonNull(gossip, "gossip is null");
    requireNonNull(scoring, "scoring is null");
    if (uplink < 0) {
      throw new IllegalArgumentException("uplink is negative: " + uplink);
    }
    if (dials < 1 || dials >= nodes) {
      throw new IllegalArgumentException("dials must be from 1 to below nodes, not " + dials);
    }
    if (messageSize > gossip.wire().maxDataSize()) {
      throw new IllegalArgumentException(
          "messageSize " + messageSize + " is over " + gossip.wire().maxDataSize());
    }
    if (!(droppers >= 0 && failures >= 0 && attackers >= 0)
        || !(droppers + failures + attackers <= 0.9)) {
      throw new IllegalArgumentException(
          "droppers, failures and attackers must be shares of at most 0.9 together");
    }
    attacks = attacks.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(attacks));
    if (attackers > 0 && attacks.isEmpty()) {
      throw new IllegalArgumentException("attackers must do something: attacks is empty");
    }
  }

  /**
   * A thousand nodes with 24 connections each over links of 50 to 300 ms, of which a fifth drops
   * what it receives; messages of 1 KiB.
   */
  public static GossipSimulationConfig defaults() {
    return new GossipSimulationConfig(
        1_000,
        1,
        Duration.ofMillis(50),
        Duration.ofMillis(300),
        0,
        12,
        0.2,
        0,
        0,
        Set.of(),
        10,
        Duration.ofMinutes(1),
        20,
        1_024,
        Duration.ofSeconds(1),
        GossipConfig.defaults(),
        PeerScoreParams.defaults());
  }

  int dropperCount() {
    return (int) Math.round(nodes * droppers);
  }

  int failureCount() {
    return (int) Math.round(nodes * failures);
  }

  int attackerCount() {
    return (int) Math.round(nodes * attackers);
  }

  boolean attacksWith(GossipAttack attack) {
    return attackers > 0 && attacks.contains(attack);
  }
}

package io.infernet.discovery.gossip;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.gossip.mesh.LazyGossipConfig;
import io.infernet.discovery.gossip.mesh.MeshConfig;
import io.infernet.discovery.gossip.wire.GossipWireLimits;
import io.infernet.discovery.gossip.wire.MessageIdFunction;
import io.infernet.libp2p.host.Limits;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.List;

/**
 * How gossip works.
 *
 * @param protocols what is spoken, preferred first
 * @param messageId names messages; all peers must use the same
 * @param heartbeat how often meshes are tended and messages announced
 * @param seenLifetime how long a message counts as seen
 * @param fanoutLifetime how long peers are kept for a topic that is published to but not subscribed
 * @param floodPublish whether own messages go to every subscriber that is connected, not only to
 *     the mesh
 * @param peerExchange whether pruned peers are told of others, and such recommendations followed
 * @param directPeers peers that get every message and stay connected whatever their score,
 *     gossipsub v1.1 "Explicit Peering Agreements"
 * @param directConnectInterval how often it is checked that they are connected
 */
public record GossipConfig(
    List<ProtocolId> protocols,
    MessageIdFunction messageId,
    Duration heartbeat,
    Duration seenLifetime,
    Duration fanoutLifetime,
    boolean floodPublish,
    boolean peerExchange,
    List<PeerInfo> directPeers,
    Duration directConnectInterval,
    MeshConfig mesh,
    LazyGossipConfig lazy,
    LargeMessageConfig large,
    GossipWireLimits wire,
    GossipLimits limits) {

  public static final ProtocolId MESHSUB_1_2 = ProtocolId.of("/meshsub/1.2.0");
  public static final ProtocolId MESHSUB_1_1 = ProtocolId.of("/meshsub/1.1.0");
  public static final ProtocolId MESHSUB_1_0 = ProtocolId.of("/meshsub/1.0.0");
  public static final ProtocolId FLOODSUB = ProtocolId.of("/floodsub/1.0.0");

  private static final List<ProtocolId> KNOWN =
      List.of(MESHSUB_1_2, MESHSUB_1_1, MESHSUB_1_0, FLOODSUB);

  public GossipConfig {
    protocols = List.copyOf(protocols);
    directPeers = List.copyOf(directPeers);
    if (protocols.isEmpty() || !KNOWN.containsAll(protocols)) {
      throw new IllegalArgumentException("protocols must be some of " + KNOWN);
    }
    requireNonNull(messageId, "messageId is null");
    requireNonNull(mesh, "mesh is null");
    requireNonNull(lazy, "lazy is null");
    requireNonNull(large, "large is null");
    requireNonNull(wire, "wire is null");
    requireNonNull(limits, "limits is null");
    Limits.requirePositive(heartbeat, "heartbeat");
    Limits.requireAtLeast(seenLifetime, heartbeat, "seenLifetime", "heartbeat");
    Limits.requireAtLeast(fanoutLifetime, heartbeat, "fanoutLifetime", "heartbeat");
    Limits.requirePositive(directConnectInterval, "directConnectInterval");
    Limits.requireAtLeast(
        limits.maxOutboundBytes(),
        wire.maxRpcSize() + 8L,
        "limits.maxOutboundBytes",
        "an RPC of the largest size");
    if (mesh.exchangedPeers() > wire.maxOtherPeers()) {
      throw new IllegalArgumentException("mesh.exchangedPeers is above wire.maxOtherPeers");
    }
  }

  /** The specification's values. */
  public static GossipConfig defaults() {
    return new GossipConfig(
        KNOWN,
        MessageIdFunction.DEFAULT,
        Duration.ofSeconds(1),
        Duration.ofMinutes(2),
        Duration.ofMinutes(1),
        true,
        true,
        List.of(),
        Duration.ofMinutes(5),
        MeshConfig.defaults(),
        LazyGossipConfig.defaults(),
        LargeMessageConfig.defaults(),
        GossipWireLimits.defaults(),
        GossipLimits.defaults());
  }
}

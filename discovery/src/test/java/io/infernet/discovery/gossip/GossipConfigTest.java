package io.infernet.discovery.gossip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.gossip.mesh.LazyGossipConfig;
import io.infernet.discovery.gossip.mesh.MeshConfig;
import io.infernet.libp2p.host.ProtocolId;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class GossipConfigTest {

  @Test
  void hasTheValuesOfTheSpecification() {
    GossipConfig config = GossipConfig.defaults();

    assertEquals("/meshsub/1.2.0", config.protocols().get(0).toString());
    assertEquals(Duration.ofSeconds(1), config.heartbeat());
    assertEquals(Duration.ofMinutes(2), config.seenLifetime());
    assertEquals(Duration.ofMinutes(1), config.fanoutLifetime());
    assertTrue(config.floodPublish() && config.peerExchange());
    MeshConfig mesh = config.mesh();
    assertEquals(6, mesh.degree());
    assertEquals(5, mesh.degreeLow());
    assertEquals(8, mesh.degreeHigh());
    assertEquals(4, mesh.degreeScore());
    assertEquals(2, mesh.degreeOut());
    assertEquals(Duration.ofMinutes(1), mesh.pruneBackoff());
    assertEquals(Duration.ofSeconds(10), mesh.unsubscribeBackoff());
    assertEquals(16, mesh.exchangedPeers());
    LazyGossipConfig lazy = config.lazy();
    assertEquals(6, lazy.degree());
    assertEquals(0.25, lazy.factor());
    assertEquals(5, lazy.historyLength());
    assertEquals(3, lazy.historyGossip());
    assertEquals(5_000, lazy.maxIHaveLength());
    assertEquals(10, lazy.maxIHaveMessages());
    assertEquals(3, lazy.maxRetransmissions());
    assertEquals(Duration.ofSeconds(3), lazy.followUp());
    assertEquals(1024, config.large().dontWantSize());
    assertEquals(16 * 1024, config.large().announceSize());
  }

  @Test
  void rejectsWhatCannotWork() {
    assertThrows(
        IllegalArgumentException.class,
        () -> GossipConfigs.speaking(ProtocolId.of("/unknown/1.0.0")));
    assertThrows(IllegalArgumentException.class, () -> GossipConfigs.speaking());
    assertThrows(IllegalArgumentException.class, () -> GossipConfigs.mesh(6, 5));
    assertThrows(IllegalArgumentException.class, () -> GossipConfigs.rate(10, 9));
    assertThrows(
        IllegalArgumentException.class,
        () -> GossipConfigs.tight(1 << 20, 10, Duration.ofSeconds(1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> GossipConfigs.tight(8 << 20, 0, Duration.ofSeconds(1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new LargeMessageConfig(1024, 1023, 1, Duration.ofMillis(100)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new LargeMessageConfig(1024, 1024, 0, Duration.ofMillis(100)));
  }
}

package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.mesh.LazyGossipConfig;
import io.infernet.discovery.gossip.mesh.MeshConfig;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.List;

/** Configurations that differ from the defaults in what a test is about. */
final class GossipConfigs {

  private static final GossipConfig C = GossipConfig.defaults();

  private GossipConfigs() {}

  private static GossipConfig with(
      List<ProtocolId> protocols,
      boolean floodPublish,
      List<PeerInfo> direct,
      MeshConfig mesh,
      LazyGossipConfig lazy,
      GossipLimits limits) {
    return new GossipConfig(
        protocols,
        C.messageId(),
        C.heartbeat(),
        C.seenLifetime(),
        C.fanoutLifetime(),
        floodPublish,
        C.peerExchange(),
        direct,
        C.directConnectInterval(),
        mesh,
        lazy,
        C.large(),
        C.wire(),
        limits);
  }

  static GossipConfig speaking(ProtocolId... protocols) {
    return with(List.of(protocols), true, List.of(), C.mesh(), C.lazy(), C.limits());
  }

  static GossipConfig withoutFloodPublish() {
    return with(C.protocols(), false, List.of(), C.mesh(), C.lazy(), C.limits());
  }

  static GossipConfig direct(PeerInfo... peers) {
    return with(C.protocols(), true, List.of(peers), C.mesh(), C.lazy(), C.limits());
  }

  /** Meshes of exactly {@code degree} peers that accept up to {@code high}. */
  static GossipConfig mesh(int degree, int high) {
    MeshConfig m = C.mesh();
    return with(
        C.protocols(),
        false,
        List.of(),
        new MeshConfig(
            degree,
            degree,
            high,
            0,
            0,
            m.pruneBackoff(),
            m.unsubscribeBackoff(),
            m.maxBackoff(),
            m.backoffSlack(),
            m.graftFlood(),
            m.maxBackoffs(),
            m.opportunisticGraftInterval(),
            m.opportunisticGraftPeers(),
            m.exchangedPeers()),
        C.lazy(),
        C.limits());
  }

  /** Small limits for what waits to be sent, and for validators. */
  static GossipConfig tight(long maxOutboundBytes, int maxValidating, Duration validationTimeout) {
    GossipLimits l = C.limits();
    return limited(
        maxOutboundBytes, l.bytesPerSecond(), l.burstBytes(), maxValidating, validationTimeout);
  }

  /** A small rate for what one peer may send. */
  static GossipConfig rate(long bytesPerSecond, long burstBytes) {
    GossipLimits l = C.limits();
    return limited(
        l.maxOutboundBytes(), bytesPerSecond, burstBytes, l.maxValidating(), l.validationTimeout());
  }

  private static GossipConfig limited(
      long maxOutboundBytes,
      long bytesPerSecond,
      long burstBytes,
      int maxValidating,
      Duration validationTimeout) {
    GossipLimits l = C.limits();
    return with(
        C.protocols(),
        true,
        List.of(),
        C.mesh(),
        C.lazy(),
        new GossipLimits(
            l.maxTopics(),
            l.maxTopicsPerPeer(),
            l.maxSubscriptionChanges(),
            maxOutboundBytes,
            l.maxOutboundFrames(),
            l.maxInFlightBytes(),
            bytesPerSecond,
            burstBytes,
            l.maxNewMessages(),
            l.maxGrafts(),
            l.maxDontWants(),
            l.maxAnswerBytes(),
            l.maxInboundStreams(),
            maxValidating,
            validationTimeout,
            l.maxSeen(),
            l.maxKnownKeys(),
            l.maxPromises(),
            l.maxOpenAttempts(),
            l.reopenDelay(),
            l.maxExchangeDials()));
  }
}

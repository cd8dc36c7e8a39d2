package io.infernet.discovery.kad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.host.ProtocolId;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class KadConfigTest {

  @Test
  void showsItsDefaults() {
    KadConfig config = KadConfig.defaults();
    assertEquals("/infernet/kad/1.0.0", config.protocol().value());
    assertEquals(KadMode.SERVER, config.mode());
    assertEquals(Duration.ofMinutes(10), config.refreshInterval());
    assertEquals(Duration.ofMinutes(12), config.republishInterval());
    assertEquals(1_200, config.maxRequestsPerMinute());
  }

  @Test
  void keepsNetworksApartByTheirProtocol() {
    assertEquals("/infernet/test/kad/1.0.0", KadConfig.protocolOf("test").value());
    KadConfig other = KadConfig.defaults().with(ProtocolId.of("/ipfs/kad/1.0.0"), KadMode.CLIENT);
    assertEquals("/ipfs/kad/1.0.0", other.protocol().value());
    assertEquals(KadMode.CLIENT, other.mode());
    assertEquals(KadConfig.defaults().query(), other.query());
  }

  @Test
  void rejectsAnswersThatNobodyWouldRead() {
    KadConfig config = KadConfig.defaults();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new KadConfig(
                config.protocol(),
                config.mode(),
                config.wire(),
                config.table(),
                config.query(),
                config.refreshInterval(),
                config.refreshSize(),
                config.republishInterval(),
                config.checkInterval(),
                config.checkAge(),
                config.maxChecks(),
                config.saveInterval(),
                config.sizeSamples(),
                config.maxOwnKeys(),
                config.wire().maxPeers() + 1,
                config.maxProviders(),
                config.maxRequestsPerMinute(),
                config.maxRatedPeers(),
                config.maxInboundStreamsPerPeer(),
                config.maxPendingAnswers(),
                config.streamIdleTimeout(),
                config.maxViolations(),
                config.banDuration(),
                config.maxWatchedPeers()));
  }
}

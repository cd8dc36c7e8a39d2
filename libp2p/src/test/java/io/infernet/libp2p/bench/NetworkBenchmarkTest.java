package io.infernet.libp2p.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.HostConfig;
import io.infernet.libp2p.security.noise.AeadFactory;
import org.junit.jupiter.api.Test;

class NetworkBenchmarkTest {

  @Test
  void measuresEverything() {
    NetworkBenchmark.Result result =
        new NetworkBenchmark(
                new NetworkBenchmark.Config(10, 10, 10, 4 << 20, 64 << 10),
                HostConfig.defaults(),
                AeadFactory.fastest(),
                Ticker.system())
            .run();

    for (NetworkBenchmark.Latency latency :
        new NetworkBenchmark.Latency[] {result.handshake(), result.streamOpen(), result.ping()}) {
      assertTrue(latency.median().toNanos() > 0);
      assertTrue(latency.p99().compareTo(latency.median()) >= 0);
    }
    assertTrue(result.oneStream() > 0 && result.eightStreams() > 0 && result.cipher() > 0);
    assertTrue(result.shareOfCipher() > 0);
  }
}

package io.infernet.libp2p.host;

import io.infernet.libp2p.testing.EmbeddedNetwork;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;

class EmbeddedHostTest extends HostContract {

  private final EmbeddedNetwork network = new EmbeddedNetwork(1);

  @AfterEach
  void close() {
    network.close();
  }

  @Override
  protected Host host(int identity) {
    return network.host(identity, HostConfig.defaults());
  }

  @Override
  protected void advance(CompletableFuture<?> until) {
    network.run(Duration.ofSeconds(1));
  }
}

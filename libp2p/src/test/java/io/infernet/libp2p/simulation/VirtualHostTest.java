package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.HostContract;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

class VirtualHostTest extends HostContract {

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(5)));

  @Override
  protected Host host(int identity) {
    VirtualHost host = network.newHost(TestIdentities.publicKey(identity));
    host.start();
    return host;
  }

  @Override
  protected void advance(CompletableFuture<?> until) {
    time.runUntilIdle();
  }
}

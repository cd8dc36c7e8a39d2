package io.infernet.libp2p.host;

import io.infernet.libp2p.concurrent.EventThread;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.protocol.identify.IdentifyConfig;
import io.infernet.libp2p.protocol.identify.IdentifyService;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.testing.Echo;
import io.infernet.libp2p.testing.HostConfigBuilder;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.libp2p.transport.tcp.InterfaceAddresses;
import io.infernet.libp2p.transport.tcp.SystemResolver;
import io.infernet.libp2p.transport.tcp.TcpConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;

/**
 * The node under test of {@link HostCapacityIT}, in a process of its own: prints its address, then
 * for each line that it reads its memory in use, until the input ends.
 */
final class CapacityNode {

  private CapacityNode() {}

  public static void main(String[] args) throws IOException {
    PrivateKey identity = TestIdentities.privateKey(1);
    try (ThreadScheduler scheduler = new ThreadScheduler("timers");
        SystemResolver resolver = new SystemResolver(1);
        EventThread events = new EventThread("identify", 10_000);
        NettyHost host =
            new NettyHost(
                identity,
                config(),
                scheduler,
                Ticker.system(),
                resolver,
                AeadFactory.fastest(),
                new SecureRandom());
        IdentifyService identify =
            new IdentifyService(
                host,
                identity,
                IdentifyConfig.defaults("capacity", "1"),
                InterfaceAddresses.system(),
                events,
                scheduler,
                Clock.systemUTC());
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      host.handle(Echo.PROTOCOL, new Echo());
      host.start().join();
      identify.start();
      System.out.println(host.listenAddresses().get(0));
      while (in.readLine() != null) {
        System.out.println(memory(host));
      }
    }
  }

  /** Connections, streams, bytes of heap and bytes of direct memory in use. */
  private static String memory(NettyHost host) {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    long direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    int streams = host.connections().stream().mapToInt(Connection::streamCount).sum();
    return host.connections().size() + " " + streams + " " + heap + " " + direct;
  }

  /** All of the test's peers share one address. */
  private static HostConfig config() {
    return HostConfigBuilder.with(
        c -> {
          c.connections = ConnectionConfig.upTo(4096);
          TcpConfig t = c.tcp;
          c.tcp =
              new TcpConfig(
                  t.backlog(),
                  t.maxInbound(),
                  t.maxInbound(),
                  t.maxHalfOpen(),
                  t.maxHalfOpen(),
                  t.writeLowWater(),
                  t.writeHighWater(),
                  t.maxRead());
        });
  }
}

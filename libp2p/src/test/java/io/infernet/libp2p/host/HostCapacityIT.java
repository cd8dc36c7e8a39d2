package io.infernet.libp2p.host;

import static io.infernet.libp2p.testing.LoopbackNetwork.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.security.noise.AeadFactory;
import io.infernet.libp2p.testing.Echo;
import io.infernet.libp2p.testing.Received;
import io.infernet.libp2p.testing.SharedTransport;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.libp2p.transport.tcp.SystemResolver;
import io.infernet.libp2p.transport.tcp.TcpConfig;
import io.infernet.libp2p.transport.tcp.TcpTransport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * How much one node carries within a heap of 1 GiB: 1,000 peers with ten idle streams each, then
 * all of them at work.
 */
class HostCapacityIT {

  private static final int PEERS = 1_000;
  private static final int STREAMS_PER_PEER = 10;
  private static final long MAX_HEAP = 256L << 20;

  @Test
  void carriesAThousandConnectionsAndTenThousandStreamsWithinItsHeap() throws IOException {
    Process node =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                CapacityNode.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (ThreadScheduler scheduler = new ThreadScheduler("timers");
        SystemResolver resolver = new SystemResolver(1);
        TcpTransport sockets = new TcpTransport(TcpConfig.defaults(), 2, resolver);
        BufferedReader output =
            new BufferedReader(
                new InputStreamReader(node.getInputStream(), StandardCharsets.UTF_8));
        OutputStream input = node.getOutputStream()) {
      PeerInfo target =
          new PeerInfo(TestIdentities.peerId(1), List.of(Multiaddr.parse(output.readLine())));
      Memory empty = Memory.of(input, output);

      List<Connection> connections = new ArrayList<>();
      for (int i = 0; i < PEERS; i++) {
        NettyHost peer =
            new NettyHost(
                TestIdentities.privateKey(100 + i),
                HostConfig.defaults(),
                scheduler,
                Ticker.system(),
                new SharedTransport(sockets),
                AeadFactory.fastest(),
                new SecureRandom());
        connections.add(await(peer.connect(target)));
      }
      Memory connected = Memory.of(input, output);
      List<Stream> streams = new ArrayList<>();
      for (Connection connection : connections) {
        for (int i = 0; i < STREAMS_PER_PEER; i++) {
          streams.add(await(connection.newStream(List.of(Echo.PROTOCOL))));
        }
      }
      Memory opened = Memory.of(input, output);
      List<CompletableFuture<byte[]>> echoes = new ArrayList<>();
      for (Stream stream : streams) {
        Received received = new Received();
        stream.listen(received);
        stream.send(ByteBuffer.wrap(new byte[] {42}));
        stream.closeWrite();
        echoes.add(received.end());
      }
      for (CompletableFuture<byte[]> echo : echoes) {
        assertArrayEquals(new byte[] {42}, await(echo));
      }

      System.out.printf(
          "%d connections: %,d bytes of heap each; %d streams: %,d bytes of heap each;"
              + " in all %,d MiB of heap and %,d MiB of direct memory%n",
          connected.connections,
          (connected.heap - empty.heap) / PEERS,
          opened.streams,
          (opened.heap - connected.heap) / streams.size(),
          opened.heap >> 20,
          opened.direct >> 20);
      assertEquals(PEERS, opened.connections);
      assertEquals(PEERS * STREAMS_PER_PEER, opened.streams);
      assertTrue(opened.heap < MAX_HEAP, opened.heap + " bytes of heap");
    } finally {
      node.destroy();
    }
  }

  /** What the node says of itself. */
  private record Memory(int connections, int streams, long heap, long direct) {
    static Memory of(OutputStream input, BufferedReader output) throws IOException {
      input.write('\n');
      input.flush();
      String[] said = output.readLine().split(" ");
      return new Memory(
          Integer.parseInt(said[0]),
          Integer.parseInt(said[1]),
          Long.parseLong(said[2]),
          Long.parseLong(said[3]));
    }
  }
}

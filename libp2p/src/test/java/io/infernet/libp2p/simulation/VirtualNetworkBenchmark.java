package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.ConnectionConfig;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * What one request and its answer of 1,200 bytes cost between virtual hosts, each on a stream of
 * its own, most of them with a dial. Run {@link #main} with the test class path.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = "-Xmx2g")
public class VirtualNetworkBenchmark {

  private static final ProtocolId PROTOCOL = ProtocolId.of("/question/1");
  private static final int QUESTIONS = 10_000;
  private static final int ANSWER = 1200;

  @Param({"100", "10000"})
  public int count;

  private final VirtualTime time = new VirtualTime();
  private final SplittableRandom random = new SplittableRandom(1);
  private final Bytes codec = new Bytes();
  private List<VirtualHost> hosts;
  private int answers;

  public static void main(String[] args) throws RunnerException {
    new Runner(
            new OptionsBuilder()
                .include(VirtualNetworkBenchmark.class.getSimpleName())
                .addProfiler("gc")
                .build())
        .run();
  }

  @Setup(Level.Trial)
  public void join() {
    VirtualNetworkConfig defaults = VirtualNetworkConfig.defaults();
    VirtualNetwork network =
        new VirtualNetwork(
            time,
            LinkModel.pairwise(Duration.ofMillis(50), Duration.ofMillis(300), 0.1, random),
            new VirtualNetworkConfig(
                3,
                defaults.dialTimeout(),
                defaults.negotiationTimeout(),
                false,
                true,
                defaults.keepAlive(),
                500,
                4,
                new ConnectionConfig(
                    512,
                    64,
                    48,
                    2,
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(10))));
    SimulatedIdentities identities = new SimulatedIdentities(random);
    hosts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      VirtualHost host = network.newHost(identities.next());
      host.start();
      host.handle(PROTOCOL, this::answer);
      hosts.add(host);
    }
  }

  @Benchmark
  @OperationsPerInvocation(QUESTIONS)
  public int questions() {
    answers = 0;
    for (int i = 0; i < QUESTIONS; i++) {
      time.schedule(Duration.ofNanos(random.nextLong(10_000_000_000L)), this::ask);
    }
    time.advance(Duration.ofSeconds(20));
    if (answers < QUESTIONS * 0.5) {
      throw new IllegalStateException(answers + " answers");
    }
    return answers;
  }

  private void ask() {
    VirtualHost from = hosts.get(random.nextInt(count));
    VirtualHost to = hosts.get(random.nextInt(count));
    if (from == to) {
      answers++;
      return;
    }
    from.connect(to.info())
        .thenCompose(connection -> connection.newStream(List.of(PROTOCOL)))
        .thenAccept(
            stream -> {
              MessageStream<byte[]> messages = new MessageStream<>(stream, codec, time);
              messages.listen(new Reader(messages, () -> answers++));
              messages.send(new byte[40]);
              messages.closeWrite();
            });
  }

  private void answer(Stream stream) {
    MessageStream<byte[]> messages = new MessageStream<>(stream, codec, time);
    messages.listen(new Reader(messages, () -> messages.send(new byte[ANSWER])));
  }

  private record Reader(MessageStream<byte[]> messages, Runnable action)
      implements MessageListener<byte[]> {
    @Override
    public void onMessage(byte[] message) {
      action.run();
    }

    @Override
    public void onRemoteClose() {
      messages.closeWrite();
    }

    @Override
    public void onReset(Throwable cause) {}
  }

  private static final class Bytes implements MessageCodec<byte[]> {
    @Override
    public int maxMessageSize() {
      return 8192;
    }

    @Override
    public ByteBuffer encode(byte[] message) {
      return ByteBuffer.wrap(message);
    }

    @Override
    public byte[] decode(ByteBuffer bytes) {
      byte[] message = new byte[bytes.remaining()];
      bytes.get(message);
      return message;
    }
  }
}

package io.infernet.discovery.gossip.wire;

import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
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
 * How many gossip messages a second one thread signs, reads and verifies. Run it with {@link #main}
 * on the test class path; the argument is a pattern of benchmark names.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class MessageBenchmark {

  /** More authors than are remembered, so that the key is read each time. */
  private static final int STRANGERS = 64;

  @Param({"SECP256K1", "ED25519", "RSA"})
  public KeyType author;

  @Param({"512", "65536"})
  public int size;

  private final GossipCodec codec = new GossipCodec(GossipWireLimits.defaults());
  private final MessageVerifier knowing = new MessageVerifier(STRANGERS);
  private final MessageVerifier forgetting = new MessageVerifier(1);
  private final PublishedMessage[] messages = new PublishedMessage[STRANGERS];
  private MessageSigner signer;
  private byte[] data;
  private ByteBuffer encoded;
  private int next;

  public static void main(String[] arguments) throws RunnerException {
    String pattern = arguments.length > 0 ? arguments[0] : "";
    new Runner(
            new OptionsBuilder()
                .include(MessageBenchmark.class.getSimpleName() + ".*" + pattern)
                .build())
        .run();
  }

  @Setup
  public void prepare() {
    data = new byte[size];
    int authors = author == KeyType.RSA ? 2 : STRANGERS;
    for (int i = 0; i < STRANGERS; i++) {
      signer =
          i < authors
              ? new MessageSigner(TestIdentities.privateKey(author, i), Clock.systemUTC())
              : signer;
      messages[i] = i < authors ? signer.sign("topic", data) : messages[i - authors];
    }
    encoded = codec.encode(GossipRpc.of(messages[0]));
  }

  @Benchmark
  public PublishedMessage signs() {
    return signer.sign("topic", data);
  }

  @Benchmark
  public Object reads() throws Exception {
    return codec.decode(encoded.duplicate());
  }

  @Benchmark
  public Object verifiesAKnownAuthor() {
    return knowing.verify(messages[0]).orElseThrow();
  }

  @Benchmark
  public Object verifiesAStranger() {
    next = (next + 1) % STRANGERS;
    return forgetting.verify(messages[next]).orElseThrow();
  }
}

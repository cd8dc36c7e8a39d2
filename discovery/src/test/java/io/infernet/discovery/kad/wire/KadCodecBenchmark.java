package io.infernet.discovery.kad.wire;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * What the usual messages of a look-up cost: a question, and an answer of 20 peers with two
 * addresses each, drawn from 1,000. Run {@link #main} with the test class path; {@code -prof gc}
 * says what is allocated.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
public class KadCodecBenchmark {

  private static final int PEERS = 1_000;
  private static final int ANSWERS = 512;

  private final PeerCache cache = new PeerCache(4_096);
  private final KadCodec requests = KadCodec.ofRequests(KadLimits.defaults(), cache);
  private final KadCodec responses = KadCodec.ofResponses(KadLimits.defaults(), cache);
  private final List<KadMessage> answers = new ArrayList<>();
  private final List<ByteBuffer> encodedAnswers = new ArrayList<>();
  private KadMessage question;
  private ByteBuffer encodedQuestion;
  private int next;

  public static void main(String[] args) throws RunnerException {
    new Runner(
            new OptionsBuilder()
                .include(KadCodecBenchmark.class.getSimpleName())
                .addProfiler("gc")
                .build())
        .run();
  }

  @Setup
  public void make() throws ProtocolViolationException {
    List<PeerInfo> peers = new ArrayList<>();
    for (int i = 0; i < PEERS; i++) {
      peers.add(
          new PeerInfo(
              PeerId.fromBytes(Multihash.sha256(new byte[] {(byte) i, (byte) (i >> 8)}).toBytes()),
              List.of(
                  Multiaddr.parse("/ip4/10.1." + i / 256 + "." + i % 256 + "/tcp/4001"),
                  Multiaddr.parse("/ip6/2001:db8::" + i + "/tcp/4001"))));
    }
    for (int i = 0; i < ANSWERS; i++) {
      List<PeerInfo> closer = new ArrayList<>();
      for (int j = 0; j < 20; j++) {
        closer.add(peers.get((i * 31 + j * 7) % PEERS));
      }
      KadMessage answer = new KadMessage.CloserPeers(closer);
      answers.add(answer);
      encodedAnswers.add(responses.encode(answer));
    }
    question = new KadMessage.FindNode(peers.get(0).id().toBytes());
    encodedQuestion = requests.encode(question);
  }

  @Benchmark
  public ByteBuffer encodeQuestion() {
    return requests.encode(question);
  }

  @Benchmark
  public KadMessage decodeQuestion() throws ProtocolViolationException {
    return requests.decode(encodedQuestion.duplicate());
  }

  @Benchmark
  public ByteBuffer encodeAnswer() {
    return responses.encode(answers.get(next++ % ANSWERS));
  }

  @Benchmark
  public KadMessage decodeAnswer() throws ProtocolViolationException {
    return responses.decode(encodedAnswers.get(next++ % ANSWERS).duplicate());
  }
}

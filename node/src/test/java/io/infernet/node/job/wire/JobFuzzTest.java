package io.infernet.node.job.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class JobFuzzTest {

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsMessagesOrSaysNo(byte[] input) {
    try {
      JobMessage read = JobCodecTest.CODEC.decode(ByteBuffer.wrap(input));
      assertEquals(read, JobCodecTest.CODEC.decode(JobCodecTest.CODEC.encode(read)));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> seeds() {
    return LongStream.range(0, 40)
        .mapToObj(
            seed ->
                JobCodecTest.CODEC.encode(JobCodecTest.random(new SplittableRandom(seed))).array());
  }
}

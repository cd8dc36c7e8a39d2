package io.infernet.discovery.kad.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class KadFuzzTest {

  private static final KadLimits LIMITS = KadCodecTest.LIMITS;
  private static final KadCodec REQUESTS = KadCodec.ofRequests(LIMITS, new PeerCache(64));
  private static final KadCodec RESPONSES = KadCodec.ofResponses(LIMITS, new PeerCache(64));

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsRequestsOrSaysNo(byte[] input) {
    read(REQUESTS, input);
  }

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsResponsesOrSaysNo(byte[] input) {
    read(RESPONSES, input);
  }

  private static void read(KadCodec codec, byte[] input) {
    try {
      KadMessage read = codec.decode(ByteBuffer.wrap(input));
      assertEquals(read, codec.decode(codec.encode(read)));
      if (read instanceof KadMessage.CloserPeers answer) {
        assertTrue(answer.closer().size() <= LIMITS.maxPeers());
        answer.closer().forEach(p -> assertTrue(p.addresses().size() <= LIMITS.keptAddresses()));
      }
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> seeds() {
    SplittableRandom random = new SplittableRandom(1);
    return Stream.generate(() -> KadCodecTest.random(random))
        .limit(30)
        .map(message -> REQUESTS.encode(message).array());
  }
}

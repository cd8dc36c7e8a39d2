package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class DirectoryFuzzTest {

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsMessagesOrSaysNo(byte[] input) {
    try {
      DirectoryMessage read = Samples.CODEC.decode(ByteBuffer.wrap(input));
      assertEquals(read, Samples.CODEC.decode(Samples.CODEC.encode(read)));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> seeds() {
    SignedCapability record = Samples.record(1, 1, Samples.NOW);
    return Stream.of(
            new DirectoryMessage.Query(Optional.of(Samples.MODEL), 5),
            new DirectoryMessage.Heartbeat(record),
            new DirectoryMessage.Demand(
                new DemandSignal(Optional.of(Samples.MODEL), "storyteller", Samples.NOW)),
            new DirectoryMessage.Offer(Samples.work(record.record().peer(), Samples.NOW)),
            new DirectoryMessage.Records(List.of(record, Samples.record(2, 1, Samples.NOW))))
        .map(message -> Samples.CODEC.encode(message).array());
  }
}

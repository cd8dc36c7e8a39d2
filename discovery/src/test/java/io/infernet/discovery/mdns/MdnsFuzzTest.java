package io.infernet.discovery.mdns;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.discovery.mdns.MdnsMessage.Pointer;
import io.infernet.discovery.mdns.MdnsMessage.Query;
import io.infernet.discovery.mdns.MdnsMessage.Question;
import io.infernet.discovery.mdns.MdnsMessage.Response;
import io.infernet.discovery.mdns.MdnsMessage.Text;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class MdnsFuzzTest {

  private static final MdnsCodec CODEC = new MdnsCodec(MdnsDiscovery.MAX_PACKET);

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void readsPacketsOrSaysNo(byte[] input) {
    try {
      CODEC.decode(ByteBuffer.wrap(input));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> seeds() {
    Pointer pointer = new Pointer("_p2p._udp.local", 120, "x._p2p._udp.local");
    return Stream.of(
            new Query(
                0,
                List.of(new Question("_p2p._udp.local", MdnsMessage.POINTER, true)),
                List.of(pointer)),
            new Response(
                0,
                List.of(),
                List.of(pointer),
                List.of(new Text("x._p2p._udp.local", 120, List.of("dnsaddr=/ip4/10.0.0.1")))))
        .map(CODEC::encode)
        .map(
            buffer -> {
              byte[] bytes = new byte[buffer.remaining()];
              buffer.get(bytes);
              return bytes;
            });
  }
}

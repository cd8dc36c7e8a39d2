package io.infernet.discovery.mdns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.discovery.mdns.MdnsMessage.Pointer;
import io.infernet.discovery.mdns.MdnsMessage.Query;
import io.infernet.discovery.mdns.MdnsMessage.Question;
import io.infernet.discovery.mdns.MdnsMessage.Response;
import io.infernet.discovery.mdns.MdnsMessage.Text;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class MdnsCodecTest {

  private final MdnsCodec codec = new MdnsCodec(9_000);

  @Test
  void readsWhatItWrites() throws ProtocolViolationException {
    Query query =
        new Query(
            3,
            List.of(
                new Question("_p2p._udp.local", MdnsMessage.POINTER, false),
                new Question("a.local", MdnsMessage.TEXT, true)),
            List.of(new Pointer("_p2p._udp.local", 120, "x._p2p._udp.local")));
    Response response =
        new Response(
            0,
            List.of(),
            List.of(new Pointer("_p2p._udp.local", 4_000_000_000L >> 1, "x._p2p._udp.local")),
            List.of(new Text("x._p2p._udp.local", 0, List.of("a=b", "", "c".repeat(255)))));

    assertEquals(query, codec.decode(codec.encode(query)));
    assertEquals(response, codec.decode(codec.encode(response)));
  }

  @Test
  void writesTheQuestionAsRfc6762HasIt() {
    ByteBuffer bytes =
        codec.encode(
            new Query(
                0, List.of(new Question("_p2p._udp.local", MdnsMessage.POINTER, true)), List.of()));
    byte[] array = new byte[bytes.remaining()];
    bytes.get(array);

    assertEquals(
        "000000000001000000000000"
            + "045f703270"
            + "045f756470"
            + "056c6f63616c"
            + "00"
            + "000c"
            + "8001",
        HexFormat.of().formatHex(array));
  }

  /** {@code dns-packet} 5 of npm, as @libp2p/mdns 12 answers. */
  @Test
  void readsCompressedNamesAndLeavesOutWhatPeersDoNotNeed() throws ProtocolViolationException {
    String header = "000084000000000200000001";
    String service = "045f703270045f756470056c6f63616c00"; // at 12
    String pointer = service + "000c0001000000780004" + "0161c00c"; // "a" + pointer to 12
    String host = "c027" + "0001" + "0001" + "00000078" + "0004" + "c0000201"; // A of a…
    String text = "c027" + "0010" + "8001" + "00000078" + "0004" + "03613d62";

    assertEquals(
        new Response(
            0,
            List.of(),
            List.of(new Pointer("_p2p._udp.local", 120, "a._p2p._udp.local")),
            List.of(new Text("a._p2p._udp.local", 120, List.of("a=b")))),
        decode(header + pointer + host + text));
  }

  @Test
  void refusesWhatIsMalformed() {
    refuses("");
    refuses("0000840000000001000000"); // no whole header
    refuses("000084000000000100000000"); // no record
    refuses("00002800000100000000000000"); // an update
    refuses("0000000000010000000000" + "00" + "c00c000c0001"); // a name that refers to itself
    refuses("000084000000010100000000"); // 257 records
    refuses(
        "000084000000000100000000"
            + "0161"
            + "00"
            + "0010"
            + "0001"
            + "00000078"
            + "0002"
            + "05ff");
    assertThrows(
        ProtocolViolationException.class, () -> codec.decode(ByteBuffer.wrap(new byte[9_001])));
  }

  @Test
  void refusesToWriteATextThatDoesNotFit() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            codec.encode(
                new Response(
                    0, List.of(), List.of(), List.of(new Text("a", 1, List.of("x".repeat(256)))))));
  }

  private MdnsMessage decode(String hex) throws ProtocolViolationException {
    return codec.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
  }

  private void refuses(String hex) {
    assertThrows(ProtocolViolationException.class, () -> decode(hex), hex);
  }
}

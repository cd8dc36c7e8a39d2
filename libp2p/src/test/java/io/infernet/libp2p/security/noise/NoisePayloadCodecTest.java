package io.infernet.libp2p.security.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PublicKey;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NoisePayloadCodecTest {

  private static final PublicKey KEY = TestIdentities.publicKey(1);

  private final NoisePayloadCodec codec = new NoisePayloadCodec(8192);

  @Test
  void writesTheFieldsOfTheSpecification() {
    String expected =
        "0a25" // field 1, identity_key
            + HexFormat.of().formatHex(KEY.toProtobuf())
            + "12020102" // field 2, identity_sig
            + "220e120c2f79616d75782f312e302e30"; // field 4, its field 2: /yamux/1.0.0
    ByteBuffer encoded =
        codec.encode(new NoisePayload(KEY, new byte[] {1, 2}, List.of("/yamux/1.0.0")));
    assertEquals(expected, HexFormat.of().formatHex(bytes(encoded)));
  }

  @ParameterizedTest
  @EnumSource(KeyType.class)
  void readsWhatItWrites(KeyType type) throws Exception {
    PublicKey key = TestIdentities.privateKey(type, 1).publicKey();
    NoisePayload payload = new NoisePayload(key, new byte[700], List.of("/a", "/b"));
    NoisePayload read = codec.decode(codec.encode(payload));
    assertEquals(key, read.identityKey());
    assertArrayEquals(payload.signature(), read.signature());
    assertEquals(payload.muxers(), read.muxers());
  }

  @Test
  void skipsUnknownFieldsAndExtensions() throws Exception {
    String wire =
        "0a25"
            + HexFormat.of().formatHex(KEY.toProtobuf())
            + "1a03616263" // field 3, the early data of old versions
            + "2206" // field 4, extensions
            + "0a0101" // its field 1, a WebTransport certificate hash
            + "c04001"; // its field 1032, experimental
    NoisePayload read = codec.decode(ByteBuffer.wrap(HexFormat.of().parseHex(wire)));
    assertEquals(KEY, read.identityKey());
    assertTrue(read.muxers().isEmpty());
  }

  @Test
  void rejectsWhatIsTooLong() {
    assertThrows(ProtocolViolationException.class, () -> codec.decode(ByteBuffer.allocate(8193)));
  }

  @Test
  void rejectsAMissingKey() {
    assertThrows(ProtocolViolationException.class, () -> codec.decode(ByteBuffer.allocate(0)));
  }

  @Test
  void readsOrRejectsWhateverComes() {
    byte[] valid = bytes(codec.encode(new NoisePayload(KEY, new byte[64], List.of("/a"))));
    Property.forAll(
        1000,
        random -> {
          try {
            codec.decode(ByteBuffer.wrap(Property.mutate(random, valid)));
          } catch (ProtocolViolationException e) {
            // The one way to say no.
          }
        });
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}

package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multibase;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.testing.TestIdentities;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PeerIdTest {

  private static final HexFormat HEX = HexFormat.of();

  /** The examples of peer-ids.md. */
  private static final String SHA256 = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";

  private static final String SHA256_CID =
      "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe";
  private static final String ED25519 = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

  @Test
  void readsTheExamplesOfTheSpecification() {
    assertEquals(PeerId.parse(SHA256), PeerId.parse(SHA256_CID));
    assertEquals(SHA256, PeerId.parse(SHA256_CID).toString());
    assertEquals(SHA256_CID, PeerId.parse(SHA256).toCid().toString());
    assertEquals(ED25519, PeerId.parse(ED25519).toString());
    PublicKey key = PeerId.parse(ED25519).publicKey().orElseThrow();
    assertEquals(KeyType.ED25519, key.type());
    assertTrue(PeerId.parse(ED25519).matches(key));
  }

  /**
   * The keys are those of peer-ids.md, the names those that js-libp2p 3.3 gives them; it does not
   * read the ECDSA key, whose name is the multihash of its protobuf.
   */
  @ParameterizedTest
  @CsvSource({
    "ED25519, 12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
    "SECP256K1, 16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY",
    "RSA, QmaeANgBs1DTSxWSrPPtobgQuxW8XTfsS4ydbK4rCHzqxG",
    "ECDSA, QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk",
  })
  void namesTheKeysOfTheSpecification(KeyType type, String text) throws ProtocolViolationException {
    PublicKey key = PublicKey.fromProtobuf(Vectors.publicKey(type));
    assertEquals(text, PeerId.of(key).toString());
    assertTrue(PeerId.parse(text).matches(key));
  }

  @ParameterizedTest
  @EnumSource
  void containsShortKeys(KeyType type) throws ProtocolViolationException {
    PublicKey key = PublicKey.fromProtobuf(Vectors.publicKey(type));
    boolean fits = key.toProtobuf().length <= 42;
    assertEquals(fits, type == KeyType.ED25519 || type == KeyType.SECP256K1);
    assertEquals(fits ? Optional.of(key) : Optional.empty(), PeerId.of(key).publicKey());
  }

  @ParameterizedTest
  @EnumSource
  void matchesOneKeyOnly(KeyType type) throws ProtocolViolationException {
    PeerId id = PeerId.of(PublicKey.fromProtobuf(Vectors.publicKey(type)));
    for (KeyType other : KeyType.values()) {
      assertEquals(type == other, id.matches(PublicKey.fromProtobuf(Vectors.publicKey(other))));
    }
  }

  @Test
  void readsEveryBaseOfACid() {
    PeerId id = PeerId.parse(ED25519);
    for (Multibase base : Multibase.values()) {
      assertEquals(id, PeerId.parse(id.toCid().toString(base)));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | not a CID: multibase text is empty",
        "1 | varint is cut short",
        "Qm | multihash is cut short",
        "12D3KooW0 | character U+0030 at 8 is not in the base58 alphabet",
        "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5 | multihash is cut short",
        "peer | not a CID: unknown multibase prefix U+0070",
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku "
            + "| the CID does not name a libp2p key",
      })
  void saysWhatIsWrongWithText(String text, String reason) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> PeerId.parse(text));
    assertTrue(e.getMessage().startsWith("not a peer id: "), e.getMessage());
    if (!text.startsWith("Qm")) {
      assertEquals("not a peer id: " + reason, e.getMessage());
    }
  }

  @Test
  void rejectsTextThatIsTooLong() {
    assertThrows(IllegalArgumentException.class, () -> PeerId.parse("1".repeat(100_000)));
    assertThrows(IllegalArgumentException.class, () -> PeerId.parse("f" + "0".repeat(100_000)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "12200000", // digest cut short
        "1114ffffffffffffffffffffffffffffffffffffffff", // sha1
        "000100ff", // bytes left over
      })
  void rejectsMalformedBytes(String hex) {
    assertThrows(ProtocolViolationException.class, () -> PeerId.fromBytes(HEX.parseHex(hex)));
  }

  @Test
  void containsAtMost42Bytes() throws ProtocolViolationException {
    byte[] longest = Multihash.identity(new byte[42]).toBytes();
    assertArrayEquals(longest, PeerId.fromBytes(longest).toBytes());
    byte[] longer = Multihash.identity(new byte[43]).toBytes();
    assertThrows(ProtocolViolationException.class, () -> PeerId.fromBytes(longer));
  }

  @Test
  void hasNoKeyWhereTheInlineBytesAreNone() throws ProtocolViolationException {
    PeerId id = PeerId.fromBytes(Multihash.identity(new byte[36]).toBytes());
    assertEquals(Optional.empty(), id.publicKey());
    assertFalse(id.matches(TestIdentities.publicKey(1)));
  }

  @Test
  void isOrderedByUnsignedBytes() throws ProtocolViolationException {
    PeerId low = PeerId.fromBytes(HEX.parseHex("000101"));
    PeerId high = PeerId.fromBytes(HEX.parseHex("0001ff"));
    PeerId longer = PeerId.fromBytes(HEX.parseHex("00020000"));
    assertEquals(List.of(low, high, longer), Stream.of(longer, high, low).sorted().toList());
    assertEquals(0, low.compareTo(PeerId.fromBytes(low.toBytes())));
  }

  @Test
  void isEqualByItsBytes() {
    assertEquals(TestIdentities.peerId(1), TestIdentities.peerId(1));
    assertEquals(TestIdentities.peerId(1).hashCode(), TestIdentities.peerId(1).hashCode());
    assertNotEquals(TestIdentities.peerId(1), TestIdentities.peerId(2));
    TestIdentities.peerId(1).toBytes()[3] ^= 1;
    assertEquals(Cid.LIBP2P_KEY, TestIdentities.peerId(1).toCid().codec());
  }
}

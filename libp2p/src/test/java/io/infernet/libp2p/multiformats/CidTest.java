package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CidTest {

  private static final HexFormat HEX = HexFormat.of();

  /** IPFS's empty folder in both versions. */
  private static final String EMPTY_V0 = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";

  private static final String EMPTY_V1 =
      "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354";

  @Test
  void readsTheExampleOfTheSpecification() {
    Cid cid = Cid.parse("zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA");
    assertEquals(1, cid.version());
    assertEquals(Cid.RAW, cid.codec());
    assertEquals(
        "6e6ff7950a36187a801613426e858dce686cd7d7e3c0fc42ee0330072d245c95",
        HEX.formatHex(cid.hash().digest()));
    assertEquals(
        "zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA", cid.toString(Multibase.BASE58BTC));
  }

  @Test
  void hasTwoVersionsOfOneContent() {
    Cid v0 = Cid.parse(EMPTY_V0);
    Cid v1 = Cid.parse(EMPTY_V1);
    assertEquals(0, v0.version());
    assertEquals(Cid.DAG_PB, v0.codec());
    assertEquals(v1, Cid.of(Cid.DAG_PB, v0.hash()));
    assertEquals(v0, Cid.v0(v1.hash()));
    assertNotEquals(v0, v1);
    assertEquals(EMPTY_V0, v0.toString());
    assertEquals(EMPTY_V1, v1.toString());
    assertThrows(IllegalStateException.class, () -> v0.toString(Multibase.BASE32));
  }

  @Test
  void namesRawBytesByTheirHash() throws ProtocolViolationException {
    Cid cid = Cid.of(Cid.RAW, Multihash.sha256(new byte[0]));
    assertEquals("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", cid.toString());
    assertEquals(
        "01551220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        HEX.formatHex(cid.toBytes()));
    assertEquals(cid, Cid.fromBytes(cid.toBytes()));
    assertEquals(cid, Cid.parse(cid.toString(Multibase.BASE36)));
  }

  @Test
  void readsVersionZeroFromItsBareMultihash() throws ProtocolViolationException {
    Cid v0 = Cid.parse(EMPTY_V0);
    assertArrayEquals(v0.hash().toBytes(), v0.toBytes());
    assertEquals(v0, Cid.fromBytes(v0.toBytes()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Qm",
        "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3N0", // not base58
        "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3N", // too short
        "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf35", // cut short
        "BAFYBEICZSSCDSBS7FFQZ55ASQDF3SMV6KLCW3GOFSZVWLYARCI47BGF354", // unknown prefix
        "zQmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", // version 0 in multibase
      })
  void rejectsOtherText(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Cid.parse(text));
    assertEquals("not a CID: ", e.getMessage().substring(0, 11));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "01", "0155", "02550000", "00550000", "01550000ff", "0155000105ff"})
  void rejectsMalformedBytes(String hex) {
    assertThrows(ProtocolViolationException.class, () -> Cid.fromBytes(HEX.parseHex(hex)));
  }

  @Test
  void rejectsVersionZeroOfOtherHashes() {
    assertThrows(IllegalArgumentException.class, () -> Cid.v0(Multihash.identity(new byte[32])));
    assertThrows(IllegalArgumentException.class, () -> Cid.of(-1, Multihash.identity(new byte[1])));
  }
}

package io.infernet.libp2p.peer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.TestIdentities;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class Secp256k1Test {

  private static final HexFormat HEX = HexFormat.of();

  @ParameterizedTest
  @CsvSource({
    "'', c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    "abc, 4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
  })
  void hashesAsTheEvmDoes(String text, String hash) {
    assertEquals(hash, HEX.formatHex(Secp256k1.keccak256(text.getBytes(UTF_8))));
  }

  /** The worked example of EIP-155: what a wallet hashes and signs with secret 0x46…46. */
  @Test
  void signsTheExampleOfEip155() throws ProtocolViolationException {
    PrivateKey key = PrivateKey.fromProtobuf(HEX.parseHex("08021220" + "46".repeat(32)));
    byte[] digest =
        HEX.parseHex("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
    Secp256k1.Signature signature = Secp256k1.sign(key, digest);
    assertEquals(
        "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276",
        signature.r().toString(16));
    assertEquals(
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
        signature.s().toString(16));
    // EIP-155 writes 37 = 2·1 + 35 for the even y of chain 1.
    assertEquals(27, signature.v());
  }

  /** Made with another implementation (Tuweni 2.4.2, which counts v from 0). */
  @Test
  void agreesWithAnotherImplementation() throws ProtocolViolationException {
    PrivateKey key = PrivateKey.fromProtobuf(Vectors.privateKey(KeyType.SECP256K1));
    assertEquals(
        "345f9b2d8c550ac1e85e2b993c863f67b46397aca1639ec2cecd964ff93404fc"
            + "15ff6b86c8b1f581688dc5e0751630a0778a571ae80b4ae73d5c326127099ee0"
            + "1c",
        HEX.formatHex(Secp256k1.sign(key, Secp256k1.keccak256("x".getBytes(UTF_8))).toBytes()));
  }

  @Test
  void recoversTheSigner() {
    for (int n = 0; n < 20; n++) {
      PrivateKey key = TestIdentities.privateKey(n);
      byte[] digest = Secp256k1.keccak256(new byte[] {(byte) n});
      Secp256k1.Signature signature = Secp256k1.sign(key, digest);
      assertEquals(Optional.of(key.publicKey()), Secp256k1.recover(digest, signature));
      byte[] other = Secp256k1.keccak256(new byte[] {(byte) n, 1});
      assertNotEquals(Optional.of(key.publicKey()), Secp256k1.recover(other, signature));
      assertEquals(signature, Secp256k1.Signature.fromBytes(signature.toBytes()));
    }
  }

  @Test
  void recoversNobodyWhereThereIsNoSuchPoint() {
    Secp256k1.Signature noPoint =
        new Secp256k1.Signature(BigInteger.valueOf(5), BigInteger.ONE, 27);
    assertEquals(Optional.empty(), Secp256k1.recover(new byte[32], noPoint));
  }

  /** With s = 1 and the digest that equals r's discrete logarithm the key would be no point. */
  @Test
  void recoversNobodyWhereTheKeyWouldBeInfinity() {
    // R = G, so Q = r⁻¹(sR − eG) is infinity for e = s.
    BigInteger r = Secp256k1.DOMAIN.getG().normalize().getAffineXCoord().toBigInteger();
    byte[] digest = new byte[32];
    digest[31] = 1;
    Secp256k1.Signature signature = new Secp256k1.Signature(r, BigInteger.ONE, 27);
    assertEquals(Optional.empty(), Secp256k1.recover(digest, signature));
  }

  @Test
  void takesOnlyTheLowerOfTwoTwins() {
    BigInteger one = BigInteger.ONE;
    BigInteger n = Secp256k1.DOMAIN.getN();
    BigInteger half = n.shiftRight(1);
    assertEquals(half, new Secp256k1.Signature(one, half, 28).s());
    assertThrows(
        IllegalArgumentException.class, () -> new Secp256k1.Signature(one, half.add(one), 28));
    assertThrows(
        IllegalArgumentException.class, () -> new Secp256k1.Signature(one, BigInteger.ZERO, 28));
    assertThrows(
        IllegalArgumentException.class, () -> new Secp256k1.Signature(BigInteger.ZERO, one, 28));
    assertThrows(IllegalArgumentException.class, () -> new Secp256k1.Signature(n, one, 28));
    assertThrows(IllegalArgumentException.class, () -> new Secp256k1.Signature(one, one, 29));
    assertThrows(IllegalArgumentException.class, () -> Secp256k1.Signature.fromBytes(new byte[64]));
  }

  @Test
  void signsDigestsWithKeysOfItsCurveOnly() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Secp256k1.sign(TestIdentities.privateKey(1), new byte[31]));
    PrivateKey ed25519 = TestIdentities.privateKey(KeyType.ED25519, 1);
    assertThrows(IllegalArgumentException.class, () -> Secp256k1.sign(ed25519, new byte[32]));
    assertThrows(IllegalArgumentException.class, () -> EvmAddress.of(ed25519.publicKey()));
  }

  /** The account of EIP-155's example and that of the secret 1. */
  @ParameterizedTest
  @CsvSource({
    "4646464646464646464646464646464646464646464646464646464646464646, "
        + "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F",
    "0000000000000000000000000000000000000000000000000000000000000001, "
        + "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
  })
  void hasAnEvmAddress(String secret, String address) throws ProtocolViolationException {
    PrivateKey key = PrivateKey.fromProtobuf(HEX.parseHex("08021220" + secret));
    assertEquals(address, EvmAddress.of(key.publicKey()).toString());
  }

  /** The test cases of EIP-55. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
      })
  void writesAddressesWithTheirChecksum(String text) {
    EvmAddress address = EvmAddress.parse(text);
    assertEquals(text, address.toString());
    assertEquals(address, EvmAddress.fromBytes(address.toBytes()));
    assertEquals(address, EvmAddress.parse(text.toLowerCase(Locale.ROOT)));
    assertEquals(address.hashCode(), EvmAddress.parse(text.toLowerCase(Locale.ROOT)).hashCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "52908400098527886E0F7030069857D2E4169EE7",
        "0x52908400098527886E0F7030069857D2E4169EE",
        "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
      })
  void rejectsMistypedAddresses(String text) {
    assertThrows(IllegalArgumentException.class, () -> EvmAddress.parse(text));
  }

  @Test
  void hasAddressesOfTwentyBytes() {
    assertThrows(IllegalArgumentException.class, () -> EvmAddress.fromBytes(new byte[19]));
    byte[] bytes = new byte[20];
    EvmAddress address = EvmAddress.fromBytes(bytes);
    bytes[0] = 1;
    assertArrayEquals(new byte[20], address.toBytes());
  }

  @ParameterizedTest
  @EnumSource
  void knowsWhichKeysHaveAddresses(KeyType type) throws ProtocolViolationException {
    PublicKey key = PublicKey.fromProtobuf(Vectors.publicKey(type));
    if (type == KeyType.SECP256K1) {
      assertTrue(EvmAddress.of(key).toString().startsWith("0x"));
    } else {
      assertThrows(IllegalArgumentException.class, () -> EvmAddress.of(key));
    }
  }
}

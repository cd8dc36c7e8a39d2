package io.infernet.libp2p.peer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.proto.libp2p.CryptoProto;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.signers.StandardDSAEncoding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTest {

  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] MESSAGE = "a message".getBytes(UTF_8);

  @ParameterizedTest
  @EnumSource
  void matchesTheVectorsOfTheSpecification(KeyType type) throws ProtocolViolationException {
    PrivateKey key = PrivateKey.fromProtobuf(Vectors.privateKey(type));
    assertEquals(type, key.type());
    assertArrayEquals(Vectors.privateKey(type), key.toProtobuf());
    assertArrayEquals(Vectors.publicKey(type), key.publicKey().toProtobuf());
    PublicKey publicKey = PublicKey.fromProtobuf(Vectors.publicKey(type));
    assertEquals(key.publicKey(), publicKey);
    assertEquals(publicKey, PublicKey.fromRaw(type, publicKey.raw()));
  }

  @ParameterizedTest
  @EnumSource
  void isTheProtobufThatOthersRead(KeyType type) throws InvalidProtocolBufferException {
    CryptoProto.PublicKey message = CryptoProto.PublicKey.parseFrom(Vectors.publicKey(type));
    assertEquals(type.code(), message.getType().getNumber());
    assertArrayEquals(
        Vectors.publicKey(type), new KeyEnvelope(type, message.getData().toByteArray()).toBytes());
    assertEquals(
        ByteString.copyFrom(Vectors.publicKey(type)),
        message.toByteString(),
        "this encoding is the canonical one");
  }

  @ParameterizedTest
  @EnumSource
  void signsAndVerifies(KeyType type) throws ProtocolViolationException {
    PrivateKey key = PrivateKey.fromProtobuf(Vectors.privateKey(type));
    PublicKey publicKey = PublicKey.fromProtobuf(Vectors.publicKey(type));
    byte[] signature = key.sign(MESSAGE);
    assertTrue(publicKey.verify(MESSAGE, signature));
    assertArrayEquals(signature, key.sign(MESSAGE), "signatures repeat");
    assertFalse(publicKey.verify("another message".getBytes(UTF_8), signature));
    assertFalse(TestIdentities.privateKey(type, 1).publicKey().verify(MESSAGE, signature));
    assertTrue(publicKey.verify(new byte[0], key.sign(new byte[0])));
  }

  @ParameterizedTest
  @EnumSource
  void takesNoOtherBytesForASignature(KeyType type) throws ProtocolViolationException {
    PublicKey publicKey = PublicKey.fromProtobuf(Vectors.publicKey(type));
    byte[] signature = PrivateKey.fromProtobuf(Vectors.privateKey(type)).sign(MESSAGE);
    for (int i = 0; i < signature.length; i += 7) {
      byte[] damaged = signature.clone();
      damaged[i] ^= 1;
      assertFalse(publicKey.verify(MESSAGE, damaged), "byte " + i);
    }
    assertFalse(publicKey.verify(MESSAGE, new byte[0]));
    assertFalse(publicKey.verify(MESSAGE, Arrays.copyOf(signature, signature.length - 1)));
    assertFalse(publicKey.verify(MESSAGE, Arrays.copyOf(signature, signature.length + 1)));
    assertFalse(publicKey.verify(MESSAGE, new byte[10_000]));
  }

  @ParameterizedTest
  @EnumSource
  void makesKeysThatSurviveTheirEncoding(KeyType type) throws ProtocolViolationException {
    PrivateKey key = TestIdentities.privateKey(type, 3);
    PrivateKey copy = PrivateKey.fromProtobuf(key.toProtobuf());
    assertEquals(key.publicKey(), copy.publicKey());
    assertArrayEquals(key.sign(MESSAGE), copy.sign(MESSAGE));
    assertTrue(key.publicKey().toProtobuf().length <= PublicKey.MAX_PROTOBUF_LENGTH);
  }

  @ParameterizedTest
  @EnumSource
  void keepsSecretsOutOfText(KeyType type) throws ProtocolViolationException {
    PrivateKey key = PrivateKey.fromProtobuf(Vectors.privateKey(type));
    assertEquals("private key of " + type + " " + PeerId.of(key.publicKey()), key.toString());
  }

  /** Made with js-libp2p 3.3 from the keys of peer-ids.md. */
  @ParameterizedTest
  @CsvSource({
    "ED25519, 8d2af2698fd4a760865dd1357d512181bffff90aa62e591f362687c4ca118955"
        + "7f5a912e91da75158956a088ffeb10d9f3c87e33d7f09061e889807f3427a508",
    "SECP256K1, 30440220693275d4f354b81832f1360477b5a56342aef97d24547a0807d869e273353d01"
        + "02203fdeb0fd556eb5bc37c2adc09e063df4c6040e720fb0f7171e572b298ab0a900",
  })
  void signsAsJsLibp2pDoes(KeyType type, String signature) throws ProtocolViolationException {
    PrivateKey key = PrivateKey.fromProtobuf(Vectors.privateKey(type));
    assertEquals(signature, HEX.formatHex(key.sign(MESSAGE)));
  }

  /** The JDK's own RSA, Ed25519 and ECDSA accept our signatures, and we accept theirs. */
  @ParameterizedTest
  @CsvSource({
    "RSA, RSA, SHA256withRSA",
    "ED25519, Ed25519, Ed25519",
    "ECDSA, EC, SHA256withECDSA",
  })
  void agreesWithTheJdk(KeyType type, String factory, String algorithm) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(factory);
    generator.initialize(
        type == KeyType.ECDSA
            ? new ECGenParameterSpec("secp256r1")
            : type == KeyType.RSA
                ? new RSAKeyGenParameterSpec(2048, RSAKeyGenParameterSpec.F4)
                : NamedParameterSpec.ED25519);
    KeyPair theirs = generator.generateKeyPair();
    byte[] info = theirs.getPublic().getEncoded();
    // A SubjectPublicKeyInfo of Ed25519 ends in the 32 bytes of the key.
    byte[] raw =
        type == KeyType.ED25519 ? Arrays.copyOfRange(info, info.length - 32, info.length) : info;
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(theirs.getPrivate());
    signer.update(MESSAGE);
    assertTrue(PublicKey.fromRaw(type, raw).verify(MESSAGE, signer.sign()));

    PrivateKey ours = PrivateKey.fromProtobuf(Vectors.privateKey(type));
    byte[] prefix = Arrays.copyOf(info, info.length - raw.length);
    byte[] ourInfo =
        ByteBuffer.allocate(prefix.length + ours.publicKey().raw().length)
            .put(prefix)
            .put(ours.publicKey().raw())
            .array();
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(
        KeyFactory.getInstance(factory).generatePublic(new X509EncodedKeySpec(ourInfo)));
    verifier.update(MESSAGE);
    assertTrue(verifier.verify(ours.sign(MESSAGE)));
  }

  /** RFC 8032 §7.1, test 3. */
  @Test
  void matchesTheVectorsOfEd25519() throws ProtocolViolationException {
    String seed = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
    String point = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
    PrivateKey key = PrivateKey.fromProtobuf(HEX.parseHex("08011240" + seed + point));
    assertEquals(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        HEX.formatHex(key.sign(HEX.parseHex("af82"))));
  }

  @Test
  void readsTheOldFormOfEd25519() throws ProtocolViolationException {
    byte[] usual = Vectors.privateKey(KeyType.ED25519);
    String keys = HEX.formatHex(usual, 4, usual.length);
    String publicKey = keys.substring(64);
    PrivateKey old = PrivateKey.fromProtobuf(HEX.parseHex("08011260" + keys + publicKey));
    assertArrayEquals(usual, old.toProtobuf());
    String other = "00" + publicKey.substring(2);
    assertBadPrivateKey("08011260" + keys + other, "Ed25519 private and public key do not match");
    assertBadPrivateKey(
        "08011240" + keys.substring(0, 64) + other, "Ed25519 private and public key do not match");
    assertBadPrivateKey(
        "08011220" + keys.substring(0, 64), "Ed25519 private key has 32 bytes, not 64");
  }

  /**
   * Deterministic nonces for secp256k1 with SHA-256 and low s; the vectors that Bitcoin libraries
   * share (secret 1, "Satoshi Nakamoto" and the line from Blade Runner).
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Satoshi Nakamoto "
            + "| 934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8 "
            + "| 2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
        "All those moments will be lost in time, like tears in rain. Time to die... "
            + "| 8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b "
            + "| 547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21",
      })
  void matchesTheVectorsOfSecp256k1(String message, String r, String s)
      throws ProtocolViolationException, IOException {
    PrivateKey key = PrivateKey.fromProtobuf(HEX.parseHex("08021220" + "00".repeat(31) + "01"));
    assertEquals(
        "08021221" + "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        HEX.formatHex(key.publicKey().toProtobuf()));
    BigInteger[] signature =
        StandardDSAEncoding.INSTANCE.decode(
            Secp256k1.DOMAIN.getN(), key.sign(message.getBytes(UTF_8)));
    assertEquals(r, String.format("%064x", signature[0]));
    assertEquals(s, String.format("%064x", signature[1]));
  }

  /** Each signature has a twin that is as valid to the mathematics; BIP 62 allows one of them. */
  @Test
  void rejectsTheTwinOfASecp256k1Signature() throws ProtocolViolationException, IOException {
    PrivateKey key = PrivateKey.fromProtobuf(Vectors.privateKey(KeyType.SECP256K1));
    BigInteger n = Secp256k1.DOMAIN.getN();
    BigInteger[] rs = StandardDSAEncoding.INSTANCE.decode(n, key.sign(MESSAGE));
    byte[] twin = StandardDSAEncoding.INSTANCE.encode(n, rs[0], n.subtract(rs[1]));
    assertFalse(key.publicKey().verify(MESSAGE, twin));
  }

  /** RFC 6979 §A.2.5, SHA-256, messages "sample" and "test". */
  @ParameterizedTest
  @CsvSource({
    "sample, efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716, "
        + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    "test, f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367, "
        + "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
  })
  void matchesTheVectorsOfEcdsa(String message, String r, String s)
      throws ProtocolViolationException, IOException {
    String secret = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    byte[] sec1 = HEX.parseHex("30310201010420" + secret + "a00a06082a8648ce3d030107");
    PrivateKey key = PrivateKey.fromProtobuf(new KeyEnvelope(KeyType.ECDSA, sec1).toBytes());
    BigInteger n =
        new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);
    BigInteger[] signature =
        StandardDSAEncoding.INSTANCE.decode(n, key.sign(message.getBytes(UTF_8)));
    assertEquals(r, String.format("%064x", signature[0]));
    assertEquals(s, String.format("%064x", signature[1]));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | key is not in its deterministic protobuf encoding",
        "12200801 | key is not in its deterministic protobuf encoding", // data before type
        "0801 | key is not in its deterministic protobuf encoding",
        "0804120101 | unknown key type 4",
        "08ffffffffffffffff7f120101 | unknown key type 9223372036854775807",
        "0881001200 | varint is not in its shortest form",
        "080112 | varint is cut short",
        "08011203 | key data has 0 bytes instead of 3",
        "0801120100 00 | key data has 2 bytes instead of 1",
        "080112ffffffffffffffff7f00 | key data has 1 bytes instead of 9223372036854775807",
        "0801120100 | Ed25519 key has 1 bytes, not 32",
        "0802120100 | secp256k1 key has 1 bytes, not 33",
        "0800120100 | not an RSA public key",
        "0803120100 | not an ECDSA public key on P-256",
      })
  void rejectsMalformedProtobufs(String hex, String reason) {
    assertBadPublicKey(HEX.parseHex(hex.replace(" ", "")), reason);
  }

  @Test
  void rejectsWhatIsNoPointOfTheCurve() {
    String notOnCurve = "02" + "00".repeat(31) + "05";
    assertBadPublicKey(HEX.parseHex("08021221" + notOnCurve), "not a point of secp256k1");
    String infinity = "00".repeat(33);
    assertBadPublicKey(HEX.parseHex("08021221" + infinity), "not a point of secp256k1");
    String tooLarge = "02" + "ff".repeat(32);
    assertBadPublicKey(HEX.parseHex("08021221" + tooLarge), "not a point of secp256k1");
    assertBadPublicKey(
        HEX.parseHex("08011220" + "02" + "00".repeat(31)), "not an Ed25519 public key");
  }

  /** Otherwise one key would have two peer ids. */
  @Test
  void rejectsUncompressedPoints() throws ProtocolViolationException {
    byte[] point =
        Secp256k1.DOMAIN
            .getCurve()
            .decodePoint(PublicKey.fromProtobuf(Vectors.publicKey(KeyType.SECP256K1)).raw())
            .getEncoded(false);
    assertBadPublicKey(
        new KeyEnvelope(KeyType.SECP256K1, point).toBytes(), "secp256k1 key has 65 bytes, not 33");
    byte[] info = PublicKey.fromProtobuf(Vectors.publicKey(KeyType.ECDSA)).raw();
    byte[] compressed =
        HEX.parseHex(
            "3039301306072a8648ce3d020106082a8648ce3d030107032200"
                + "02"
                + HEX.formatHex(info, 27, 59));
    assertBadPublicKey(
        new KeyEnvelope(KeyType.ECDSA, compressed).toBytes(),
        "public key is not in its canonical encoding");
  }

  @Test
  void rejectsOtherCurves() throws IOException {
    byte[] point = Secp256k1.DOMAIN.getG().getEncoded(false);
    byte[] info =
        new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(
                    X9ObjectIdentifiers.id_ecPublicKey, SECObjectIdentifiers.secp256k1),
                point)
            .getEncoded(ASN1Encoding.DER);
    assertBadPublicKey(
        new KeyEnvelope(KeyType.ECDSA, info).toBytes(), "not an ECDSA public key on P-256");
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 2047, 8193})
  void limitsRsaKeys(int bits) throws IOException {
    BigInteger modulus = BigInteger.ONE.shiftLeft(bits - 1).add(BigInteger.ONE);
    assertBadPublicKey(rsa(modulus, BigInteger.valueOf(65537)), "not an RSA public key");
  }

  @Test
  void takesTheLargestRsaKey() throws IOException, ProtocolViolationException {
    BigInteger modulus = BigInteger.ONE.shiftLeft(8192).subtract(BigInteger.ONE);
    byte[] protobuf = rsa(modulus, BigInteger.valueOf(Integer.MAX_VALUE));
    assertArrayEquals(protobuf, PublicKey.fromProtobuf(protobuf).toProtobuf());
    assertFalse(PublicKey.fromProtobuf(protobuf).verify(MESSAGE, new byte[1024]));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "2", "65536", "80000001"})
  void limitsRsaExponents(String exponent) throws IOException {
    BigInteger modulus = BigInteger.ONE.shiftLeft(2048).subtract(BigInteger.ONE);
    assertBadPublicKey(rsa(modulus, new BigInteger(exponent, 16)), "not an RSA public key");
  }

  /** BouncyCastle reads RSA's numbers as unsigned. */
  @Test
  void rejectsNegativeRsaExponents() throws IOException {
    BigInteger modulus = BigInteger.ONE.shiftLeft(2048).subtract(BigInteger.ONE);
    assertBadPublicKey(
        rsa(modulus, BigInteger.valueOf(-3)), "public key is not in its canonical encoding");
  }

  @Test
  void rejectsRsaPrivateKeysWhosePartsDoNotFit() throws Exception {
    RSAPrivateKey key =
        RSAPrivateKey.getInstance(
            CryptoProto.PrivateKey.parseFrom(Vectors.privateKey(KeyType.RSA))
                .getData()
                .toByteArray());
    byte[] broken =
        new RSAPrivateKey(
                key.getModulus(),
                key.getPublicExponent(),
                key.getPrivateExponent().add(BigInteger.TWO),
                key.getPrime1(),
                key.getPrime2(),
                key.getExponent1(),
                key.getExponent2(),
                key.getCoefficient())
            .getEncoded(ASN1Encoding.DER);
    assertBadPrivateKey(
        HEX.formatHex(new KeyEnvelope(KeyType.RSA, broken).toBytes()),
        "the parts of the RSA private key do not fit");
  }

  @Test
  void rejectsSecretsOutsideTheCurvesOrder() {
    assertBadPrivateKey("08021220" + "00".repeat(32), "not a secp256k1 private key");
    assertBadPrivateKey("08021220" + "ff".repeat(32), "not a secp256k1 private key");
    assertBadPrivateKey("0802121f" + "01".repeat(31), "secp256k1 private key has 31 bytes, not 32");
  }

  @Test
  void rejectsAnEcdsaSecretWithAnotherPublicKey() {
    String hex = HEX.formatHex(Vectors.privateKey(KeyType.ECDSA)).replace("3e5b1fe9", "3e5b1fe8");
    assertBadPrivateKey(hex, "not an ECDSA private key on P-256");
  }

  @Test
  void limitsProtobufs() {
    assertBadPublicKey(new byte[1201], "key has 1201 bytes, at most 1200");
    assertBadPrivateKey("00".repeat(5001), "key has 5001 bytes, at most 5000");
  }

  /** ASN.1 that opens structure in structure must not overflow the stack. */
  @ParameterizedTest
  @ValueSource(strings = {"3080", "2480", "3082", "a080", "6380"})
  void survivesDeeplyNestedAsn1(String opening) {
    byte[] nested = HEX.parseHex(opening.repeat(590));
    assertBadPublicKey(new KeyEnvelope(KeyType.RSA, nested).toBytes(), "not an RSA public key");
    byte[] deeper = HEX.parseHex(opening.repeat(2490));
    assertBadPrivateKey(
        HEX.formatHex(new KeyEnvelope(KeyType.RSA, deeper).toBytes()), "not an RSA private key");
  }

  @Test
  void differsByTypeAndBytes() throws ProtocolViolationException {
    PublicKey key = PublicKey.fromProtobuf(Vectors.publicKey(KeyType.ED25519));
    assertEquals(key, PublicKey.fromProtobuf(Vectors.publicKey(KeyType.ED25519)));
    assertEquals(
        key.hashCode(), PublicKey.fromProtobuf(Vectors.publicKey(KeyType.ED25519)).hashCode());
    assertNotEquals(key, PublicKey.fromProtobuf(Vectors.publicKey(KeyType.SECP256K1)));
    key.raw()[0] ^= 1;
    assertEquals(key, PublicKey.fromProtobuf(Vectors.publicKey(KeyType.ED25519)));
  }

  private static byte[] rsa(BigInteger modulus, BigInteger exponent) throws IOException {
    byte[] info =
        new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                new RSAPublicKey(modulus, exponent))
            .getEncoded(ASN1Encoding.DER);
    return new KeyEnvelope(KeyType.RSA, info).toBytes();
  }

  private static void assertBadPublicKey(byte[] protobuf, String reason) {
    ProtocolViolationException e =
        assertThrows(ProtocolViolationException.class, () -> PublicKey.fromProtobuf(protobuf));
    assertEquals(reason, e.getMessage());
  }

  private static void assertBadPrivateKey(String hex, String reason) {
    ProtocolViolationException e =
        assertThrows(
            ProtocolViolationException.class, () -> PrivateKey.fromProtobuf(HEX.parseHex(hex)));
    assertEquals(reason, e.getMessage());
  }
}

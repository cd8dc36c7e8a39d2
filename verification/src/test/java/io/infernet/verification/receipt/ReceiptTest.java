package io.infernet.verification.receipt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.Secp256k1;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.verification.Samples;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReceiptTest {

  private final ReceiptVerifier verifier = new ReceiptVerifier();

  /**
   * The same receipt through ethers 6.16: {@code TypedDataEncoder.hash} and {@code
   * Wallet.signTypedData} with the types of {@link Eip712#RECEIPT_TYPE}.
   */
  @Test
  void hasTheDigestAndSignaturesThatEthersComputes() {
    Receipt receipt = Samples.receipt();

    assertEquals(
        "16Uiu2HAmHzBkRq62mG95vsjKMuYQBezZCtjPXYWUoyVxMxi71aB3", receipt.client().toString());
    assertEquals("0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A", receipt.clientAddress().toString());
    assertEquals(
        "0x1563915e194D8CfBA1943570603F7606A3115508", receipt.providerAddress().toString());
    assertEquals("39d1713dbc5750ab530a8e8b07aa5baaf11dc8df066cd1316c1af63af1d029c3", receipt.id());
    SignedReceipt signed =
        SignedReceipt.byProvider(receipt, Samples.PROVIDER).counterSigned(Samples.CLIENT);
    assertEquals(
        "bb594c39d0d02a0fb6760303bb1fa41ea64887e95988cd379d894e45a2f6c04c"
            + "081ebcd0a42ce8fa5d963087a41a8d17183a0f2c38f128df0680a3753a4fac951c",
        HexFormat.of().formatHex(signed.providerSignature().toBytes()));
    assertEquals(
        "650d50c61f295de8bea2b0a6d1505893a10b4d7fece97053bfd272c2d3915af2"
            + "0fcc12ef7bf6c36917752021b9fb447ad8ef5f2bb2d2166b58dc3b74cedc30921c",
        HexFormat.of().formatHex(signed.clientSignature().orElseThrow().toBytes()));
  }

  @Test
  void tellsWhoSigned() {
    SignedReceipt half = SignedReceipt.byProvider(Samples.receipt(), Samples.PROVIDER);

    assertEquals(new ReceiptVerdict.HalfSigned(), verifier.verify(half));
    assertEquals(new ReceiptVerdict.Valid(), verifier.verify(half.counterSigned(Samples.CLIENT)));
  }

  @Test
  void findsForgedSignatures() {
    Receipt receipt = Samples.receipt();
    SignedReceipt byAnother = SignedReceipt.byProvider(receipt, Samples.CLIENT);
    SignedReceipt half = SignedReceipt.byProvider(receipt, Samples.PROVIDER);

    assertInvalid("the provider's signature does not fit the receipt", byAnother);
    assertInvalid(
        "the client's signature does not fit the receipt", half.counterSigned(Samples.PROVIDER));
    assertInvalid(
        "the provider's signature does not fit the receipt",
        byAnother.counterSigned(Samples.CLIENT));
  }

  @Test
  void findsEveryChange() {
    Receipt r = Samples.receipt();
    SignedReceipt signed =
        SignedReceipt.byProvider(r, Samples.PROVIDER).counterSigned(Samples.CLIENT);
    Property.forAll(
        200,
        random -> {
          Receipt other = Samples.receipt(random);
          Receipt changed =
              switch (random.nextInt(11)) {
                case 0 -> changed(r, Map.of("jobId", other.jobId()));
                case 1 -> changed(r, Map.of("attempt", 3));
                case 2 -> changed(r, Map.of("promptTokens", 124));
                case 3 -> changed(r, Map.of("completionTokens", 4095));
                case 4 -> changed(r, Map.of("price", 1L));
                case 5 -> changed(r, Map.of("firstCommitment", other.firstCommitment()));
                case 6 -> changed(r, Map.of("lastCommitment", other.lastCommitment()));
                case 7 -> changed(r, Map.of("end", AnswerEnd.LENGTH));
                case 8 -> changed(r, Map.of("startedAt", r.startedAt().minusMillis(1)));
                case 9 -> changed(r, Map.of("finishedAt", r.finishedAt().plusMillis(1)));
                default -> changed(r, Map.of("resumedTokens", 8));
              };
          assertNotEquals(r.digest(), changed.digest());
          assertInvalid(
              "the provider's signature does not fit the receipt",
              new SignedReceipt(changed, signed.providerSignature(), signed.clientSignature()));
        });
  }

  @Test
  void refusesImpossibleFigures() {
    Receipt r = Samples.receipt();
    assertInvalid(
        "the answer was finished before it was started",
        sign(changed(r, Map.of("startedAt", r.finishedAt().plusMillis(1)))));
    assertInvalid("the prompt has no tokens", sign(changed(r, Map.of("promptTokens", 0))));
    assertInvalid(
        "an answer of no tokens has a chain of commitments",
        sign(changed(r, Map.of("completionTokens", 0))));
    assertThrows(IllegalArgumentException.class, () -> changed(r, Map.of("attempt", -1)));
    assertThrows(IllegalArgumentException.class, () -> changed(r, Map.of("price", -1L)));
  }

  @Test
  void refusesPeersThatCannotSignForTheEvm() {
    PeerId ed25519 = PeerId.of(TestIdentities.privateKey(KeyType.ED25519, 1).publicKey());
    assertThrows(IllegalArgumentException.class, () -> Receipt.addressOf(ed25519));
  }

  @Test
  void refusesTheTwinOfASignature() {
    Secp256k1.Signature signature =
        SignedReceipt.byProvider(Samples.receipt(), Samples.PROVIDER).providerSignature();
    byte[] bytes = signature.toBytes();
    bytes[64] = (byte) (bytes[64] == 27 ? 28 : 27);

    SignedReceipt flipped =
        new SignedReceipt(
            Samples.receipt(), Secp256k1.Signature.fromBytes(bytes), Optional.empty());

    assertInvalid("the provider's signature does not fit the receipt", flipped);
  }

  private void assertInvalid(String reason, SignedReceipt signed) {
    ReceiptVerdict.Invalid invalid =
        assertInstanceOf(ReceiptVerdict.Invalid.class, verifier.verify(signed));
    assertEquals(reason, invalid.reason());
  }

  /** The receipt with some of its components replaced. */
  private static Receipt changed(Receipt receipt, Map<String, Object> values) {
    return new Receipt(
        (JobId) values.getOrDefault("jobId", receipt.jobId()),
        (int) values.getOrDefault("attempt", receipt.attempt()),
        receipt.client(),
        receipt.provider(),
        receipt.model(),
        (Hash) values.getOrDefault("firstCommitment", receipt.firstCommitment()),
        (Hash) values.getOrDefault("lastCommitment", receipt.lastCommitment()),
        (int) values.getOrDefault("promptTokens", receipt.promptTokens()),
        (int) values.getOrDefault("resumedTokens", receipt.resumedTokens()),
        (int) values.getOrDefault("completionTokens", receipt.completionTokens()),
        (long) values.getOrDefault("price", receipt.price()),
        (AnswerEnd) values.getOrDefault("end", receipt.end()),
        (Instant) values.getOrDefault("startedAt", receipt.startedAt()),
        (Instant) values.getOrDefault("finishedAt", receipt.finishedAt()));
  }

  private static SignedReceipt sign(Receipt receipt) {
    return SignedReceipt.byProvider(receipt, Samples.PROVIDER).counterSigned(Samples.CLIENT);
  }
}

package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PeerPropertyTest {

  /** RSA keys are slow to make; the others do. */
  private static final List<KeyType> QUICK_TYPES =
      List.of(KeyType.ED25519, KeyType.SECP256K1, KeyType.ECDSA);

  private static final List<KeyType> TYPES = List.of(KeyType.values());

  @Test
  void keysSignVerifyAndSurviveTheirEncoding() {
    Property.forAll(
        100,
        random -> {
          PrivateKey key =
              TestIdentities.privateKey(Property.pick(random, QUICK_TYPES), random.nextInt());
          byte[] message = Property.bytes(random, 200);
          byte[] signature = PrivateKey.fromProtobuf(key.toProtobuf()).sign(message);
          PublicKey copy = PublicKey.fromProtobuf(key.publicKey().toProtobuf());
          assertTrue(copy.verify(message, signature));
          assertFalse(copy.verify(Property.bytesOfLength(random, 201), signature));
          PeerId id = PeerId.of(copy);
          assertEquals(id, PeerId.parse(id.toString()));
          assertEquals(id, PeerId.fromBytes(id.toBytes()));
        });
  }

  @Test
  void damagedSignaturesDoNotVerify() {
    byte[] message = {1};
    Property.forAll(
        200,
        random -> {
          PrivateKey key =
              PrivateKey.fromProtobuf(Vectors.privateKey(Property.pick(random, QUICK_TYPES)));
          byte[] signature = key.sign(message);
          byte[] damaged = Property.mutate(random, signature);
          assertEquals(Arrays.equals(signature, damaged), key.publicKey().verify(message, damaged));
        });
  }

  @Test
  void damagedKeysAndIdsAreRejectedOrReadAsWhatTheySay() {
    Property.forAll(
        2_000,
        random -> {
          byte[] key = Vectors.publicKey(Property.pick(random, TYPES));
          new KeyFuzzTest().hasOneEncodingForEachPublicKey(Property.mutate(random, key));
          byte[] id = PeerId.of(PublicKey.fromProtobuf(key)).toBytes();
          new PeerIdFuzzTest().hasOneEncodingForEachValue(Property.mutate(random, id));
        });
  }

  @Test
  void damagedPrivateKeysAreRejectedOrWork() {
    Property.forAll(
        300,
        random -> {
          byte[] key = Vectors.privateKey(Property.pick(random, QUICK_TYPES));
          new KeyFuzzTest().takesOnlyPrivateKeysThatWork(Property.mutate(random, key));
        });
  }

  @Test
  void recoverableSignaturesNameTheirSigner() {
    Property.forAll(
        100,
        random -> {
          PrivateKey key = TestIdentities.privateKey(random.nextInt());
          byte[] digest = Property.bytesOfLength(random, Secp256k1.DIGEST_LENGTH);
          Secp256k1.Signature signature = Secp256k1.sign(key, digest);
          assertEquals(Optional.of(key.publicKey()), Secp256k1.recover(digest, signature));
          EvmAddress address = EvmAddress.of(key.publicKey());
          assertEquals(address, EvmAddress.parse(address.toString()));
          assertArrayEquals(
              signature.toBytes(), Secp256k1.Signature.fromBytes(signature.toBytes()).toBytes());
        });
  }
}

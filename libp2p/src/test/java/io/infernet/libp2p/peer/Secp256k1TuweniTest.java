package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.security.Security;
import java.util.Arrays;
import org.apache.tuweni.bytes.Bytes32;
import org.apache.tuweni.crypto.Hash;
import org.apache.tuweni.crypto.SECP256K1;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.util.BigIntegers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@link Secp256k1} against Tuweni, the library that Ethereum clients in Java sign with. */
class Secp256k1TuweniTest {

  /** Tuweni finds its algorithms through the JVM's list of providers. */
  @BeforeAll
  static void registerProvider() {
    Security.addProvider(new BouncyCastleProvider());
  }

  @AfterAll
  static void removeProvider() {
    Security.removeProvider(BouncyCastleProvider.PROVIDER_NAME);
  }

  @Test
  void hashesSignsAndDerivesKeysAsTuweniDoes() throws Exception {
    Property.forAll(
        20,
        random -> {
          PrivateKey key = TestIdentities.privateKey(random.nextInt());
          byte[] message = new byte[random.nextInt(300)];
          random.nextBytes(message);
          byte[] digest = Secp256k1.keccak256(message);
          assertArrayEquals(Hash.keccak256(message), digest);

          byte[] secret =
              BigIntegers.asUnsignedByteArray(
                  32, ((ECPrivateKeyParameters) key.parameters()).getD());
          SECP256K1.KeyPair pair =
              SECP256K1.KeyPair.fromSecretKey(SECP256K1.SecretKey.fromBytes(Bytes32.wrap(secret)));
          byte[] point = pair.publicKey().bytesArray();
          assertArrayEquals(
              Arrays.copyOfRange(Hash.keccak256(point), 12, 32),
              Secp256k1.address(key.publicKey()));

          SECP256K1.Signature theirs = SECP256K1.signHashed(Bytes32.wrap(digest), pair);
          Secp256k1.Signature ours = Secp256k1.sign(key, digest);
          assertEquals(theirs.r(), ours.r());
          assertEquals(theirs.s(), ours.s());
          assertEquals(theirs.v() + 27, ours.v());
        });
  }
}

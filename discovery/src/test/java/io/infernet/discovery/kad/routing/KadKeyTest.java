package io.infernet.discovery.kad.routing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.testing.Property;
import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KadKeyTest {

  @Test
  void isTheSha256OfTheName() {
    // FIPS 180-2, appendix B.1.
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        KadKey.of("abc".getBytes(US_ASCII)).toString());
  }

  @Test
  void readsOnlyWholeDigests() {
    assertThrows(IllegalArgumentException.class, () -> KadKey.ofDigest(new byte[31]));
  }

  @Test
  void comparesByXorLikeBigIntegersDo() {
    Property.forAll(
        2_000,
        random -> {
          byte[] one = Property.bytesOfLength(random, 32);
          byte[] two = similar(one, random.nextInt(257), random.nextLong());
          byte[] three = similar(one, random.nextInt(257), random.nextLong());
          int expected = xor(one, two).compareTo(xor(one, three));
          KadKey key = KadKey.ofDigest(one);
          assertEquals(
              expected,
              Integer.signum(key.compareDistances(KadKey.ofDigest(two), KadKey.ofDigest(three))));
          assertEquals(
              256 - xor(one, two).bitLength(), key.commonPrefixLength(KadKey.ofDigest(two)));
          assertEquals(
              xor(one, two).doubleValue() / Math.pow(2, 256),
              key.distance(KadKey.ofDigest(two)),
              1e-15);
        });
  }

  /** Shares {@code prefix} bits, the rest is random. */
  private static byte[] similar(byte[] bytes, int prefix, long seed) {
    byte[] other = new byte[32];
    new SplittableRandom(seed).nextBytes(other);
    BigInteger mask = BigInteger.ONE.shiftLeft(256 - prefix).subtract(BigInteger.ONE);
    BigInteger mixed = new BigInteger(1, bytes).andNot(mask).or(new BigInteger(1, other).and(mask));
    byte[] result = new byte[32];
    for (int i = 0; i < 32; i++) {
      result[31 - i] = mixed.shiftRight(8 * i).byteValue();
    }
    return result;
  }

  private static BigInteger xor(byte[] one, byte[] other) {
    return new BigInteger(1, one).xor(new BigInteger(1, other));
  }
}

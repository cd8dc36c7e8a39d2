package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.libp2p.testing.Property;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class MultiformatsPropertyTest {

  private static final List<String> ADDRESSES = MultiaddrFuzzTest.textSeeds().toList();

  @Test
  void varintsSurviveTheirEncoding() throws Exception {
    Property.forAll(
        2_000,
        random -> {
          long value = random.nextLong() >>> (1 + random.nextInt(63));
          byte[] bytes = Varint.encode(value);
          assertEquals(Varint.length(value), bytes.length);
          assertEquals(value, Varint.decode(ByteBuffer.wrap(bytes)));
        });
  }

  @Test
  void bytesSurviveEveryBase() {
    Property.forAll(
        2_000,
        random -> {
          byte[] bytes = Property.bytes(random, 100);
          Multibase base = Property.pick(random, List.of(Multibase.values()));
          assertArrayEquals(bytes, Multibase.decode(base.encode(bytes)));
        });
  }

  /** The JDK's arithmetic as the reference. */
  @Test
  void base36IsTheNumberInBase36() {
    Property.forAll(
        500,
        random -> {
          byte[] bytes = Property.bytesOfLength(random, 1 + random.nextInt(60));
          bytes[0] |= 1;
          assertEquals("k" + new BigInteger(1, bytes).toString(36), Multibase.BASE36.encode(bytes));
        });
  }

  @Test
  void damagedTextIsRejectedOrReadAsWhatItSays() {
    Property.forAll(
        5_000,
        random -> {
          Multibase base = Property.pick(random, List.of(Multibase.values()));
          String text = base.encode(Property.bytes(random, 50));
          new MultibaseFuzzTest().hasOneTextForEachValue(damaged(random, text));
        });
  }

  @Test
  void damagedMultihashesAndCidsAreRejectedOrReadAsWhatTheySay() {
    Property.forAll(
        5_000,
        random -> {
          Multihash hash =
              random.nextBoolean()
                  ? Multihash.sha256(Property.bytes(random, 9))
                  : Multihash.of(random.nextInt(0x12), Property.bytes(random, 100));
          Cid cid = Cid.of(random.nextInt(1_000), hash);
          new MultihashFuzzTest()
              .hasOneEncodingForEachValue(Property.mutate(random, hash.toBytes()));
          new CidFuzzTest().hasOneEncodingForEachValue(cid.toBytes());
          new CidFuzzTest().hasOneEncodingForEachValue(Property.mutate(random, cid.toBytes()));
          new CidFuzzTest().readsWhatItWrites(cid.toString());
          new CidFuzzTest().readsWhatItWrites(damaged(random, cid.toString()));
        });
  }

  @Test
  void damagedMultiaddrsAreRejectedOrReadAsWhatTheySay() {
    Property.forAll(
        20_000,
        random -> {
          String text = Property.pick(random, ADDRESSES);
          byte[] bytes = Multiaddr.parse(text).toBytes();
          new MultiaddrFuzzTest().hasOneEncodingForEachValue(Property.mutate(random, bytes));
          new MultiaddrFuzzTest().readsWhatItWrites(damaged(random, text));
        });
  }

  /** The JDK as the reference; zeros are frequent, as they are what the text shortens. */
  @Test
  void ip6TextMeansTheSameToTheJdk() {
    Property.forAll(
        5_000,
        random -> {
          byte[] ip = Property.bytesOfLength(random, 16);
          int zeros = random.nextInt(0x10000);
          for (int group = 0; group < 8; group++) {
            if ((zeros >>> group & 1) == 0) {
              ip[2 * group] = 0;
              ip[2 * group + 1] = 0;
            }
          }
          assertArrayEquals(ip, IpText.parse6(IpText.format6(ip)));
          if (!IpText.isMappedIp4(ip)) {
            InetAddress jdk = InetAddress.getByAddress(ip);
            assertEquals(jdk, InetAddress.getByName(IpText.format6(ip)));
            assertArrayEquals(ip, IpText.parse6(jdk.getHostAddress()));
          }
        });
  }

  private static String damaged(RandomGenerator random, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new String(Property.mutate(random, bytes), StandardCharsets.UTF_8);
  }
}

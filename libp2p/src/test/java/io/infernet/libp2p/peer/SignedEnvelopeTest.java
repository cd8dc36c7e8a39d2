package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class SignedEnvelopeTest {

  private static final byte[] PAYLOAD = "what is signed".getBytes(StandardCharsets.UTF_8);

  /**
   * {@code RecordEnvelope.seal} of @libp2p/peer-record 9, secp256k1 key 0x11…11, domain {@code
   * infernet-test}, type {@code /infernet/test/1}.
   */
  private static final byte[] FROM_JS =
      HexFormat.of()
          .parseHex(
              "0a2508021221034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa1210"
                  + "2f696e6665726e65742f746573742f311a0e77686174206973207369676e65642a473045022100e3"
                  + "53499f7afc7e72ee2372c676ece066b3091f241cd2f7763fa98af3762f5485022068be3254f5f049"
                  + "43a961748ecec328caf79915cd4a2e4df7fed8cb7c17b3b504");

  @Test
  void readsWhatJsLibp2pSealed() throws ProtocolViolationException {
    SignedEnvelope envelope = SignedEnvelope.fromBytes(FROM_JS, 100);

    assertTrue(envelope.isSignedFor("infernet-test", "/infernet/test/1"));
    assertArrayEquals(PAYLOAD, envelope.payload());
    assertEquals(
        "16Uiu2HAmHzBkRq62mG95vsjKMuYQBezZCtjPXYWUoyVxMxi71aB3",
        PeerId.of(envelope.signer()).toString());
    assertArrayEquals(FROM_JS, envelope.toBytes());
  }

  @Test
  void readsWhatItWroteWithEveryTypeOfKey() throws ProtocolViolationException {
    for (KeyType type : KeyType.values()) {
      SignedEnvelope envelope =
          SignedEnvelope.sign(TestIdentities.privateKey(type, 1), "d", "t", PAYLOAD);
      SignedEnvelope read = SignedEnvelope.fromBytes(envelope.toBytes(), PAYLOAD.length);

      assertEquals(envelope, read);
      assertTrue(read.isSignedFor("d", "t"), type.toString());
      assertTrue(envelope.toBytes().length <= PAYLOAD.length + SignedEnvelope.OVERHEAD);
    }
  }

  @Test
  void countsForOnePurposeOnly() {
    SignedEnvelope envelope = SignedEnvelope.sign(TestIdentities.privateKey(1), "ab", "c", PAYLOAD);

    assertTrue(envelope.isSignedFor("ab", "c"));
    assertFalse(envelope.isSignedFor("a", "bc"));
    assertFalse(envelope.isSignedFor("ab", "d"));
    assertFalse(envelope.isSignedFor("abc", ""));
  }

  @Test
  void takesTypesThatAreNoText() throws ProtocolViolationException {
    byte[] type = {(byte) 0xff, 0x01};
    SignedEnvelope envelope = SignedEnvelope.sign(TestIdentities.privateKey(1), "d", type, PAYLOAD);
    SignedEnvelope read = SignedEnvelope.fromBytes(envelope.toBytes(), 100);

    assertTrue(read.isSignedFor("d", type));
    assertFalse(read.isSignedFor("d", new byte[] {(byte) 0xfe, 0x01}));
    assertTrue(read.toString().startsWith("ff01, 14 bytes"), read.toString());
  }

  @Test
  void noticesEveryChange() {
    byte[] honest = SignedEnvelope.sign(TestIdentities.privateKey(1), "d", "t", PAYLOAD).toBytes();
    Property.forAll(
        300,
        random -> {
          try {
            SignedEnvelope read = SignedEnvelope.fromBytes(Property.mutate(random, honest), 1_000);
            if (read.isSignedFor("d", "t") && read.signer().equals(TestIdentities.publicKey(1))) {
              assertArrayEquals(PAYLOAD, read.payload());
            }
          } catch (ProtocolViolationException e) {
            // The one way to say no.
          }
        });
  }

  @Test
  void refusesPayloadsOverTheLimit() {
    byte[] bytes = SignedEnvelope.sign(TestIdentities.privateKey(1), "d", "t", PAYLOAD).toBytes();

    assertThrows(
        ProtocolViolationException.class,
        () -> SignedEnvelope.fromBytes(bytes, PAYLOAD.length - 1));
    assertThrows(
        ProtocolViolationException.class, () -> SignedEnvelope.fromBytes(new byte[4_000], 10));
    assertThrows(ProtocolViolationException.class, () -> SignedEnvelope.fromBytes(new byte[0], 10));
  }
}

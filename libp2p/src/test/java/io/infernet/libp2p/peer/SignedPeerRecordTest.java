package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignedPeerRecordTest {

  private static final PrivateKey KEY = TestIdentities.privateKey(1);
  private static final PeerId PEER = TestIdentities.peerId(1);
  private static final Multiaddr ADDRESS = Multiaddr.parse("/ip4/192.0.2.1/tcp/4001");
  private static final PeerRecord RECORD = new PeerRecord(PEER, 7, List.of(ADDRESS));

  /** {@code RecordEnvelope.seal} of @libp2p/peer-record 9, secp256k1 key 0x11…11. */
  private static final byte[] FROM_JS =
      HexFormat.of()
          .parseHex(
              "0a2508021221034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa1202"
                  + "03011a4e0a27002508021221034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b7"
                  + "04075871aa1080d095ffbc311a0a0a0804c0000201060fa11a100a0e3609612e6578616d706c6506"
                  + "0fa12a473045022100ba47ca58d293e8fb00b0ceabc4ec7d325422e8ae2be42057b223d410873126"
                  + "54022020052834146edbd3ededad86250917b9e1ebfcf2fcd490362375df6f99b6462a");

  @Test
  void readsWhatJsLibp2pSealed() throws ProtocolViolationException {
    SignedPeerRecord signed = SignedPeerRecord.fromBytes(FROM_JS);

    assertEquals(
        new PeerRecord(
            PeerId.parse("16Uiu2HAmHzBkRq62mG95vsjKMuYQBezZCtjPXYWUoyVxMxi71aB3"),
            1_700_000_000_000L,
            List.of(ADDRESS, Multiaddr.parse("/dns4/a.example/tcp/4001"))),
        signed.record());
    assertArrayEquals(FROM_JS, signed.toBytes());
  }

  @Test
  void readsWhatItSigned() throws ProtocolViolationException {
    SignedPeerRecord signed = SignedPeerRecord.sign(KEY, RECORD);
    SignedPeerRecord read = SignedPeerRecord.fromBytes(signed.toBytes());

    assertEquals(RECORD, read.record());
    assertEquals(signed, read);
  }

  @Test
  void refusesARecordThatAnotherPeerSigned() {
    assertThrows(
        IllegalArgumentException.class,
        () -> SignedPeerRecord.sign(TestIdentities.privateKey(2), RECORD));
    SignedEnvelope forged =
        SignedEnvelope.sign(
            TestIdentities.privateKey(2),
            "libp2p-peer-record",
            new byte[] {3, 1},
            RECORD.toBytes());
    assertThrows(ProtocolViolationException.class, () -> SignedPeerRecord.of(forged));
  }

  @Test
  void refusesWhatWasSignedForAnotherPurpose() {
    assertThrows(
        ProtocolViolationException.class,
        () ->
            SignedPeerRecord.of(
                SignedEnvelope.sign(KEY, "other", new byte[] {3, 1}, RECORD.toBytes())));
    assertThrows(
        ProtocolViolationException.class,
        () ->
            SignedPeerRecord.of(
                SignedEnvelope.sign(KEY, "libp2p-peer-record", "text", RECORD.toBytes())));
  }

  @Test
  void leavesOutAddressesOfOthersAndThoseItDoesNotUnderstand() throws ProtocolViolationException {
    PeerRecord odd =
        new PeerRecord(
            PEER, 1, List.of(ADDRESS.withPeer(TestIdentities.peerId(2)), ADDRESS.withPeer(PEER)));
    assertEquals(List.of(ADDRESS), PeerRecord.fromBytes(odd.toBytes()).addresses());

    byte[] plain = RECORD.toBytes();
    byte[] later = new byte[plain.length + 7];
    System.arraycopy(plain, 0, later, 0, plain.length);
    // Another address, of protocol 0x7f, which there is not.
    System.arraycopy(new byte[] {0x1a, 5, 0x0a, 3, 0x7f, 1, 2}, 0, later, plain.length, 7);
    assertEquals(RECORD, PeerRecord.fromBytes(later));
  }

  @Test
  void refusesRecordsOverTheLimit() {
    PeerRecord large = new PeerRecord(PEER, 1, Collections.nCopies(1_000, ADDRESS));

    assertThrows(IllegalArgumentException.class, () -> SignedPeerRecord.sign(KEY, large));
    assertThrows(ProtocolViolationException.class, () -> PeerRecord.fromBytes(large.toBytes()));
    assertThrows(
        ProtocolViolationException.class,
        () -> SignedPeerRecord.fromBytes(new byte[SignedPeerRecord.MAX_LENGTH + 1]));
  }

  @Test
  void takesSequenceNumbersAsUnsigned() {
    assertTrue(at(-1).isNewerThan(at(Long.MAX_VALUE)));
    assertTrue(at(1).isNewerThan(at(0)));
    assertFalse(at(1).isNewerThan(at(1)));
  }

  @Test
  void noticesEveryChange() {
    byte[] honest = SignedPeerRecord.sign(KEY, RECORD).toBytes();
    Property.forAll(
        300,
        random -> {
          try {
            assertEquals(
                RECORD, SignedPeerRecord.fromBytes(Property.mutate(random, honest)).record());
          } catch (ProtocolViolationException e) {
            // The one way to say no.
          }
        });
  }

  private static PeerRecord at(long sequence) {
    return new PeerRecord(PEER, sequence, List.of());
  }
}

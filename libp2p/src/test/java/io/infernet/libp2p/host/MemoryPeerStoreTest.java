package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerRecord;
import io.infernet.libp2p.peer.SignedPeerRecord;
import io.infernet.libp2p.testing.TestIdentities;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryPeerStoreTest {

  private static final PeerId PEER = TestIdentities.peerId(1);

  private final MemoryPeerStore store = new MemoryPeerStore(2, 3);

  @Test
  void putsNewAddressesFirstAndDropsTheOldest() {
    store.addAddresses(PEER, List.of(address(1), address(2)));
    store.addAddresses(PEER, List.of(address(3), address(2)));

    assertEquals(List.of(address(3), address(2), address(1)), store.addresses(PEER));

    store.addAddresses(PEER, List.of(address(4)));
    assertEquals(List.of(address(4), address(3), address(2)), store.addresses(PEER));
  }

  @Test
  void forgetsThePeerThatWasUsedLongestAgo() {
    store.addAddresses(PEER, List.of(address(1)));
    store.addAddresses(TestIdentities.peerId(2), List.of(address(2)));
    store.addresses(PEER);
    store.addAddresses(TestIdentities.peerId(3), List.of(address(3)));

    assertEquals(List.of(address(1)), store.addresses(PEER));
    assertTrue(store.addresses(TestIdentities.peerId(2)).isEmpty());
  }

  @Test
  void remembersWhatAPeerSaid() {
    assertEquals(Optional.empty(), store.metadata(PEER));
    PeerStore.PeerMetadata said =
        new PeerStore.PeerMetadata("agent", "protocol", List.of(ProtocolId.of("/a")));

    store.setMetadata(PEER, said);

    assertEquals(Optional.of(said), store.metadata(PEER));
    assertTrue(store.addresses(PEER).isEmpty());
  }

  @Test
  void prefersAddressesThatThePeerSigned() {
    store.addAddresses(PEER, List.of(address(1), address(2), address(3)));

    assertTrue(store.addSignedRecord(signed(1, address(3))));
    assertEquals(List.of(address(3), address(1), address(2)), store.addresses(PEER));

    store.addAddresses(PEER, List.of(address(4), address(5), address(6)));
    assertEquals(List.of(address(3), address(4), address(5)), store.addresses(PEER));
  }

  @Test
  void forgetsAddressesThatANewerRecordHasNoLonger() {
    store.addSignedRecord(signed(1, address(1), address(2)));
    store.addAddresses(PEER, List.of(address(1), address(2), address(3)));

    assertTrue(store.addSignedRecord(signed(2, address(2))));

    assertEquals(List.of(address(2), address(3)), store.addresses(PEER));
    assertEquals(Optional.of(signed(2, address(2))), store.signedRecord(PEER));
  }

  @Test
  void keepsTheNewestRecord() {
    SignedPeerRecord newest = signed(2, address(1));
    assertTrue(store.addSignedRecord(newest));

    assertFalse(store.addSignedRecord(signed(1, address(2))));
    assertFalse(store.addSignedRecord(signed(2, address(2))));
    assertTrue(store.addSignedRecord(newest), "the same again");

    assertEquals(Optional.of(newest), store.signedRecord(PEER));
    assertEquals(Optional.empty(), store.signedRecord(TestIdentities.peerId(2)));
  }

  private static SignedPeerRecord signed(long sequence, Multiaddr... addresses) {
    return SignedPeerRecord.sign(
        TestIdentities.privateKey(1), new PeerRecord(PEER, sequence, List.of(addresses)));
  }

  private static Multiaddr address(int n) {
    return Multiaddr.parse("/ip4/192.0.2." + n + "/tcp/1");
  }
}

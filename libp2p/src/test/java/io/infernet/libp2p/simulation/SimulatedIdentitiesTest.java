package io.infernet.libp2p.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SimulatedIdentitiesTest {

  private final SimulatedIdentities identities = new SimulatedIdentities(new SplittableRandom(7));

  @Test
  void makesTheSameValidKeysForTheSameSeed() throws Exception {
    PublicKey first = identities.next();

    assertEquals(first, new SimulatedIdentities(new SplittableRandom(7)).next());
    assertNotEquals(first, identities.next());
    assertEquals(KeyType.ED25519, first.type());
    assertEquals(first, PublicKey.fromProtobuf(first.toProtobuf()));
  }

  @Test
  void grindsForTheIdThatCostsLeast() {
    PublicKey found = identities.cheapest(10_000, SimulatedIdentitiesTest::firstKeyByte);

    assertEquals(0, firstKeyByte(PeerId.of(found)));
    assertTrue(PeerId.of(found).publicKey().isPresent());
  }

  private static int firstKeyByte(PeerId peer) {
    return peer.toBytes()[6] & 0xff;
  }
}

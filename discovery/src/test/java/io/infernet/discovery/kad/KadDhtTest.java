package io.infernet.discovery.kad;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The DHT on a network of up to a hundred nodes. */
class KadDhtTest {

  @Test
  void findsTheTrueClosestPeersOfAnyKey() {
    KadNetwork net = new KadNetwork(1);
    net.grow(100, KadConfig.defaults());
    for (int i = 0; i < 50; i++) {
      byte[] key = net.randomKey();
      KadNetwork.Node asker = net.randomNode();
      LookupResult result = net.await(asker.dht().lookUp(key));
      assertEquals(net.closest(key, 20, asker), KadNetwork.ids(result.closest()));
    }
  }

  @Test
  void findsWhoProvidesAKey() {
    KadNetwork net = new KadNetwork(2);
    net.grow(60, KadConfig.defaults());
    KadNetwork.Node provider = net.randomNode();
    Multihash key = Multihash.sha256(net.randomKey());
    assertTrue(net.await(provider.dht().provide(key)) >= 20);
    for (int i = 0; i < 20; i++) {
      KadNetwork.Node asker = net.randomNode();
      if (asker != provider) {
        List<PeerId> found = KadNetwork.ids(net.await(asker.dht().findProviders(key, 5)));
        assertEquals(List.of(provider.id()), found);
      }
    }
  }
}

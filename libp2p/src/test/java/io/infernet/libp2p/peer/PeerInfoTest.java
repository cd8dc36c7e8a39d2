package io.infernet.libp2p.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multiaddr;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeerInfoTest {

  private static final String ID = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

  @Test
  void comesFromAnAddressThatEndsInAPeer() {
    assertEquals(
        new PeerInfo(PeerId.parse(ID), List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/4001"))),
        PeerInfo.parse("/ip4/192.0.2.1/tcp/4001/p2p/" + ID));
  }

  @Test
  void mayBeWithoutAddresses() {
    assertEquals(new PeerInfo(PeerId.parse(ID), List.of()), PeerInfo.parse("/p2p/" + ID));
  }

  @Test
  void saysWhatIsMissing() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> PeerInfo.parse("/ip4/192.0.2.1/tcp/4001"));
    assertEquals(
        "\"/ip4/192.0.2.1/tcp/4001\" does not say whose address it is: end it in /p2p/ID",
        e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> PeerInfo.parse("192.0.2.1:4001"));
    assertTrue(e.getMessage().startsWith("not a multiaddr"), e.getMessage());
  }
}

package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.mesh.Sampling;
import io.infernet.discovery.gossip.wire.GossipRpc.OtherPeer;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.AddressScope;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.SignedPeerRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells pruned peers of others and follows such recommendations, gossipsub v1.1 "Peer Exchange".
 * Only addresses that the recommended peer signed itself are dialled, a few at once. Used by the
 * router's executor alone.
 */
final class PeerExchange {

  private static final Logger LOG = LoggerFactory.getLogger(PeerExchange.class);

  private final Host host;
  private final GossipConfig config;
  private final PeerLinks links;
  private final RandomGenerator random;
  private int dialling;

  PeerExchange(Host host, GossipConfig config, PeerLinks links, RandomGenerator random) {
    this.host = host;
    this.config = config;
    this.links = links;
    this.random = random;
  }

  /** Some of {@code subscribers} for a peer that is pruned, each with what it signed if known. */
  List<OtherPeer> recommend(Collection<PeerId> subscribers, PeerId receiver) {
    List<PeerId> good = new ArrayList<>();
    for (PeerId id : subscribers) {
      GossipPeer peer = links.find(id);
      if (peer != null && peer.score >= 0 && !id.equals(receiver)) {
        good.add(id);
      }
    }
    List<OtherPeer> others = new ArrayList<>();
    for (PeerId id : Sampling.pick(good, config.mesh().exchangedPeers(), random)) {
      byte[] record =
          host.peers().signedRecord(id).map(SignedPeerRecord::toBytes).orElse(new byte[0]);
      others.add(
          new OtherPeer(
              id, record.length <= config.wire().maxPeerRecordSize() ? record : new byte[0]));
    }
    return others;
  }

  /** Connects some peers that another one recommended. */
  void follow(List<OtherPeer> others, GossipPeer recommender) {
    for (OtherPeer other : Sampling.pick(others, config.mesh().exchangedPeers(), random)) {
      if (dialling >= config.limits().maxExchangeDials()) {
        return;
      }
      byte[] bytes = other.signedRecord().orElse(null);
      if (bytes == null || other.id().equals(host.peerId()) || links.find(other.id()) != null) {
        continue;
      }
      try {
        SignedPeerRecord record = SignedPeerRecord.fromBytes(bytes);
        if (!record.record().peer().equals(other.id())) {
          throw new ProtocolViolationException("the record is another peer's");
        }
        List<Multiaddr> addresses = dialable(record.record().addresses(), recommender);
        if (!addresses.isEmpty()) {
          host.peers().addSignedRecord(record);
          dial(new PeerInfo(other.id(), addresses));
        }
      } catch (ProtocolViolationException e) {
        LOG.debug("{} recommended {}: {}", recommender, other.id(), e.getMessage());
      }
    }
  }

  /** Nobody far away makes this node dial into its own network. */
  private static List<Multiaddr> dialable(List<Multiaddr> addresses, GossipPeer recommender) {
    Connection connection = recommender.connection();
    AddressScope near =
        connection == null ? AddressScope.PUBLIC : connection.remoteAddress().scope();
    return addresses.stream()
        .filter(
            address ->
                address.scope().mayBePublic()
                    || address.scope() == near
                    || near == AddressScope.LOOPBACK)
        .toList();
  }

  private void dial(PeerInfo peer) {
    dialling++;
    host.connect(peer).whenComplete((connection, error) -> links.run(() -> dialling--));
  }
}

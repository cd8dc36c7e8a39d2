package io.infernet.discovery.gossip;

import static io.infernet.discovery.gossip.GossipConfig.MESHSUB_1_0;
import static io.infernet.discovery.gossip.GossipConfig.MESHSUB_1_2;
import static io.infernet.discovery.gossip.GossipNetwork.TOPIC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.gossip.GossipNetwork.Node;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.GossipRpc.OtherPeer;
import io.infernet.discovery.gossip.wire.GossipRpc.Prune;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerRecord;
import io.infernet.libp2p.peer.SignedPeerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Meshes: GRAFT, PRUNE, back-off, peer exchange, and who is in none. */
class GossipMeshTest {

  private final GossipNetwork net = new GossipNetwork();
  private int raws = 1000;

  private RawPeer raw() {
    return new RawPeer(net, ++raws, MESHSUB_1_2);
  }

  private static GossipRpc graft() {
    return GossipRpc.builder().graft(TOPIC).build();
  }

  private static GossipRpc prune(Duration backoff, OtherPeer... others) {
    return GossipRpc.builder()
        .prune(new Prune(TOPIC, List.of(others), Optional.of(backoff)))
        .build();
  }

  @Test
  void saysItsSubscriptionsFirstAndGraftsWhoIsSubscribed() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);

    assertEquals(
        List.of(new GossipRpc.Subscription(TOPIC, true)), peer.heard.get(0).subscriptions());
    assertEquals(List.of(TOPIC), peer.grafts());
    assertEquals(Set.of(peer.id()), node.router.meshPeers(TOPIC));
  }

  @Test
  void protectsMeshPeersFromBeingTrimmed() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    assertEquals(Set.of("gossip:" + TOPIC), node.host.protections(peer.id()));

    peer.say(prune(Duration.ofSeconds(60)));
    assertEquals(Set.of(), node.host.protections(peer.id()));
  }

  @Test
  void doesNotGraftAgainBeforeTheBackoffThatThePrunerAskedFor() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    peer.say(prune(Duration.ofSeconds(20)));
    peer.heard.clear();
    net.seconds(20);
    assertEquals(List.of(), peer.grafts());
    assertEquals(Set.of(), node.router.meshPeers(TOPIC));

    net.seconds(5);
    assertEquals(List.of(TOPIC), peer.grafts());
  }

  @Test
  void bringsAPeerThatGraftsDuringTheBackoffBelowZero() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    peer.say(prune(Duration.ofSeconds(60)));
    peer.heard.clear();
    for (int i = 0; i < 5; i++) {
      peer.say(graft());
    }

    assertEquals(5, peer.prunes().size());
    assertTrue(peer.prunes().stream().allMatch(prune -> prune.peers().isEmpty()));
    assertEquals(Duration.ofSeconds(60), RawPeer.backoff(peer.prunes().get(0)));
    assertTrue(node.router.score(peer.id()) < -50, () -> "score " + node.router.score(peer.id()));
    net.seconds(63);
    assertEquals(Set.of(), node.router.meshPeers(TOPIC));
  }

  @Test
  void listensNoMoreToAPeerThatFloodsItWithGrafts() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    peer.say(prune(Duration.ofSeconds(60)));
    for (int i = 0; i < 50; i++) {
      peer.sayQuickly(graft());
    }
    net.seconds(1);
    assertTrue(node.router.score(peer.id()) < -400);

    peer.heard.clear();
    peer.say(graft());
    peer.say(GossipRpc.of(peer.message("from the graylist")));
    net.seconds(2);
    assertEquals(List.of(), peer.heard);
    assertEquals(List.of(), node.read);
  }

  @Test
  void ignoresGraftsForTopicsThatItIsNotSubscribedTo() {
    Node node = net.node();
    RawPeer peer = raw().join(node.host);
    peer.say(graft());
    net.seconds(3);

    assertEquals(List.of(), peer.prunes());
    assertEquals(0, node.router.score(peer.id()));
  }

  @Test
  void prunesWithAShortBackoffWhenItLeaves() {
    Node node = net.node();
    Subscription subscription = node.router.subscribe(TOPIC, message -> {});
    RawPeer peer = raw().join(node.host);
    subscription.close();
    net.millis(50);

    assertEquals(List.of(TOPIC), peer.prunes().stream().map(Prune::topic).toList());
    assertEquals(Duration.ofSeconds(10), RawPeer.backoff(peer.prunes().get(0)));
    assertEquals(
        new GossipRpc.Subscription(TOPIC, false),
        peer.subscriptions().get(peer.subscriptions().size() - 1));

    node.router.subscribe(TOPIC, message -> {});
    net.seconds(9);
    assertEquals(1, peer.grafts().size());
    net.seconds(5);
    assertEquals(2, peer.grafts().size());
  }

  @Test
  void keepsATopicUntilItsLastReaderHasLeft() {
    Node node = net.node();
    Subscription first = node.router.subscribe(TOPIC, message -> {});
    Subscription second = node.router.subscribe(TOPIC, message -> {});
    RawPeer peer = raw().join(node.host);
    first.close();
    first.close();
    net.millis(50);
    assertEquals(List.of(), peer.prunes());

    second.close();
    net.millis(50);
    assertEquals(1, peer.prunes().size());
  }

  @Test
  void refusesAGraftWhenTheMeshIsFullAndRecommendsOthers() {
    Node node = net.node(GossipConfigs.mesh(2, 3)).subscribed();
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      RawPeer peer = raw().join(node.host);
      node.host
          .peers()
          .addSignedRecord(
              SignedPeerRecord.sign(
                  peer.key, new PeerRecord(peer.id(), 1, peer.host.listenAddresses())));
      peers.add(peer);
    }
    RawPeer third = peers.get(2);
    third.say(graft());
    assertEquals(3, node.router.meshPeers(TOPIC).size());
    RawPeer fourth = peers.get(3);
    fourth.say(graft());

    assertEquals(3, node.router.meshPeers(TOPIC).size());
    Prune prune = fourth.prunes().get(0);
    assertEquals(Duration.ofSeconds(10), RawPeer.backoff(prune));
    assertEquals(
        Set.of(peers.get(0).id(), peers.get(1).id(), third.id()),
        Set.copyOf(prune.peers().stream().map(OtherPeer::id).toList()));
    assertTrue(prune.peers().stream().allMatch(other -> other.signedRecord().isPresent()));
  }

  @Test
  void prunesDownToItsDegreeWhenPeersThatItDialledGraftBeyondTheLimit() {
    Node node = net.node(GossipConfigs.mesh(2, 3)).subscribed();
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      RawPeer peer = raw();
      net.connect(node, peer.host);
      peers.add(peer.join(node.host));
    }
    peers.forEach(peer -> peer.sayQuickly(graft()));
    net.millis(15);
    assertEquals(5, node.router.meshPeers(TOPIC).size());
    net.seconds(1);

    assertEquals(2, node.router.meshPeers(TOPIC).size());
    assertEquals(3, peers.stream().filter(peer -> !peer.prunes().isEmpty()).count());
  }

  @Test
  void connectsPeersThatAPrunerRecommendsWithTheirSignature() {
    Node node = net.node().subscribed();
    RawPeer pruner = raw().join(node.host);
    Node honest = net.node().subscribed();
    Node forged = net.node().subscribed();
    Node unsigned = net.node().subscribed();
    byte[] record =
        SignedPeerRecord.sign(
                honest.key, new PeerRecord(honest.id(), 1, honest.host.listenAddresses()))
            .toBytes();
    pruner.say(
        prune(
            Duration.ofSeconds(60),
            new OtherPeer(forged.id(), record),
            new OtherPeer(unsigned.id(), new byte[0]),
            new OtherPeer(honest.id(), record)));
    net.seconds(2);

    assertTrue(GossipNetwork.connected(node.host, honest.host));
    assertFalse(GossipNetwork.connected(node.host, forged.host));
    assertFalse(GossipNetwork.connected(node.host, unsigned.host));
    assertEquals(Set.of(honest.id()), node.router.meshPeers(TOPIC));
  }

  @Test
  void takesNoRecommendationsFromAPeerThatWasInNoMesh() {
    Node node = net.node().subscribed();
    RawPeer pruner = raw().join(node.host);
    pruner.say(prune(Duration.ofSeconds(60)));
    Node other = net.node().subscribed();
    pruner.say(
        prune(
            Duration.ofSeconds(60),
            new OtherPeer(
                other.id(),
                SignedPeerRecord.sign(
                        other.key, new PeerRecord(other.id(), 1, other.host.listenAddresses()))
                    .toBytes())));
    net.seconds(2);

    assertFalse(GossipNetwork.connected(node.host, other.host));
  }

  @Test
  void dialsNoPrivateAddressThatAPublicPeerRecommends() {
    Node node = net.node().subscribed();
    RawPeer pruner =
        new RawPeer(net, ++raws, Multiaddr.parse("/ip4/20.0.0.1/tcp/4001"), MESHSUB_1_2)
            .join(node.host);
    Node inside = net.node().subscribed();
    pruner.say(
        prune(
            Duration.ofSeconds(60),
            new OtherPeer(
                inside.id(),
                SignedPeerRecord.sign(
                        inside.key, new PeerRecord(inside.id(), 1, inside.host.listenAddresses()))
                    .toBytes())));
    net.seconds(2);

    assertFalse(GossipNetwork.connected(node.host, inside.host));
  }

  @Test
  void tellsTheHostWhoIsUseful() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    RawPeer mute = new RawPeer(net, ++raws);
    mute.host.connect(node.host.info());
    net.seconds(2);
    int before = node.host.tags(peer.id()).get("gossip");
    for (int i = 0; i < 20; i++) {
      peer.say(GossipRpc.of(peer.message("news " + i)));
    }
    net.seconds(2);

    assertTrue(before > 0);
    assertTrue(node.host.tags(peer.id()).get("gossip") > before);
    assertEquals(Map.of(), node.host.tags(mute.id()));
  }

  @Test
  void takesNoRecommendationsFromAPeerOfLowScore() {
    Node node = net.node().subscribed();
    RawPeer pruner = raw().join(node.host);
    Node other = net.node().subscribed();
    node.opinions.put(pruner.id(), -1.0);
    net.seconds(2);
    pruner.say(
        prune(
            Duration.ofSeconds(60),
            new OtherPeer(
                other.id(),
                SignedPeerRecord.sign(
                        other.key, new PeerRecord(other.id(), 1, other.host.listenAddresses()))
                    .toBytes())));
    net.seconds(2);

    assertFalse(GossipNetwork.connected(node.host, other.host));
  }

  @Test
  void prunesAPeerWhoseScoreFallsBelowZeroAndRecommendsNobodyToIt() {
    Node node = net.node().subscribed();
    RawPeer bad = raw().join(node.host);
    RawPeer good = raw().join(node.host);
    assertEquals(Set.of(bad.id(), good.id()), node.router.meshPeers(TOPIC));
    node.opinions.put(bad.id(), -1.0);
    net.seconds(2);

    assertEquals(Set.of(good.id()), node.router.meshPeers(TOPIC));
    assertEquals(List.of(), bad.prunes().get(0).peers());
    bad.say(graft());
    assertEquals(Set.of(good.id()), node.router.meshPeers(TOPIC));
  }

  @Test
  void tellsPeersOfTheFirstVersionNothingOfBackoff() {
    Node node = net.node();
    Subscription subscription = node.router.subscribe(TOPIC, message -> {});
    RawPeer old = new RawPeer(net, ++raws, MESHSUB_1_0).join(node.host);
    subscription.close();
    net.millis(50);

    assertEquals(Optional.empty(), old.prunes().get(0).backoff());
  }

  @Test
  void keepsDirectPeersOutOfTheMeshButConnected() {
    RawPeer direct = raw();
    Node node = net.node(GossipConfigs.direct(direct.host.info())).subscribed();
    net.seconds(1);
    assertTrue(GossipNetwork.connected(node.host, direct.host));
    direct.join(node.host);
    net.seconds(2);
    assertEquals(Set.of(), node.router.meshPeers(TOPIC));

    direct.say(graft());
    assertEquals(1, direct.prunes().size());
    node.opinions.put(direct.id(), -10_000.0);
    net.seconds(2);
    direct.say(GossipRpc.of(direct.message("unconditional")));
    assertEquals(List.of("unconditional"), node.read);
    assertEquals(1, node.publish("to all").peers());

    net.network.disconnect(node.id(), direct.id());
    net.seconds(400);
    assertTrue(GossipNetwork.connected(node.host, direct.host));
  }

  @Test
  void graftsBetterPeersIntoAMeshOfPoorOnes() {
    Node node = net.node(GossipConfigs.mesh(2, 4)).subscribed();
    RawPeer one = raw().join(node.host);
    RawPeer two = raw().join(node.host);
    RawPeer better = raw().join(node.host);
    assertEquals(Set.of(one.id(), two.id()), node.router.meshPeers(TOPIC));
    node.opinions.put(better.id(), 5.0);
    net.seconds(62);

    assertEquals(Set.of(one.id(), two.id(), better.id()), node.router.meshPeers(TOPIC));
    assertEquals(List.of(TOPIC), better.grafts());
  }

  @Test
  void opensItsStreamAgainAfterItBroke() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    peer.resetInbound();
    net.millis(100);
    assertEquals(Set.of(), node.router.meshPeers(TOPIC));
    peer.heard.clear();
    net.seconds(2);

    assertEquals(List.of(new GossipRpc.Subscription(TOPIC, true)), peer.subscriptions());
    assertEquals(Set.of(peer.id()), node.router.meshPeers(TOPIC));
  }

  @Test
  void givesUpOnAPeerThatSpeaksNoGossip() {
    Node node = net.node().subscribed();
    RawPeer mute = new RawPeer(net, ++raws);
    mute.host.connect(node.host.info());
    net.seconds(120);

    assertEquals(Set.of(), node.router.subscribers(TOPIC));
    assertEquals(0, node.host.connection(mute.id()).orElseThrow().streamCount());
  }

  @Test
  void goesOnAfterItsExecutorWasOverloaded() {
    Node node = net.node().subscribed();
    Node lost = net.node().subscribed();
    Node stays = net.node().subscribed();
    net.connect(node, lost.host);
    net.connect(node, stays.host);
    net.seconds(2);
    node.overloaded = true;
    net.network.kill(lost.id());
    Node came = net.node().subscribed();
    net.connect(came, node.host);
    stays.publish("unheard");
    assertTrue(node.router.publish(TOPIC, new byte[1]).isCompletedExceptionally());
    net.seconds(5);
    node.overloaded = false;
    net.seconds(70);

    assertEquals(Set.of(stays.id(), came.id()), node.router.subscribers(TOPIC));
    assertEquals(Set.of(stays.id(), came.id()), node.router.meshPeers(TOPIC));
    came.publish("heard");
    net.seconds(1);
    assertEquals(List.of("heard"), node.read);
    assertEquals(List.of("heard"), stays.read);
  }

  @Test
  void beginsAnewWithAPeerThatWasRestarted() {
    Node one = net.node().subscribed();
    Node other = net.node().subscribed();
    net.connect(one, other.host);
    net.seconds(2);
    other.router.close();
    net.seconds(1);
    assertEquals(Set.of(), one.router.subscribers(TOPIC));
    assertEquals(Set.of(), one.router.meshPeers(TOPIC));

    GossipRouter again = other.newRouter(GossipConfig.defaults());
    again.start();
    List<String> read = new ArrayList<>();
    again.subscribe(TOPIC, message -> read.add(GossipNetwork.text(message)));
    net.seconds(2);
    assertEquals(Set.of(other.id()), one.router.meshPeers(TOPIC));
    one.publish("hello again");
    net.seconds(1);
    assertEquals(List.of("hello again"), read);
  }
}

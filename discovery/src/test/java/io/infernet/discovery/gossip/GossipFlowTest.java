package io.infernet.discovery.gossip;

import static io.infernet.discovery.gossip.GossipConfig.FLOODSUB;
import static io.infernet.discovery.gossip.GossipConfig.MESHSUB_1_1;
import static io.infernet.discovery.gossip.GossipConfig.MESHSUB_1_2;
import static io.infernet.discovery.gossip.GossipNetwork.TOPIC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.gossip.GossipNetwork.Node;
import io.infernet.discovery.gossip.TopicValidator.Verdict;
import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.discovery.gossip.wire.PublishedMessage;
import io.infernet.libp2p.multiformats.Varint;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** The way of messages: publishing, validators, IHAVE, IWANT, IDONTWANT. */
class GossipFlowTest {

  private final GossipNetwork net = new GossipNetwork();
  private int raws = 1000;

  private RawPeer raw() {
    return new RawPeer(net, ++raws, MESHSUB_1_2);
  }

  /** One that is connected and subscribed but in no mesh. */
  private RawPeer outsider(Node node) {
    RawPeer peer = raw().join(node.host);
    peer.say(
        GossipRpc.builder()
            .prune(new GossipRpc.Prune(TOPIC, List.of(), Optional.of(Duration.ofMinutes(30))))
            .build());
    return peer;
  }

  private static GossipRpc want(List<MessageId> ids) {
    return GossipRpc.builder().want(ids).build();
  }

  private static GossipRpc have(List<MessageId> ids) {
    return GossipRpc.builder().have(TOPIC, ids).build();
  }

  private static List<MessageId> unknownIds(int from, int count) {
    List<MessageId> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(MessageId.of(ByteBuffer.allocate(8).putInt(from).putInt(i).array()));
    }
    return ids;
  }

  // Publishing.

  @Test
  void publishesToEverySubscriberWhateverTheMesh() {
    Node node = net.node().subscribed();
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      peers.add(outsider(node));
    }
    assertEquals(12, node.publish("to all").peers());
    net.millis(50);

    peers.forEach(peer -> assertEquals(1, peer.messages().size()));
  }

  @Test
  void publishesLessWidelyToTheMeshAlone() {
    Node node = net.node(GossipConfigs.withoutFloodPublish()).subscribed();
    RawPeer inMesh = raw().join(node.host);
    RawPeer outside = outsider(node);
    assertEquals(1, node.publish("to the mesh").peers());
    net.millis(50);

    assertEquals(1, inMesh.messages().size());
    assertEquals(0, outside.messages().size());
  }

  @Test
  void publishesToSomeSubscribersOfATopicThatItDoesNotRead() {
    Node node = net.node(GossipConfigs.withoutFloodPublish());
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      peers.add(raw().join(node.host));
    }
    assertEquals(6, node.publish("one").peers());
    assertEquals(6, node.publish("two").peers());
    net.millis(50);

    List<Integer> got = peers.stream().map(peer -> peer.messages().size()).sorted().toList();
    assertEquals(List.of(0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2), got);
  }

  @Test
  void saysThatNobodyIsThere() {
    assertEquals(0, net.node().publish("alone").peers());
  }

  @Test
  void sendsNothingOfItsOwnToPeersBelowThePublishThreshold() {
    Node node = net.node().subscribed();
    RawPeer bad = raw().join(node.host);
    node.opinions.put(bad.id(), -250.0);
    net.seconds(2);

    assertEquals(0, node.publish("not for you").peers());
  }

  @Test
  void refusesToPublishWhatIsTooLarge() {
    Node node = net.node();
    CompletableFuture<PublishResult> result =
        node.router.publish(TOPIC, new byte[GossipConfig.defaults().wire().maxDataSize() + 1]);

    CompletionException e = Assertions.assertThrows(CompletionException.class, result::join);
    assertTrue(e.getCause() instanceof IllegalArgumentException);
    byte[] largest = new byte[GossipConfig.defaults().wire().maxDataSize()];
    CompletableFuture<PublishResult> fits = node.router.publish(TOPIC, largest);
    net.millis(1);
    assertEquals(0, fits.join().peers());
  }

  @Test
  void exchangesMessagesWithFloodsubPeers() {
    Node node = net.node().subscribed();
    RawPeer gossip = raw().join(node.host);
    RawPeer flood = new RawPeer(net, ++raws, FLOODSUB).join(node.host);
    net.seconds(2);
    assertEquals(List.of(), flood.grafts());

    gossip.say(GossipRpc.of(gossip.message("through the mesh")));
    flood.say(GossipRpc.of(flood.message("through the flood")));
    node.publish("own");
    net.millis(50);
    assertEquals(2, flood.messages().size());
    assertEquals(2, gossip.messages().size());
    assertEquals(List.of("through the mesh", "through the flood"), node.read);
    net.seconds(3);
    assertEquals(List.of(), flood.haves());
  }

  @Test
  void sendsAMessageNeitherBackNorToItsAuthor() {
    Node node = net.node().subscribed();
    RawPeer author = raw().join(node.host);
    RawPeer relay = raw().join(node.host);
    RawPeer third = raw().join(node.host);
    relay.say(GossipRpc.of(author.message("once")));
    net.seconds(2);

    assertEquals(1, third.messages().size());
    assertEquals(0, author.messages().size());
    assertEquals(0, relay.messages().size());
  }

  // Signatures and validators.

  @Test
  void dropsMessagesThatAreNotSignedByTheirAuthorsAndHoldsThemAgainstThePeer() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    RawPeer other = raw().join(node.host);
    PublishedMessage good = peer.message("good");
    byte[] bytes = new byte[good.encodedSize()];
    good.encoded().get(bytes);
    bytes[bytes.length - 10] ^= 1; // in the signature
    ByteBuffer rpc = ByteBuffer.allocate(bytes.length + 4);
    rpc.put((byte) 0x12);
    Varint.write(bytes.length, rpc);
    rpc.put(bytes).flip();
    for (int i = 0; i < 3; i++) {
      peer.sayBytes(rpc.duplicate());
      net.millis(25);
    }

    assertEquals(List.of(), node.read);
    assertEquals(List.of(), other.messages());
    assertEquals(-90, node.router.score(peer.id()), 1);
    // A forged message does not keep the true one out.
    other.say(GossipRpc.of(good));
    assertEquals(List.of("good"), node.read);
  }

  @Test
  void deliversAReplayedMessageOnce() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    RawPeer other = raw().join(node.host);
    PublishedMessage message = peer.message("once");
    for (int i = 0; i < 100; i++) {
      peer.say(GossipRpc.of(message));
    }

    assertEquals(List.of("once"), node.read);
    assertEquals(1, other.messages().size());
  }

  @Test
  void takesItsOwnMessagesFromNobody() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    PublishedMessage own = node.signer.sign(TOPIC, new byte[] {1});
    peer.say(GossipRpc.of(own));

    assertEquals(List.of(), node.read);
    assertEquals(0, node.router.score(peer.id()));
  }

  @Test
  void blamesThePeersThatSentWhatTheValidatorRejects() {
    Node node = net.node().subscribed();
    CompletableFuture<Verdict> verdict = new CompletableFuture<>();
    node.router.validate(TOPIC, message -> verdict);
    RawPeer first = raw().join(node.host);
    RawPeer second = raw().join(node.host);
    RawPeer third = raw().join(node.host);
    PublishedMessage message = first.message("bad");
    first.say(GossipRpc.of(message));
    second.say(GossipRpc.of(message));
    verdict.complete(Verdict.REJECT);
    net.millis(25);

    assertEquals(List.of(), node.read);
    assertEquals(List.of(), third.messages());
    assertEquals(-10, node.router.score(first.id()), 1);
    assertEquals(-10, node.router.score(second.id()), 1);
    assertEquals(0, node.router.score(third.id()));
  }

  @Test
  void dropsWithoutBlameWhatTheValidatorIgnoresOrFailsOn() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    RawPeer other = raw().join(node.host);
    node.router.validate(TOPIC, TopicValidator.of(message -> Verdict.IGNORE));
    peer.say(GossipRpc.of(peer.message("one")));
    node.router.validate(
        TOPIC,
        message -> {
          throw new IllegalStateException("a validator fails");
        });
    peer.say(GossipRpc.of(peer.message("two")));

    assertEquals(List.of(), node.read);
    assertEquals(List.of(), other.messages());
    assertEquals(0, node.router.score(peer.id()));
  }

  @Test
  void forwardsWhatAValidatorAcceptsLater() {
    Node node = net.node().subscribed();
    CompletableFuture<Verdict> verdict = new CompletableFuture<>();
    node.router.validate(TOPIC, message -> verdict);
    RawPeer first = raw().join(node.host);
    RawPeer second = raw().join(node.host);
    RawPeer third = raw().join(node.host);
    PublishedMessage message = first.message("good");
    first.say(GossipRpc.of(message));
    second.say(GossipRpc.of(message));
    assertEquals(List.of(), third.messages());
    verdict.complete(Verdict.ACCEPT);
    net.millis(25);

    assertEquals(List.of("good"), node.read);
    assertEquals(List.of(message), third.messages());
    assertEquals(List.of(), second.messages());
  }

  @Test
  void waitsForABoundedNumberOfVerdictsForABoundedTime() {
    Node node = net.node(GossipConfigs.tight(8 << 20, 3, Duration.ofSeconds(5))).subscribed();
    List<CompletableFuture<Verdict>> asked = new ArrayList<>();
    node.router.validate(
        TOPIC,
        message -> {
          CompletableFuture<Verdict> verdict = new CompletableFuture<>();
          asked.add(verdict);
          return verdict;
        });
    RawPeer peer = raw().join(node.host);
    for (int i = 0; i < 5; i++) {
      peer.say(GossipRpc.of(peer.message("message " + i)));
    }
    assertEquals(3, asked.size());

    net.seconds(7);
    asked.forEach(verdict -> verdict.complete(Verdict.ACCEPT));
    peer.say(GossipRpc.of(peer.message("later")));
    assertEquals(4, asked.size());
    asked.get(3).complete(Verdict.ACCEPT);
    net.millis(25);
    assertEquals(List.of("later"), node.read);
  }

  // IHAVE and IWANT.

  @Test
  void announcesMessagesToPeersOutsideTheMeshWhoThenGetThem() {
    Node node = net.node().subscribed();
    RawPeer author = raw().join(node.host);
    RawPeer outside = outsider(node);
    PublishedMessage message = author.message("news");
    author.say(GossipRpc.of(message));
    assertEquals(List.of(), outside.messages());
    net.seconds(2);

    assertTrue(outside.haves().contains(RawPeer.idOf(message)));
    outside.say(want(List.of(RawPeer.idOf(message))));
    assertEquals(List.of(message), outside.messages());
    net.seconds(10);
    outside.heard.clear();
    net.seconds(2);
    outside.say(want(List.of(RawPeer.idOf(message))));
    assertEquals(List.of(), outside.messages());
    assertEquals(List.of(), outside.haves());
  }

  @Test
  void sendsAMessageThreeTimesToOnePeerAndNoMore() {
    Node node = net.node().subscribed();
    RawPeer author = raw().join(node.host);
    RawPeer greedy = outsider(node);
    PublishedMessage message = author.message("again and again");
    author.say(GossipRpc.of(message));
    for (int i = 0; i < 50; i++) {
      greedy.say(want(List.of(RawPeer.idOf(message))));
    }

    assertEquals(3, greedy.messages().size());
  }

  @Test
  void answersOnlySoManyBytesInAHeartbeatAndBlamesPeersThatAskForTooMuch() {
    Node node = net.node().subscribed();
    RawPeer author = raw().join(node.host);
    RawPeer greedy = outsider(node);
    List<MessageId> ids = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      PublishedMessage message = author.message(900_000);
      ids.add(RawPeer.idOf(message));
      author.say(GossipRpc.of(message));
    }
    net.seconds(1);
    greedy.heard.clear();
    greedy.say(want(ids));
    net.millis(200);
    assertTrue(greedy.messages().size() <= 10, () -> greedy.messages().size() + " messages");

    for (int i = 0; i < 20; i++) {
      greedy.say(want(unknownIds(i, 5_000)));
      net.seconds(1);
    }
    greedy.say(want(unknownIds(1, 5_000)));
    greedy.say(want(unknownIds(2, 5_000)));
    for (int i = 0; i < 10; i++) {
      greedy.say(want(unknownIds(i, 5_000)));
      greedy.say(want(unknownIds(i, 5_000)));
      net.seconds(1);
    }
    assertTrue(node.router.score(greedy.id()) < 0);
  }

  @Test
  void asksForAnAnnouncedMessageThatDoesNotComeByItself() {
    Node node = net.node().subscribed();
    RawPeer one = raw().join(node.host);
    RawPeer other = raw().join(node.host);
    PublishedMessage comes = one.message("comes");
    PublishedMessage stays = one.message("stays");
    one.say(have(List.of(RawPeer.idOf(comes), RawPeer.idOf(stays))));
    other.say(GossipRpc.of(comes));
    net.millis(150);

    assertEquals(List.of(RawPeer.idOf(stays)), one.wants());
    one.say(GossipRpc.of(stays));
    assertEquals(List.of("comes", "stays"), node.read);
    net.seconds(5);
    assertTrue(node.router.score(one.id()) > 0);
  }

  @Test
  void asksTheNextPeerWhenTheFirstDoesNotSendWhatItAnnounced() {
    Node node = net.node().subscribed();
    RawPeer liar = raw().join(node.host);
    RawPeer honest = raw().join(node.host);
    PublishedMessage message = honest.message("wanted");
    liar.say(have(List.of(RawPeer.idOf(message))));
    honest.say(have(List.of(RawPeer.idOf(message))));
    net.seconds(2);

    // Which one is first is left to chance.
    assertEquals(List.of(RawPeer.idOf(message)), liar.wants());
    assertEquals(List.of(RawPeer.idOf(message)), honest.wants());
  }

  @Test
  void blamesPeersThatAnnounceWhatTheyDoNotSend() {
    Node node = net.node().subscribed();
    RawPeer liar = raw().join(node.host);
    for (int i = 0; i < 20; i++) {
      liar.say(have(unknownIds(i, 10)));
      net.seconds(1);
    }
    net.seconds(5);

    assertTrue(node.router.score(liar.id()) < -100, () -> "" + node.router.score(liar.id()));
    liar.heard.clear();
    liar.say(have(unknownIds(1000, 10)));
    net.seconds(2);
    assertEquals(List.of(), liar.wants());
  }

  @Test
  void asksForABoundedNumberOfAnnouncedMessages() {
    Node node = net.node().subscribed();
    RawPeer spammer = raw().join(node.host);
    RawPeer honest = raw().join(node.host);
    for (int i = 0; i < 40; i++) {
      spammer.sayQuickly(have(unknownIds(i, 4_000)));
    }
    net.millis(300);
    assertTrue(spammer.wants().size() <= 4_000, () -> spammer.wants().size() + " wanted");

    honest.say(have(unknownIds(1_000_000, 3)));
    net.millis(200);
    assertEquals(unknownIds(1_000_000, 3), honest.wants());
  }

  @Test
  void readsOnlySomeAnnouncementsOfAPeerInAHeartbeat() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    net.millis(1_000);
    for (int i = 0; i < 30; i++) {
      peer.sayQuickly(have(unknownIds(i, 1)));
    }
    net.millis(200);

    assertTrue(peer.wants().size() <= 20, () -> peer.wants().size() + " wanted");
  }

  // IDONTWANT and large messages.

  @Test
  void tellsItsMeshAtOnceThatItHasALargeMessage() {
    Node node = net.node().subscribed();
    node.router.validate(TOPIC, message -> new CompletableFuture<>());
    RawPeer author = raw().join(node.host);
    RawPeer current = raw().join(node.host);
    RawPeer older = new RawPeer(net, ++raws, MESHSUB_1_1).join(node.host);
    PublishedMessage message = author.message(2_000);
    author.say(GossipRpc.of(message));
    author.say(GossipRpc.of(author.message(500)));

    assertEquals(List.of(RawPeer.idOf(message)), current.dontWants());
    assertEquals(List.of(), older.dontWants());
    assertEquals(List.of(), author.dontWants());
  }

  @Test
  void doesNotSendWhatAPeerDoesNotWant() {
    Node node = net.node().subscribed();
    RawPeer author = raw().join(node.host);
    RawPeer has = raw().join(node.host);
    RawPeer hasNot = raw().join(node.host);
    PublishedMessage message = author.message(2_000);
    has.say(GossipRpc.builder().dontWant(List.of(RawPeer.idOf(message))).build());
    author.say(GossipRpc.of(message));
    has.say(want(List.of(RawPeer.idOf(message))));

    assertEquals(List.of(), has.messages());
    assertEquals(List.of(message), hasNot.messages());
  }

  @Test
  void takesBackQueuedCopiesWhenThePeerDoesNotWantThemAnyMore() {
    Node node = net.node().subscribed();
    RawPeer author = raw().join(node.host);
    RawPeer slow = raw().join(node.host);
    slow.pauseInbound();
    PublishedMessage filler = author.message(700_000);
    PublishedMessage message = author.message(300_000);
    author.say(GossipRpc.of(filler));
    author.say(GossipRpc.of(message));
    slow.say(GossipRpc.builder().dontWant(List.of(RawPeer.idOf(message))).build());
    slow.resumeInbound();
    net.seconds(1);

    assertEquals(List.of(filler), slow.messages());
  }

  @Test
  void forgetsBeyondALimitWhatPeersDoNotWant() {
    Node node = net.node().subscribed();
    RawPeer spammer = raw().join(node.host);
    for (int i = 0; i < 10; i++) {
      spammer.say(GossipRpc.builder().dontWant(unknownIds(i, 4_000)).build());
      net.seconds(1);
    }

    assertTrue(node.router.score(spammer.id()) < 0);
  }

  @Test
  void pushesAVeryLargeMessageToAFewAndAnnouncesItToTheOthers() {
    Node node = net.node().subscribed();
    RawPeer author = raw().join(node.host);
    List<RawPeer> others = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      RawPeer other = raw().join(node.host);
      other.say(GossipRpc.builder().graft(TOPIC).build());
      others.add(other);
    }
    net.seconds(1);
    author.say(GossipRpc.builder().graft(TOPIC).build());
    int inMesh = node.router.meshPeers(TOPIC).size();
    PublishedMessage message = author.message(50_000);
    author.say(GossipRpc.of(message));
    net.millis(50);

    List<RawPeer> pushed = others.stream().filter(peer -> !peer.messages().isEmpty()).toList();
    List<RawPeer> told = others.stream().filter(peer -> !peer.haves().isEmpty()).toList();
    assertEquals(3, pushed.size());
    assertEquals(inMesh - 1 - 3, told.size());
    assertTrue(told.stream().allMatch(peer -> peer.messages().isEmpty()));
    told.get(0).say(want(List.of(RawPeer.idOf(message))));
    assertEquals(List.of(message), told.get(0).messages());
  }

  @Test
  void announcesManyLargeMessagesInFewAnnouncements() {
    Node node = net.node().subscribed();
    RawPeer author = raw().join(node.host);
    List<RawPeer> others = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      RawPeer other = raw().join(node.host);
      other.say(GossipRpc.builder().graft(TOPIC).build());
      others.add(other);
    }
    net.seconds(1);
    others.forEach(other -> other.heard.clear());
    for (int i = 0; i < 50; i++) {
      author.sayQuickly(GossipRpc.of(author.message(20_000)));
      net.millis(19);
    }

    for (RawPeer other : others) {
      long announcements = other.heard.stream().filter(rpc -> !rpc.haves().isEmpty()).count();
      assertTrue(announcements <= 10, () -> announcements + " announcements");
    }
  }

  // Limits.

  @Test
  void checksABoundedNumberOfMessagesOfOnePeerInAHeartbeat() {
    Node node = net.node().subscribed();
    RawPeer flooder = raw().join(node.host);
    int limit = GossipConfig.defaults().limits().maxNewMessages();
    GossipRpc.Builder rpc = GossipRpc.builder();
    for (int i = 0; i < limit; i++) {
      rpc.message(flooder.message(1));
    }
    flooder.sayQuickly(rpc.build());
    flooder.sayQuickly(GossipRpc.of(flooder.message("too many")));
    net.millis(100);

    assertEquals(limit, node.read.size());
    assertFalse(node.read.contains("too many"));
    net.seconds(1);
    flooder.say(GossipRpc.of(flooder.message("later")));
    assertTrue(node.read.contains("later"));
  }

  @Test
  void remembersABoundedNumberOfTopicsOfOnePeer() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    for (int i = 0; i < 1_000; i++) {
      GossipRpc.Builder rpc = GossipRpc.builder();
      for (int k = 0; k < 1_000; k++) {
        rpc.subscribe("topic " + (i * 1_000 + k));
      }
      peer.sayQuickly(rpc.build());
      net.millis(100);
    }
    net.seconds(1);
    int remembered = 0;
    for (int i = 0; i < 1_000_000; i++) {
      remembered += node.router.subscribers("topic " + i).size();
    }

    assertEquals(GossipConfig.defaults().limits().maxTopicsPerPeer() - 1, remembered);
    assertTrue(node.router.score(peer.id()) < -300);
  }

  @Test
  void endsTheStreamOfAPeerWhoseRpcIsTooLarge() {
    Node node = net.node().subscribed();
    RawPeer peer = raw().join(node.host);
    peer.say(GossipRpc.of(peer.message(2_000_000)));
    net.millis(200);

    assertTrue(!peer.isHeard());
    assertEquals(List.of(), node.read);
    for (int i = 0; i < 10; i++) {
      peer.open(node.host);
      peer.say(GossipRpc.of(peer.message(2_000_000)));
      net.millis(200);
    }
    assertTrue(node.router.score(peer.id()) < 0);
  }

  @Test
  void dropsWhatOnePeerSendsAboveItsRate() {
    Node node = net.node(GossipConfigs.rate(100_000, 200_000)).subscribed();
    RawPeer flooder = raw().join(node.host);
    for (int i = 0; i < 60; i++) {
      flooder.sayQuickly(GossipRpc.of(flooder.message(10_000)));
      net.millis(20);
    }
    net.millis(100);

    // 20 at once, and 12 within the 1.2 s that it took.
    assertTrue(node.read.size() <= 33, () -> node.read.size() + " read");
    assertTrue(node.read.size() >= 28, () -> node.read.size() + " read");
    assertEquals(0, node.router.score(flooder.id()), 20);
  }

  @Test
  void keepsABoundedQueueForAPeerThatDoesNotReadAndDropsOthersMessagesBeforeItsOwn() {
    Node node = net.node(GossipConfigs.tight(2 << 20, 10, Duration.ofSeconds(5))).subscribed();
    RawPeer author = raw().join(node.host);
    RawPeer slow = raw().join(node.host);
    slow.pauseInbound();
    for (int i = 0; i < 8; i++) {
      author.say(GossipRpc.of(author.message(1_000 + 14_000 * (i % 2))));
    }
    node.publish("own".repeat(200_000));
    for (int i = 0; i < 200; i++) {
      author.say(GossipRpc.of(author.message(15_000)));
    }
    assertTrue(node.router.statistics().dropped() > 0);
    slow.resumeInbound();
    net.seconds(1);

    assertEquals(
        1,
        slow.messages().stream()
            .filter(message -> message.author().orElseThrow().equals(node.id()))
            .count());
    long others =
        slow.messages().stream()
            .filter(message -> message.author().orElseThrow().equals(author.id()))
            .count();
    assertTrue(others < 208 && others > 50, () -> others + " of others");
  }

  @Test
  void announcesThousandsOfSubscriptionsInSeveralRpcs() {
    Node node = net.node();
    for (int i = 0; i < 200; i++) {
      node.router.subscribe("a topic with a long name ".repeat(8) + i, message -> {});
    }
    RawPeer peer = raw().join(node.host);

    assertEquals(200, peer.subscriptions().size());
  }
}

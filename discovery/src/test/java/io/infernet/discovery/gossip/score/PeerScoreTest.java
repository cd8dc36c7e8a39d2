package io.infernet.discovery.gossip.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.gossip.score.PeerScoreParams.Behaviour;
import io.infernet.discovery.gossip.score.PeerScoreParams.Colocation;
import io.infernet.discovery.gossip.score.TopicScoreParams.FirstDeliveries;
import io.infernet.discovery.gossip.score.TopicScoreParams.Invalid;
import io.infernet.discovery.gossip.score.TopicScoreParams.MeshDeliveries;
import io.infernet.discovery.gossip.score.TopicScoreParams.MeshTime;
import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PeerScoreTest {

  private static final double EXACT = 1e-9;
  private static final String TOPIC = "topic";
  private static final PeerId A = TestIdentities.peerId(1);
  private static final PeerId B = TestIdentities.peerId(2);
  private static final Multiaddr ADDRESS = Multiaddr.parse("/ip4/1.2.3.4/tcp/4001");

  private static final MeshTime NO_MESH_TIME = new MeshTime(0, Duration.ofSeconds(1), 1);
  private static final FirstDeliveries NO_FIRST = new FirstDeliveries(0, 0.5, 1);
  private static final Invalid NO_INVALID = new Invalid(0, 0.5);

  private final VirtualTime time = new VirtualTime();
  private double application;

  // ---- P1 ----

  @Test
  void rewardsTimeInTheMeshUpToItsCap() {
    PeerScore score =
        score(
            new TopicScoreParams(
                2,
                new MeshTime(0.5, Duration.ofSeconds(10), 3),
                NO_FIRST,
                MeshDeliveries.off(),
                NO_INVALID));
    score.connected(A, ADDRESS);
    assertEquals(0, score.score(A), EXACT);
    score.grafted(A, TOPIC);
    pass(score, 20);
    assertEquals(2 * 0.5 * 2, score.score(A), EXACT);
    pass(score, 100);
    assertEquals(2 * 0.5 * 3, score.score(A), EXACT);
    score.pruned(A, TOPIC);
    assertEquals(0, score.score(A), EXACT);
  }

  // ---- P2 ----

  @Test
  void rewardsFirstDeliveriesUpToTheirCapAndForgetsThem() {
    PeerScore score =
        score(topic(new FirstDeliveries(2, 0.5, 3), MeshDeliveries.off(), NO_INVALID));
    score.connected(A, ADDRESS);
    score.connected(B, ADDRESS);
    for (int i = 0; i < 2; i++) {
      score.validating(id(i));
      score.duplicate(B, id(i), TOPIC);
      score.delivered(A, id(i), TOPIC);
      score.duplicate(B, id(i), TOPIC);
    }
    assertEquals(4, score.score(A), EXACT);
    assertEquals(0, score.score(B), EXACT, "was second");
    score.delivered(A, id(3), TOPIC);
    score.delivered(A, id(4), TOPIC);
    assertEquals(6, score.score(A), EXACT);
    pass(score, 1);
    assertEquals(3, score.score(A), EXACT);
    pass(score, 10);
    assertEquals(0, score.score(A), "below decayToZero");
  }

  // ---- P3 and P3b ----

  private static final MeshDeliveries EXPECTED =
      new MeshDeliveries(-1, 0.5, 8, 4, Duration.ofMillis(10), Duration.ofSeconds(5), -0.5, 0.9);

  @Test
  void expectsDeliveriesOfPeersThatAreInTheMeshForLongEnough() {
    PeerScore score = score(topic(NO_FIRST, EXPECTED, NO_INVALID));
    score.connected(A, ADDRESS);
    score.grafted(A, TOPIC);
    pass(score, 5);
    assertEquals(0, score.score(A), EXACT);
    pass(score, 1);
    assertEquals(-16, score.score(A), EXACT);
    score.delivered(A, id(1), TOPIC);
    assertEquals(-9, score.score(A), EXACT);
    for (int i = 2; i < 20; i++) {
      score.delivered(A, id(i), TOPIC);
    }
    assertEquals(0, score.score(A), EXACT);
    pass(score, 1);
    assertEquals(0, score.score(A), EXACT, "the cap of 8 became 4");
    pass(score, 1);
    assertEquals(-4, score.score(A), EXACT);
  }

  @Test
  void countsDeliveriesThatWereNearlyFirst() {
    PeerScore score = score(topic(NO_FIRST, EXPECTED, NO_INVALID));
    score.connected(A, ADDRESS);
    score.connected(B, ADDRESS);
    score.grafted(B, TOPIC);
    pass(score, 6);
    // While it was validated, only once for a peer.
    score.validating(id(1));
    score.duplicate(B, id(1), TOPIC);
    score.duplicate(B, id(1), TOPIC);
    score.delivered(A, id(1), TOPIC);
    score.duplicate(B, id(1), TOPIC);
    assertEquals(-9, score.score(B), EXACT);
    // Within the window after that.
    score.delivered(A, id(2), TOPIC);
    time.advance(Duration.ofMillis(10));
    score.duplicate(B, id(2), TOPIC);
    score.duplicate(B, id(2), TOPIC);
    assertEquals(-4, score.score(B), EXACT);
    // Too late.
    score.delivered(A, id(3), TOPIC);
    time.advance(Duration.ofMillis(11));
    score.duplicate(B, id(3), TOPIC);
    assertEquals(-4, score.score(B), EXACT);
    // Of its own message again.
    score.delivered(B, id(4), TOPIC);
    score.duplicate(B, id(4), TOPIC);
    assertEquals(-1, score.score(B), EXACT);
    // Not of peers outside the mesh.
    assertEquals(0, score.score(A), EXACT);
  }

  @Test
  void remembersFailuresOfPeersThatWerePruned() {
    PeerScore score = score(topic(NO_FIRST, EXPECTED, NO_INVALID));
    score.connected(A, ADDRESS);
    score.grafted(A, TOPIC);
    pass(score, 6);
    score.delivered(A, id(1), TOPIC);
    score.pruned(A, TOPIC);
    assertEquals(-0.5 * 9, score.score(A), EXACT);
    score.pruned(A, TOPIC);
    assertEquals(-0.5 * 9, score.score(A), EXACT, "pruned once");
    pass(score, 1);
    assertEquals(-0.5 * 9 * 0.9, score.score(A), EXACT);
  }

  @Test
  void remembersFailuresOfPeersThatLeft() {
    PeerScore score = score(topic(NO_FIRST, EXPECTED, NO_INVALID));
    score.connected(A, ADDRESS);
    score.grafted(A, TOPIC);
    pass(score, 6);
    score.disconnected(A);
    assertEquals(-0.5 * 16, score.score(A), EXACT);
  }

  // ---- P4 ----

  @Test
  void punishesInvalidMessagesByTheirSquare() {
    PeerScore score = score(topic(NO_FIRST, MeshDeliveries.off(), new Invalid(-3, 0.5)));
    score.connected(A, ADDRESS);
    score.connected(B, ADDRESS);
    score.invalid(A, TOPIC);
    assertEquals(-3, score.score(A), EXACT);
    // Who sent the same message before it was refused is to blame as well, and who does after.
    score.validating(id(1));
    score.duplicate(B, id(1), TOPIC);
    score.rejected(A, id(1), TOPIC);
    assertEquals(-3 * 4, score.score(A), EXACT);
    assertEquals(-3, score.score(B), EXACT);
    score.duplicate(B, id(1), TOPIC);
    assertEquals(-3 * 4, score.score(B), EXACT);
    pass(score, 1);
    assertEquals(-3, score.score(B), EXACT);
  }

  @Test
  void blamesNobodyForIgnoredMessages() {
    PeerScore score = score(topic(NO_FIRST, MeshDeliveries.off(), new Invalid(-3, 0.5)));
    score.connected(A, ADDRESS);
    score.validating(id(1));
    score.duplicate(A, id(1), TOPIC);
    score.ignored(id(1));
    score.duplicate(A, id(1), TOPIC);
    assertEquals(0, score.score(A), EXACT);
  }

  @Test
  void doesNotChangeItsMindAboutAMessage() {
    PeerScore score = score(topic(NO_FIRST, EXPECTED, new Invalid(-3, 0.5)));
    score.connected(A, ADDRESS);
    score.ignored(id(1));
    score.delivered(B, id(1), TOPIC);
    score.duplicate(A, id(1), TOPIC);
    assertEquals(0, score.score(A), EXACT);
  }

  // ---- The cap of all topics ----

  @Test
  void capsWhatTopicsAddTogetherButNotWhatTheyTake() {
    PeerScore score =
        score(topic(new FirstDeliveries(60, 0.5, 100), MeshDeliveries.off(), new Invalid(-1, 0.5)));
    score.setTopicParams(
        "other", topic(new FirstDeliveries(50, 0.5, 100), MeshDeliveries.off(), NO_INVALID));
    score.connected(A, ADDRESS);
    score.delivered(A, id(1), TOPIC);
    score.delivered(A, id(2), "other");
    assertEquals(100, score.score(A), EXACT);
    for (int i = 0; i < 20; i++) {
      score.invalid(A, TOPIC);
    }
    assertEquals(110 - 400, score.score(A), EXACT);
  }

  // ---- P5 ----

  @Test
  void asksTheApplication() {
    PeerScore score = score(TopicScoreParams.defaults());
    score.connected(A, ADDRESS);
    application = -7;
    assertEquals(-14, score.score(A), EXACT);
    assertEquals(0, score.score(B), EXACT, "not known");
  }

  // ---- P6 ----

  @Test
  void punishesManyPeersAtOneAddress() {
    PeerScore score = score(TopicScoreParams.defaults());
    Multiaddr one = Multiaddr.parse("/ip4/5.6.7.8/tcp/1");
    connect(score, 3, 5, one);
    assertEquals(0, score.score(peer(3)), EXACT);
    connect(score, 5, 7, one);
    score.connected(peer(3), Multiaddr.parse("/ip4/5.6.7.8/tcp/2"));
    assertEquals(-3 * 4, score.score(peer(3)), EXACT, "four peers, two too many");
    connect(score, 7, 8, Multiaddr.parse("/ip4/5.6.7.9/tcp/1"));
    assertEquals(0, score.score(peer(7)), EXACT);
    // Who left in bad standing counts on, so that new names at the address do not help.
    score.disconnected(peer(3));
    assertEquals(-3 * 4, score.score(peer(4)), EXACT);
    pass(score, 60);
    assertEquals(-3, score.score(peer(4)), EXACT);
  }

  @Test
  void takesTheSixtyFourOfAnIpv6AddressForOneCustomer() {
    PeerScore score = score(TopicScoreParams.defaults());
    for (int i = 3; i < 6; i++) {
      score.connected(peer(i), Multiaddr.parse("/ip6/2a00:1:2:3::" + i + "/tcp/1"));
    }
    assertEquals(-3, score.score(peer(3)), EXACT);
  }

  @Test
  void exemptsPrivateAddressesWhereAskedTo() {
    for (String address :
        new String[] {
          "/ip4/127.0.0.1/tcp/1",
          "/ip4/192.168.1.1/tcp/1",
          "/ip6/::1/tcp/1",
          "/ip4/5.6.7.8/tcp/1/p2p/" + A + "/p2p-circuit"
        }) {
      PeerScore score = score(TopicScoreParams.defaults());
      connect(score, 3, 8, Multiaddr.parse(address));
      assertEquals(0, score.score(peer(3)), EXACT, address);
    }
    PeerScore strict = new PeerScore(params(TopicScoreParams.defaults(), false), peer -> 0, time);
    connect(strict, 3, 6, Multiaddr.parse("/ip4/192.168.1.1/tcp/1"));
    assertEquals(-3, strict.score(peer(3)), EXACT);
  }

  // ---- P7 ----

  @Test
  void punishesOffencesByTheSquareOfWhatIsNotForgiven() {
    PeerScore score = score(TopicScoreParams.defaults());
    score.connected(A, ADDRESS);
    score.penalize(A, 1);
    assertEquals(0, score.score(A), EXACT);
    score.penalize(A, 3);
    assertEquals(-4 * 9, score.score(A), EXACT);
    pass(score, 1);
    assertEquals(-4, score.score(A), EXACT);
    score.penalize(B, 100);
    assertEquals(0, score.score(B), EXACT, "not known");
  }

  // ---- Time and memory ----

  @Test
  void decaysAsOftenAsIsDue() {
    PeerScore score =
        score(topic(new FirstDeliveries(16, 0.5, 1), MeshDeliveries.off(), NO_INVALID));
    score.connected(A, ADDRESS);
    score.delivered(A, id(1), TOPIC);
    time.advance(Duration.ofMillis(2_900));
    score.refresh();
    score.refresh();
    assertEquals(4, score.score(A), EXACT);
    time.advance(Duration.ofMillis(100));
    score.refresh();
    assertEquals(2, score.score(A), EXACT);
  }

  @Test
  void keepsBadScoresOfPeersThatComeBack() {
    PeerScore score =
        score(topic(new FirstDeliveries(8, 0.5, 9), MeshDeliveries.off(), new Invalid(-3, 0.5)));
    score.connected(A, ADDRESS);
    score.penalize(A, 5);
    score.invalid(A, TOPIC);
    score.delivered(A, id(1), TOPIC);
    assertEquals(8 - 3 - 4 * 16, score.score(A), EXACT);
    score.disconnected(A);
    pass(score, 1);
    assertEquals(4 - 3 - 4 * 16, score.score(A), EXACT, "only what is good decays");
    score.connected(A, ADDRESS);
    assertEquals(4 - 3 - 4 * 16, score.score(A), EXACT);
    pass(score, 1);
    assertEquals(2 - 0.75 - 4 * 2.25, score.score(A), EXACT);
  }

  @Test
  void forgetsPeersThatAreGoneForLong() {
    PeerScore score = score(TopicScoreParams.defaults());
    score.connected(A, ADDRESS);
    score.penalize(A, 5);
    score.disconnected(A);
    score.disconnected(A);
    pass(score, 59);
    assertTrue(score.score(A) < 0);
    pass(score, 1);
    assertEquals(0, score.score(A), EXACT);
    assertEquals(0, score.size());
  }

  @Test
  void forgetsAtOncePeersThatDidNothing() {
    PeerScore score = score(TopicScoreParams.defaults());
    score.connected(A, ADDRESS);
    score.disconnected(A);
    assertEquals(0, score.size());
  }

  @Test
  void remembersABoundedNumberOfPeersTheBadOnesLongest() {
    PeerScore score = score(TopicScoreParams.defaults());
    for (int i = 0; i < 10; i++) {
      score.connected(peer(i), addressOf(i));
    }
    score.penalize(peer(0), 10);
    score.delivered(peer(1), id(1), TOPIC);
    score.penalize(peer(2), 10);
    for (int i = 0; i < 3; i++) {
      score.disconnected(peer(i));
    }
    score.connected(peer(10), addressOf(10));
    assertEquals(10, score.size());
    assertEquals(0, score.score(peer(1)), EXACT, "the good one went");
    score.connected(peer(11), addressOf(11));
    assertEquals(0, score.score(peer(0)), EXACT, "the bad one that is gone for longest went");
    score.connected(peer(12), addressOf(12));
    score.connected(peer(13), addressOf(13));
    assertEquals(10, score.size());
    score.penalize(peer(13), 10);
    assertEquals(0, score.score(peer(13)), EXACT, "there is no room");
    assertTrue(score.score(peer(2)) == 0);
  }

  @Test
  void countsABoundedNumberOfTopics() {
    PeerScore score = score(TopicScoreParams.defaults());
    score.connected(A, ADDRESS);
    score.connected(B, ADDRESS);
    for (int i = 0; i < 4; i++) {
      score.invalid(A, "topic " + i);
    }
    double four = score.score(A);
    score.invalid(A, "topic 4");
    assertEquals(four, score.score(A), EXACT);
  }

  @Test
  void forgetsWhoDeliveredWhat() {
    PeerScore score = score(topic(NO_FIRST, EXPECTED, new Invalid(-3, 0.5)));
    score.connected(A, ADDRESS);
    score.rejected(B, id(1), TOPIC);
    pass(score, 120);
    score.duplicate(A, id(1), TOPIC);
    assertEquals(0, score.score(A), EXACT);
    for (int i = 2; i < 200; i++) {
      score.rejected(B, id(i), TOPIC);
    }
    score.duplicate(A, id(2), TOPIC);
    assertEquals(0, score.score(A), EXACT, "98 came since");
    score.duplicate(A, id(199), TOPIC);
    assertEquals(-3, score.score(A), EXACT);
  }

  private void pass(PeerScore score, int seconds) {
    for (int i = 0; i < seconds; i++) {
      time.advance(Duration.ofSeconds(1));
      score.refresh();
    }
  }

  private PeerScore score(TopicScoreParams topic) {
    return new PeerScore(params(topic, true), peer -> application, time);
  }

  private static PeerScoreParams params(TopicScoreParams topic, boolean exemptPrivate) {
    return new PeerScoreParams(
        ScoreThresholds.defaults(),
        topic,
        100,
        2,
        new Colocation(-3, 2, exemptPrivate),
        new Behaviour(-4, 1, 0.5),
        Duration.ofSeconds(1),
        0.01,
        Duration.ofMinutes(1),
        10,
        4,
        100,
        Duration.ofMinutes(2));
  }

  private static TopicScoreParams topic(
      FirstDeliveries first, MeshDeliveries mesh, Invalid invalid) {
    return new TopicScoreParams(1, NO_MESH_TIME, first, mesh, invalid);
  }

  private static void connect(PeerScore score, int from, int to, Multiaddr address) {
    for (int i = from; i < to; i++) {
      score.connected(peer(i), address);
    }
  }

  private static Multiaddr addressOf(int n) {
    return Multiaddr.parse("/ip4/9.9.9." + n + "/tcp/1");
  }

  private static PeerId peer(int n) {
    return TestIdentities.peerId(n);
  }

  private static MessageId id(int n) {
    return MessageId.of(new byte[] {(byte) n});
  }
}

package io.infernet.discovery.gossip.mesh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.gossip.wire.MessageId;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Caches, back-offs, promises and wants: what they keep and for how long. */
class CachesTest {

  private static final PeerId A = TestIdentities.peerId(1);
  private static final PeerId B = TestIdentities.peerId(2);
  private static final PeerId C = TestIdentities.peerId(3);
  private static final String TOPIC = "topic";
  private static final long SECOND = 1_000_000_000L;

  private final LazyGossipConfig lazy = LazyGossipConfig.defaults();

  private static MessageId id(int n) {
    return MessageId.of(ByteBuffer.allocate(4).putInt(n).array());
  }

  private static ByteBuffer frame(int bytes) {
    return ByteBuffer.allocate(bytes);
  }

  // SeenCache.

  @Test
  void seenMessagesAreForgottenAfterTheirTime() {
    SeenCache seen = new SeenCache(Duration.ofSeconds(10), 100);
    assertTrue(seen.add(id(1), 0));
    assertTrue(seen.add(id(2), 5 * SECOND));
    assertFalse(seen.add(id(1), 9 * SECOND));
    seen.expire(10 * SECOND);

    assertFalse(seen.contains(id(1)));
    assertTrue(seen.contains(id(2)));
  }

  @Test
  void seenMessagesBeyondTheLimitAreForgottenOldestFirst() {
    SeenCache seen = new SeenCache(Duration.ofSeconds(10), 3);
    for (int i = 0; i < 1_000; i++) {
      seen.add(id(i), i);
    }

    assertEquals(3, seen.size());
    assertTrue(seen.contains(id(999)) && seen.contains(id(997)) && !seen.contains(id(996)));
  }

  // MessageCache.

  @Test
  void cachedMessagesAreAnnouncedForThreeHeartbeatsAndKeptForFive() {
    MessageCache cache = new MessageCache(lazy);
    cache.put(id(1), TOPIC, frame(10));
    cache.put(id(2), "other", frame(10));
    for (int heartbeat = 1; heartbeat <= 5; heartbeat++) {
      assertEquals(heartbeat <= 3 ? List.of(id(1)) : List.of(), cache.recent(TOPIC));
      assertNotNull(cache.forPeer(id(1), TestIdentities.peerId(10 + heartbeat)));
      cache.shift();
    }

    assertNull(cache.forPeer(id(1), A));
    assertEquals(0, cache.size());
    assertEquals(0, cache.bytes());
  }

  @Test
  void cachedMessagesAreSentToOnePeerThreeTimes() {
    MessageCache cache = new MessageCache(lazy);
    cache.put(id(1), TOPIC, frame(10));
    for (int i = 0; i < 3; i++) {
      assertNotNull(cache.forPeer(id(1), A));
    }

    assertNull(cache.forPeer(id(1), A));
    assertNotNull(cache.forPeer(id(1), B));
  }

  @Test
  void cachedMessagesStayWithinTheirBytes() {
    MessageCache cache = new MessageCache(lazy);
    int size = 1 << 20;
    for (int i = 0; i < 200; i++) {
      cache.put(id(i), TOPIC, frame(size));
      cache.put(id(i), TOPIC, frame(size));
      assertTrue(cache.bytes() <= lazy.maxCachedBytes());
    }

    assertEquals(lazy.maxCachedBytes() / size, cache.size());
    assertNotNull(cache.forPeer(id(199), A));
    assertNull(cache.forPeer(id(0), A));
    assertEquals(cache.size(), cache.recent(TOPIC).size());
  }

  // Backoffs.

  @Test
  void aBackoffKeepsPeersOutAndThisNodeALittleLonger() {
    Backoffs backoffs = new Backoffs(MeshConfig.defaults());
    backoffs.add(TOPIC, A, Duration.ofSeconds(60), 0);
    assertTrue(backoffs.isRunning(TOPIC, A, 59 * SECOND));
    assertFalse(backoffs.isRunning(TOPIC, A, 60 * SECOND));
    assertFalse(backoffs.mayGraft(TOPIC, A, 61 * SECOND));
    assertTrue(backoffs.mayGraft(TOPIC, A, 62 * SECOND));
    assertTrue(backoffs.mayGraft(TOPIC, B, 0));
    assertTrue(backoffs.mayGraft("other", A, 0));

    backoffs.expire(61 * SECOND);
    assertEquals(1, backoffs.size());
    backoffs.expire(62 * SECOND);
    assertEquals(0, backoffs.size());
  }

  @Test
  void aBackoffIsNeverShortened() {
    Backoffs backoffs = new Backoffs(MeshConfig.defaults());
    backoffs.add(TOPIC, A, Duration.ofSeconds(60), 0);
    backoffs.add(TOPIC, A, Duration.ofSeconds(10), 0);
    assertEquals(60 * SECOND, backoffs.remaining(TOPIC, A, 0));

    backoffs.add(TOPIC, A, Duration.ofSeconds(60), 10 * SECOND);
    assertEquals(70 * SECOND, backoffs.remaining(TOPIC, A, 0));
  }

  @Test
  void backoffsAreBounded() {
    Backoffs backoffs = new Backoffs(MeshConfig.defaults());
    int max = MeshConfig.defaults().maxBackoffs();
    for (int i = 0; i < max + 100; i++) {
      backoffs.add("topic " + i, A, Duration.ofSeconds(60), 0);
    }

    assertEquals(max, backoffs.size());
    assertTrue(backoffs.mayGraft("topic 0", A, 0));
    assertTrue(backoffs.isRunning("topic " + (max + 99), A, 0));
  }

  // GossipPromises.

  @Test
  void aPromiseIsBrokenWhenTheMessageCameFromNobody() {
    GossipPromises promises = new GossipPromises(Duration.ofSeconds(3), 100);
    promises.add(id(1), A, 0);
    promises.add(id(1), B, SECOND);
    promises.add(id(2), A, 0);
    promises.add(id(3), A, 0);
    promises.fulfilled(id(2));

    assertEquals(Map.of(), promises.broken(2 * SECOND));
    assertEquals(Map.of(A, 2), promises.broken(3 * SECOND));
    assertEquals(Map.of(B, 1), promises.broken(4 * SECOND));
    assertEquals(0, promises.size());
  }

  @Test
  void promisesAreBounded() {
    GossipPromises promises = new GossipPromises(Duration.ofSeconds(3), 10);
    for (int i = 0; i < 100; i++) {
      promises.add(id(i), A, 0);
    }
    assertEquals(10, promises.size());

    assertEquals(Map.of(A, 10), promises.broken(3 * SECOND));
    promises.add(id(1), A, 0);
    assertEquals(1, promises.size());
  }

  // WantedMessages.

  private WantedMessages wants() {
    return new WantedMessages(lazy, new SplittableRandom(1));
  }

  @Test
  void anAnnouncedMessageIsAskedForAfterAMoment() {
    WantedMessages wanted = wants();
    wanted.announced(id(1), A, 0);
    wanted.announced(id(2), A, 0);
    wanted.received(id(2));
    long due = wanted.nextDue().getAsLong();

    assertEquals(lazy.wantDelay().toNanos(), due);
    assertEquals(Map.of(), wanted.due(due - 1, peer -> true));
    assertEquals(Map.of(A, List.of(id(1))), wanted.due(due, peer -> true));
    assertEquals(due + lazy.wantRetry().toNanos(), wanted.nextDue().getAsLong());
  }

  @Test
  void everybodyWhoAnnouncedAMessageIsAskedOnceInTurn() {
    WantedMessages wanted = wants();
    wanted.announced(id(1), A, 0);
    wanted.announced(id(1), B, 0);
    wanted.announced(id(1), B, 0);
    wanted.announced(id(1), C, 0);
    Set<PeerId> asked = new HashSet<>();
    for (int i = 0; i < 2; i++) {
      Map<PeerId, List<MessageId>> asks =
          wanted.due(wanted.nextDue().getAsLong(), peer -> !peer.equals(C));
      assertEquals(1, asks.size());
      asked.addAll(asks.keySet());
    }

    assertEquals(Set.of(A, B), asked);
    assertEquals(Map.of(), wanted.due(wanted.nextDue().getAsLong(), peer -> true));
    assertEquals(0, wanted.size());
    assertTrue(wanted.nextDue().isEmpty());
  }

  @Test
  void onePeerCannotFillTheWants() {
    WantedMessages wanted = wants();
    for (int i = 0; i < lazy.maxWanted(); i++) {
      wanted.announced(id(i), A, 0);
    }
    assertEquals(lazy.maxWantedPerPeer(), wanted.size());
    assertTrue(wanted.announced(id(-1), B, 0));

    wanted.received(id(0));
    assertTrue(wanted.announced(id(-2), A, 0));
    assertFalse(wanted.announced(id(-3), A, 0));
    for (int i = 0; i < 2; i++) {
      wanted.due(wanted.nextDue().getAsLong(), peer -> true);
    }
    assertEquals(0, wanted.size());
    assertTrue(wanted.announced(id(-3), A, 0));
  }
}

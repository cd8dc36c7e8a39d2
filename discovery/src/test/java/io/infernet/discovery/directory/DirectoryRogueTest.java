package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A node whose gossip breaks the directory's rules, beside honest ones. */
class DirectoryRogueTest {

  private static final String HEARTBEATS = "/infernet/heartbeats/1";
  private static final String OFFERS = "/infernet/offers/1";
  private static final String DEMAND = "/infernet/demand/1";

  private final DirectoryWorld world =
      new DirectoryWorld(3, Duration.ofMillis(5), Duration.ofMillis(10));
  private final DirectoryWorld.Node victim = world.node().started();
  private final DirectoryWorld.Node honest = world.node().startedWith(victim);
  private final DirectoryWorld.Node rogue = world.node();
  private final List<JobOffer> offered = new ArrayList<>();

  @BeforeEach
  void theRogueJoinsTheMeshButSaysNothingOfItself() {
    rogue.gossip.start();
    rogue.host.connect(victim.host.info());
    victim.directory.onOffer(offered::add);
    for (String topic : List.of(HEARTBEATS, OFFERS, DEMAND)) {
      rogue.gossip.subscribe(topic, message -> {});
    }
    world.seconds(3);
    assertEquals(Set.of(honest.id()), victim.known());
  }

  private void publish(String topic, byte[] data) {
    rogue.gossip.publish(topic, data);
    world.millis(50);
  }

  private void publish(String topic, DirectoryMessage message) {
    ByteBuffer bytes = Samples.CODEC.encode(message);
    byte[] data = new byte[bytes.remaining()];
    bytes.get(data);
    publish(topic, data);
  }

  private DirectoryMessage heartbeat(SignedCapability record) {
    return new DirectoryMessage.Heartbeat(record);
  }

  /** The rogue's own record, signed by itself. */
  private SignedCapability own(NetworkName network, Instant at, List<Multiaddr> addresses) {
    return Samples.CODEC.sign(
        new CapabilityRecord(
            rogue.id(), network, 1, at, addresses, Samples.capabilities(true, Samples.MODEL)),
        rogue.key);
  }

  private double score() {
    return victim.gossip.score(rogue.id());
  }

  @Test
  void whatIsForgedCostsItsForwarderDearly() {
    Instant now = world.now();
    Map<String, DirectoryMessage> lies = new LinkedHashMap<>();
    lies.put("another's record", heartbeat(Samples.record(50, 1, now)));
    lies.put(
        "a record of another, signed by itself",
        heartbeat(Samples.CODEC.sign(Samples.record(50, 1, now).record(), rogue.key)));
    lies.put(
        "its own, signed by another",
        heartbeat(
            Samples.CODEC.sign(
                own(NetworkName.MAIN, now, List.of()).record(), TestIdentities.privateKey(51))));
    lies.put("another network's", heartbeat(own(new NetworkName("lab"), now, List.of())));
    lies.put(
        "one from next year",
        heartbeat(own(NetworkName.MAIN, now.plus(Duration.ofDays(365)), List.of())));
    lies.put("another kind of message", new DirectoryMessage.Query(Optional.empty(), 1));
    lies.put(
        "a list", new DirectoryMessage.Records(List.of(own(NetworkName.MAIN, now, List.of()))));
    double before = score();
    for (Map.Entry<String, DirectoryMessage> lie : lies.entrySet()) {
      publish(HEARTBEATS, lie.getValue());
      world.seconds(2);
      assertTrue(score() < before, () -> lie.getKey() + " cost nothing");
      before = score();
    }

    assertTrue(before < -100, () -> "the score is still " + score());
    assertEquals(Set.of(honest.id()), victim.known());
    assertEquals(Set.of(victim.id()), honest.known());
  }

  @Test
  void whatCannotBeReadCostsToo() {
    for (byte[] data : List.of(new byte[0], new byte[] {1, 2, 3}, new byte[60_000])) {
      double before = score();
      publish(HEARTBEATS, data);
      world.seconds(2);
      assertTrue(score() < before, () -> data.length + " bytes cost nothing");
    }
  }

  @Test
  void aClockThatIsALittleWrongIsNoCrime() {
    publish(HEARTBEATS, heartbeat(own(NetworkName.MAIN, world.now().plusSeconds(60), List.of())));
    world.seconds(2);

    assertTrue(score() >= 0, () -> "the score is " + score());
    assertEquals(Set.of(honest.id()), victim.known());
  }

  @Test
  void addressesThatLeadNowhereAreNotTried() {
    Multiaddr good = Multiaddr.parse("/ip4/10.1.2.3/tcp/4001");
    publish(
        HEARTBEATS,
        heartbeat(
            own(
                NetworkName.MAIN,
                world.now(),
                List.of(
                    Multiaddr.parse("/ip4/0.0.0.0/tcp/1"),
                    Multiaddr.parse("/ip4/169.254.1.1/tcp/1"),
                    Multiaddr.parse("/ip4/224.0.0.1/tcp/1"),
                    good))));

    assertEquals(Set.of(honest.id(), rogue.id()), victim.known());
    List<Multiaddr> kept = victim.host.peers().addresses(rogue.id());
    assertTrue(kept.contains(good));
    assertTrue(kept.stream().noneMatch(a -> a.toString().endsWith("/tcp/1")), kept::toString);
  }

  @Test
  void aFloodOfHeartbeatsIsNotPassedOn() {
    Set<Long> heard = new LinkedHashSet<>();
    for (int i = 1; i <= 200; i++) {
      SignedCapability next =
          Samples.CODEC.sign(
              new CapabilityRecord(
                  rogue.id(),
                  NetworkName.MAIN,
                  i,
                  world.now(),
                  List.of(),
                  Samples.capabilities(true, Samples.MODEL)),
              rogue.key);
      publish(HEARTBEATS, heartbeat(next));
      honest.directory.get(rogue.id()).ifPresent(record -> heard.add(record.sequence()));
    }

    int limit = DirectoryConfig.defaults().heartbeats().maxPerMinute();
    assertTrue(heard.size() >= limit && heard.size() < 1.5 * limit, () -> "heard " + heard.size());
  }

  @Test
  void offersOfOthersAndOutOfTimeReachNobody() {
    double before = score();
    publish(OFFERS, new DirectoryMessage.Offer(Samples.work(honest.id(), world.now())));
    world.seconds(2);
    assertTrue(score() < before, "an offer in another's name cost nothing");

    publish(
        OFFERS, new DirectoryMessage.Offer(Samples.work(rogue.id(), world.now().minusSeconds(61))));
    publish(
        OFFERS,
        new DirectoryMessage.Offer(Samples.work(rogue.id(), world.now().plusSeconds(7200))));
    assertEquals(List.of(), offered);

    publish(OFFERS, new DirectoryMessage.Offer(Samples.work(rogue.id(), world.now())));
    publish(OFFERS, new DirectoryMessage.Offer(Samples.work(rogue.id(), world.now())));
    assertEquals(1, offered.size(), "a good one, once");
  }

  @Test
  void nobodyAloneMakesADemand() {
    for (int i = 0; i < 100; i++) {
      publish(
          DEMAND,
          new DirectoryMessage.Demand(
              new DemandSignal(Optional.of(Samples.model(9)), "hype", world.now())));
    }
    publish(
        DEMAND,
        new DirectoryMessage.Demand(
            new DemandSignal(Optional.of(Samples.model(8)), "old", world.now().minusSeconds(300))));

    List<Demand> wanted = victim.directory.demand();
    assertEquals(List.of("hype"), wanted.stream().map(Demand::name).toList());
    assertTrue(wanted.get(0).count() <= 1);
  }

  @Test
  void theDhtTakesNoRecordOfAnotherPeer() {
    PeerId other = TestIdentities.peerId(50);
    rogue.dht.start();
    world.seconds(5);
    var refused =
        rogue.dht.putValue(
            CapabilityValidator.key(other), Samples.forged(50, world.now()).envelope().toBytes());
    world.seconds(2);

    assertTrue(refused.isCompletedExceptionally());
    var found = victim.dht.getValue(CapabilityValidator.key(honest.id()), 1);
    world.seconds(2);
    assertTrue(found.join().isPresent(), "but an honest node's is there");
  }
}

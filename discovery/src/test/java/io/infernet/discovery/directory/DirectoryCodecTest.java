package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DirectoryCodecTest {

  private static final DirectoryCodec CODEC = Samples.CODEC;

  private static DirectoryMessage copy(DirectoryMessage message) throws ProtocolViolationException {
    return CODEC.decode(CODEC.encode(message));
  }

  @Test
  void readsWhatItWrites() {
    Property.forAll(
        50,
        random -> {
          List<SignedCapability> records = new ArrayList<>();
          for (int i = random.nextInt(4); i > 0; i--) {
            records.add(Samples.random(random));
          }
          DirectoryMessage message =
              random.nextInt(4) == 0
                  ? new DirectoryMessage.Records(records)
                  : Samples.message(random);
          assertEquals(message, copy(message));
          if (message instanceof DirectoryMessage.Heartbeat heartbeat) {
            assertTrue(heartbeat.record().isSignedByPeer());
            assertEquals(
                heartbeat.record(), CODEC.decodeRecord(heartbeat.record().envelope().toBytes()));
          }
        });
  }

  @Test
  void refusesWhatIsNoMessage() {
    for (byte[] bytes :
        List.of(new byte[0], new byte[] {10, 0}, new byte[] {10, 2, 8, 0}, new byte[] {1, 2, 3})) {
      assertThrows(ProtocolViolationException.class, () -> CODEC.decode(ByteBuffer.wrap(bytes)));
    }
  }

  private static Capabilities said(
      List<String> roles,
      List<ModelOffer> models,
      List<Gpu> gpus,
      List<String> refuses,
      String agent) {
    return new Capabilities(
        roles,
        models,
        Capabilities.Load.none(),
        new HardwareFingerprint("", 0, 0, gpus),
        Optional.empty(),
        new ProviderPolicy(refuses),
        agent);
  }

  @Test
  void refusesListsAndTextsOverTheLimits() {
    ModelOffer offer = Samples.offer(Samples.MODEL, true, 0);
    Gpu gpu = new Gpu(Gpu.Vendor.AMD, "card", 1, "", 1);
    DirectoryLimits limits = DirectoryLimits.defaults();
    List<Capabilities> tooMuch =
        List.of(
            said(
                Collections.nCopies(limits.maxRoles() + 1, "r"),
                List.of(),
                List.of(),
                List.of(),
                ""),
            said(
                List.of(),
                Collections.nCopies(limits.maxModels() + 1, offer),
                List.of(),
                List.of(),
                ""),
            said(
                List.of(),
                List.of(),
                Collections.nCopies(limits.maxGpus() + 1, gpu),
                List.of(),
                ""),
            said(
                List.of(),
                List.of(),
                List.of(),
                Collections.nCopies(limits.maxTopics() + 1, "topic"),
                ""),
            said(List.of(), List.of(), List.of(), List.of(), "a".repeat(129)),
            said(List.of(), List.of(), List.of(), List.of(), "line\nbreak"));
    for (Capabilities said : tooMuch) {
      SignedCapability record = Samples.record(1, 1, Samples.NOW, said);
      assertThrows(
          ProtocolViolationException.class, () -> copy(new DirectoryMessage.Heartbeat(record)));
      assertThrows(
          ProtocolViolationException.class, () -> CODEC.decodeRecord(record.envelope().toBytes()));
    }
    CapabilityRecord honest = Samples.record(1, 1, Samples.NOW).record();
    SignedCapability everywhere =
        CODEC.sign(
            new CapabilityRecord(
                honest.peer(),
                honest.network(),
                1,
                honest.timestamp(),
                Collections.nCopies(17, Multiaddr.parse("/ip4/1.2.3.4/tcp/5")),
                honest.capabilities()),
            TestIdentities.privateKey(1));
    assertThrows(
        ProtocolViolationException.class, () -> copy(new DirectoryMessage.Heartbeat(everywhere)));
    assertThrows(
        ProtocolViolationException.class,
        () ->
            copy(
                new DirectoryMessage.Records(
                    Collections.nCopies(65, Samples.record(1, 1, Samples.NOW)))));
  }

  @Test
  void fitsAFullAnswerIntoItsLimit() throws ProtocolViolationException {
    DirectoryMessage full =
        new DirectoryMessage.Records(Collections.nCopies(64, Samples.record(1, 1, Samples.NOW)));

    assertTrue(CODEC.encode(full).remaining() < CODEC.maxMessageSize());
    assertEquals(full, copy(full));
  }

  @Test
  void fitsTheLargestRecordIntoOneGossipMessage() throws ProtocolViolationException {
    DirectoryLimits limits = DirectoryLimits.defaults();
    DirectoryMessage heartbeat =
        new DirectoryMessage.Heartbeat(
            Samples.record(
                1,
                1,
                Samples.NOW,
                said(
                    List.of(),
                    Collections.nCopies(limits.maxModels(), Samples.offer(Samples.MODEL, true, 5)),
                    List.of(),
                    List.of(),
                    "")));

    assertTrue(CODEC.encode(heartbeat).remaining() < CODEC.maxSingleSize());
    assertEquals(heartbeat, copy(heartbeat));
  }

  @Test
  void refusesOffersThatMakeNoSense() {
    JobOffer good = Samples.work(TestIdentities.peerId(1), Samples.NOW);
    assertThrows(
        IllegalArgumentException.class, () -> offer(good, "short", 1, good.expiry(), List.of()));
    assertThrows(
        IllegalArgumentException.class, () -> offer(good, good.job(), 0, good.expiry(), List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> offer(good, good.job(), JobOffer.MAX_TOKENS + 1, good.expiry(), List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> offer(good, good.job(), 1, good.deadline().plusSeconds(1), List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> offer(good, good.job(), 1, good.expiry(), List.of("Not A Topic")));
  }

  private static JobOffer offer(
      JobOffer like, String job, long tokens, Instant expiry, List<String> topics) {
    return new JobOffer(
        job,
        like.manifest(),
        like.task(),
        tokens,
        like.maxPrice(),
        like.deadline(),
        expiry,
        topics,
        like.requester());
  }

  @Test
  void roundsPricesUpAndNeverOverflows() {
    assertEquals(0, PriceList.free().price(1_000_000));
    assertEquals(11, new PriceList(10, 1).price(1));
    assertEquals(11, new PriceList(10, 1).price(1000));
    assertEquals(12, new PriceList(10, 1).price(1001));
    assertEquals(10, new PriceList(10, 1).price(0));
    assertTrue(new PriceList(PriceList.MAX, PriceList.MAX).price(Integer.MAX_VALUE) > 0);
    assertThrows(IllegalArgumentException.class, () -> new PriceList(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> new PriceList(0, PriceList.MAX + 1));
    assertThrows(IllegalArgumentException.class, () -> PriceList.free().price(-1));
    assertThrows(IllegalArgumentException.class, () -> PriceList.free().price(1L << 32));
  }
}

package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OwnRecordTest {

  private final VirtualTime time = new VirtualTime();
  private Capabilities said = Samples.capabilities(true, Samples.MODEL);
  private List<Multiaddr> addresses = addresses("/ip4/10.0.0.1/tcp/1");
  private final OwnRecord own =
      new OwnRecord(
          TestIdentities.privateKey(1),
          () -> said,
          () -> addresses,
          DirectoryConfig.defaults(),
          Samples.CODEC,
          time.clock());

  private static List<Multiaddr> addresses(String... texts) {
    return Stream.of(texts).map(Multiaddr::parse).toList();
  }

  @Test
  void isSignedAnewWhenSomethingChangedOrTimeHasPassed() {
    SignedCapability first = own.current();
    assertTrue(first.isSignedByPeer());
    assertSame(first, own.current());

    said = said.withLoad(new Capabilities.Load(1, 4));
    SignedCapability busy = own.current();
    assertEquals(said, busy.record().capabilities());
    assertTrue(busy.record().sequence() > first.record().sequence());

    time.advance(Duration.ofSeconds(30));
    SignedCapability later = own.current();
    assertNotEquals(busy, later);
    assertEquals(time.clock().instant(), later.record().timestamp());
  }

  @Test
  void takesTheLoadForNoNews() {
    OwnRecord.Substance before = own.substance();
    said = said.withLoad(new Capabilities.Load(3, 4));
    assertEquals(before, own.substance());
    said = Samples.capabilities(false, Samples.MODEL);
    assertNotEquals(before, own.substance());
  }

  @Test
  void tellsOnlyAddressesThatOthersCanUse() {
    addresses =
        addresses(
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/0.0.0.0/tcp/1",
            "/ip4/169.254.3.4/tcp/1",
            "/ip4/192.168.1.2/tcp/1",
            "/ip4/192.168.1.2/tcp/1",
            "/dns4/example.org/tcp/1");
    assertEquals(
        addresses("/ip4/192.168.1.2/tcp/1", "/dns4/example.org/tcp/1"),
        own.current().record().addresses());

    addresses = addresses("/ip4/127.0.0.1/tcp/1");
    assertEquals(addresses, own.current().record().addresses(), "better than none");
  }

  @Test
  void leavesOutWhatDoesNotFitAndColdModelsFirst() throws ProtocolViolationException {
    List<ModelOffer> offers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      offers.add(
          new ModelOffer(
              "m".repeat(128),
              Samples.model(i),
              "bf16",
              i >= 90,
              1 << 20,
              new PriceList(PriceList.MAX, PriceList.MAX)));
    }
    Gpu gpu = new Gpu(Gpu.Vendor.NVIDIA, "g".repeat(128), 1L << 40, "d".repeat(128), 8);
    said =
        new Capabilities(
            Collections.nCopies(20, "r".repeat(128)),
            offers,
            Capabilities.Load.none(),
            new HardwareFingerprint("c".repeat(128), 8, 1L << 40, Collections.nCopies(20, gpu)),
            java.util.Optional.empty(),
            new ProviderPolicy(Collections.nCopies(20, "t".repeat(32))),
            "a".repeat(128));
    addresses =
        Collections.nCopies(1, Multiaddr.parse("/dns4/" + "x".repeat(60) + ".example.org/tcp/1"));
    SignedCapability record = own.renew();

    DirectoryMessage heartbeat = new DirectoryMessage.Heartbeat(record);
    assertEquals(
        heartbeat, Samples.CODEC.decode(ByteBuffer.wrap(Samples.CODEC.encode(heartbeat).array())));
    List<ModelOffer> told = record.record().capabilities().models();
    assertTrue(told.size() > 20 && told.size() <= 64, () -> told.size() + " models");
    assertEquals(10, told.stream().filter(ModelOffer::warm).count());
    assertTrue(record.envelope().toBytes().length <= 16 * 1024);
  }
}

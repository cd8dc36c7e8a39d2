package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
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
              switch (random.nextInt(3)) {
                case 0 -> new DirectoryMessage.Query(1 + random.nextInt(100));
                case 1 -> new DirectoryMessage.Announcement(Samples.random(random));
                default -> new DirectoryMessage.Records(records);
              };
          assertEquals(message, copy(message));
          if (message instanceof DirectoryMessage.Announcement announcement) {
            assertTrue(announcement.record().isSignedByPeer());
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

  @Test
  void refusesListsAndTextsOverTheLimits() {
    Capabilities plain = Samples.capabilities(true, Samples.MODEL);
    DirectoryLimits limits = DirectoryLimits.defaults();
    List<Capabilities> tooMuch =
        List.of(
            new Capabilities(
                Collections.nCopies(limits.maxRoles() + 1, "r"),
                List.of(),
                plain.load(),
                Optional.empty(),
                ""),
            new Capabilities(
                List.of(),
                Collections.nCopies(limits.maxModels() + 1, plain.models().get(0)),
                plain.load(),
                Optional.empty(),
                ""),
            new Capabilities(List.of(), List.of(), plain.load(), Optional.empty(), "a".repeat(129)),
            new Capabilities(List.of(), List.of(), plain.load(), Optional.of("line\nbreak"), ""));
    for (Capabilities said : tooMuch) {
      assertThrows(
          ProtocolViolationException.class,
          () -> copy(new DirectoryMessage.Announcement(Samples.record(1, 1, Samples.NOW, said))));
    }
    CapabilityRecord honest = Samples.record(1, 1, Samples.NOW).record();
    SignedCapability everywhere =
        CODEC.sign(
            new CapabilityRecord(
                honest.peer(),
                1,
                honest.timestamp(),
                Collections.nCopies(17, Multiaddr.parse("/ip4/1.2.3.4/tcp/5")),
                honest.capabilities()),
            TestIdentities.privateKey(1));
    assertThrows(
        ProtocolViolationException.class,
        () -> copy(new DirectoryMessage.Announcement(everywhere)));
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
  }
}

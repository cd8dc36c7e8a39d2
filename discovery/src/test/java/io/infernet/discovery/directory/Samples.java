package io.infernet.discovery.directory;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Records for tests. */
final class Samples {

  static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
  static final DirectoryCodec CODEC = new DirectoryCodec(DirectoryLimits.defaults());
  static final Cid MODEL = model(0);

  private Samples() {}

  static Cid model(int n) {
    return Cid.of(Cid.RAW, Multihash.sha256(new byte[] {(byte) n}));
  }

  static Capabilities capabilities(boolean warm, Cid... models) {
    List<ModelOffer> offers = new ArrayList<>();
    for (Cid model : models) {
      offers.add(new ModelOffer("m", model, warm, 512, PriceList.free()));
    }
    return new Capabilities(
        List.of("provider"), offers, new Capabilities.Load(0, 4), Optional.empty(), "test/1");
  }

  static SignedCapability record(int peer, long sequence, Instant at, Capabilities said) {
    return CODEC.sign(
        new CapabilityRecord(
            TestIdentities.peerId(peer),
            sequence,
            at,
            List.of(Multiaddr.parse("/ip4/10.0.0." + peer % 250 + "/tcp/4001")),
            said),
        TestIdentities.privateKey(peer));
  }

  static SignedCapability record(int peer, long sequence, Instant at) {
    return record(peer, sequence, at, capabilities(true, MODEL));
  }

  /** A record about {@code peer} that another one signed. */
  static SignedCapability forged(int peer, Instant at) {
    return CODEC.sign(record(peer, 1_000, at).record(), TestIdentities.privateKey(999));
  }

  static SignedCapability random(RandomGenerator random) {
    List<ModelOffer> offers = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      offers.add(
          new ModelOffer(
              "model-" + i,
              model(random.nextInt(100)),
              random.nextBoolean(),
              1 + random.nextInt(1 << 20),
              new PriceList(random.nextLong(PriceList.MAX), random.nextLong(PriceList.MAX + 1))));
    }
    List<Multiaddr> addresses = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      addresses.add(
          Property.pick(
              random,
              List.of(
                  Multiaddr.parse("/ip4/127.0.0.1/tcp/1"),
                  Multiaddr.parse("/dns4/example.org/tcp/4001"),
                  Multiaddr.parse("/ip6/::1/tcp/65535"))));
    }
    int peer = 1 + random.nextInt(5);
    return CODEC.sign(
        new CapabilityRecord(
            TestIdentities.peerId(peer),
            random.nextLong(Long.MAX_VALUE),
            Instant.ofEpochMilli(random.nextLong(1L << 45)),
            addresses,
            new Capabilities(
                List.of("provider", "client").subList(0, random.nextInt(3)),
                offers,
                new Capabilities.Load(random.nextInt(100), random.nextInt(100)),
                random.nextBoolean() ? Optional.empty() : Optional.of("eu-west"),
                "infernet/ünïcode")),
        TestIdentities.privateKey(peer));
  }
}

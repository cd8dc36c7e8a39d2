package io.infernet.discovery.directory;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerId;
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
      offers.add(offer(model, warm, 0));
    }
    return capabilities(offers.toArray(ModelOffer[]::new));
  }

  static Capabilities capabilities(ModelOffer... offers) {
    return new Capabilities(
        List.of("provider"),
        List.of(offers),
        new Capabilities.Load(0, 4),
        HardwareFingerprint.unknown(),
        Optional.empty(),
        ProviderPolicy.open(),
        "test/1");
  }

  /**
   * @param price of a thousand tokens
   */
  static ModelOffer offer(Cid model, boolean warm, long price) {
    return new ModelOffer("m", model, "bf16", warm, 512, new PriceList(0, price));
  }

  static SignedCapability record(int peer, long sequence, Instant at, Capabilities said) {
    return CODEC.sign(
        new CapabilityRecord(
            TestIdentities.peerId(peer),
            NetworkName.MAIN,
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
              Property.pick(random, List.of("bf16", "int8", "fp32")),
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
            random.nextBoolean() ? NetworkName.MAIN : new NetworkName("lab-1"),
            random.nextLong(Long.MAX_VALUE),
            Instant.ofEpochMilli(random.nextLong(1L << 45)),
            addresses,
            new Capabilities(
                List.of("provider", "client").subList(0, random.nextInt(3)),
                offers,
                new Capabilities.Load(random.nextInt(100), random.nextInt(100)),
                hardware(random),
                random.nextBoolean() ? Optional.empty() : Optional.of("eu-west"),
                new ProviderPolicy(List.of("adult", "medical").subList(0, random.nextInt(3))),
                "infernet/ünïcode")),
        TestIdentities.privateKey(peer));
  }

  private static HardwareFingerprint hardware(RandomGenerator random) {
    List<Gpu> gpus = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      gpus.add(
          new Gpu(
              Property.pick(random, List.of(Gpu.Vendor.values())),
              "GPU " + i,
              random.nextLong(1L << 40),
              random.nextBoolean() ? "" : "550.54",
              1 + random.nextInt(8)));
    }
    return new HardwareFingerprint(
        "CPU", random.nextInt(256), random.nextLong(Long.MAX_VALUE), gpus);
  }

  /** Work on {@link #MODEL} that may be answered for a minute. */
  static JobOffer work(PeerId requester, Instant now) {
    return new JobOffer(
        "00112233445566778899aabbccddeeff",
        MODEL,
        "generate",
        100_000,
        1_000_000,
        now.plusSeconds(600),
        now.plusSeconds(60),
        List.of("medical"),
        requester);
  }

  /** Any message but a list of records. */
  static DirectoryMessage message(RandomGenerator random) {
    Cid model = model(random.nextInt(100));
    Instant time = Instant.ofEpochMilli(random.nextLong(1L << 45));
    return switch (random.nextInt(4)) {
      case 0 ->
          new DirectoryMessage.Query(
              random.nextBoolean() ? Optional.empty() : Optional.of(model),
              1 + random.nextInt(100));
      case 1 -> new DirectoryMessage.Heartbeat(random(random));
      case 2 ->
          new DirectoryMessage.Demand(
              new DemandSignal(
                  random.nextBoolean() ? Optional.empty() : Optional.of(model), "wanted", time));
      default -> new DirectoryMessage.Offer(work(TestIdentities.peerId(1), time));
    };
  }
}

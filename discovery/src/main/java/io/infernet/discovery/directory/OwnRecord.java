package io.infernet.discovery.directory;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** This node's own record, signed anew when it is needed. Used on one thread. */
final class OwnRecord {

  private final PrivateKey key;
  private final PeerId peer;
  private final Supplier<Capabilities> capabilities;
  private final Supplier<List<Multiaddr>> addresses;
  private final DirectoryConfig config;
  private final DirectoryCodec codec;
  private final Clock clock;
  private long sequence;
  private @Nullable SignedCapability last;

  /** What is worth telling at once when it changes: all but how busy the node is. */
  record Substance(Capabilities capabilities, List<Multiaddr> addresses) {}

  OwnRecord(
      PrivateKey key,
      Supplier<Capabilities> capabilities,
      Supplier<List<Multiaddr>> addresses,
      DirectoryConfig config,
      DirectoryCodec codec,
      Clock clock) {
    this.key = key;
    this.peer = PeerId.of(key.publicKey());
    this.capabilities = capabilities;
    this.addresses = addresses;
    this.config = config;
    this.codec = codec;
    this.clock = clock;
  }

  /** What the node can do now, within the limits of a record. */
  Capabilities capabilities() {
    Capabilities full = capabilities.get();
    DirectoryLimits limits = config.limits();
    HardwareFingerprint hardware = full.hardware();
    return new Capabilities(
        full.roles().stream().limit(limits.maxRoles()).toList(),
        full.models().stream()
            .sorted(Comparator.comparing(offer -> !offer.warm()))
            .limit(limits.maxModels())
            .toList(),
        full.load(),
        new HardwareFingerprint(
            hardware.cpu(),
            hardware.cores(),
            hardware.memoryBytes(),
            hardware.gpus().stream().limit(limits.maxGpus()).toList()),
        full.region(),
        new ProviderPolicy(full.policy().refuses().stream().limit(limits.maxTopics()).toList()),
        full.agent());
  }

  Substance substance() {
    return new Substance(capabilities().withLoad(Capabilities.Load.none()), reachableAt());
  }

  private List<Multiaddr> reachableAt() {
    return RecordAddresses.worthTelling(addresses.get()).stream()
        .limit(config.limits().maxAddresses())
        .toList();
  }

  /** A record of now; of too many models those that are not warm are left out first. */
  SignedCapability renew() {
    Instant now = clock.instant();
    // A restarted node goes on above what it said before, as long as its clock does.
    sequence = Math.max(sequence + 1, now.toEpochMilli());
    Capabilities said = capabilities();
    CapabilityRecord record = record(now, said);
    while (codec.size(record) > config.limits().maxRecordSize() && !said.models().isEmpty()) {
      said = said.withModels(said.models().subList(0, said.models().size() - 1));
      record = record(now, said);
    }
    SignedCapability next = codec.sign(record, key);
    last = next;
    return next;
  }

  private CapabilityRecord record(Instant now, Capabilities said) {
    return new CapabilityRecord(peer, config.network(), sequence, now, reachableAt(), said);
  }

  /** The last record, if it still says what is so, or a new one. */
  SignedCapability current() {
    SignedCapability present = last;
    if (present == null) {
      return renew();
    }
    CapabilityRecord record = present.record();
    boolean young =
        record.timestamp().plus(config.heartbeats().interval()).isAfter(clock.instant());
    return young
            && record.capabilities().equals(capabilities())
            && record.addresses().equals(reachableAt())
        ? present
        : renew();
  }
}

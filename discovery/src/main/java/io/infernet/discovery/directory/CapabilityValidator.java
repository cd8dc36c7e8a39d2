package io.infernet.discovery.directory;

import io.infernet.discovery.kad.record.RecordValidator;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * The DHT's namespace {@code infernet}: under {@code /infernet/capability/} and the bytes of a peer
 * id is that peer's {@link CapabilityRecord} in its signed envelope. The highest sequence number is
 * best. Safe from any thread.
 */
public final class CapabilityValidator implements RecordValidator {

  /** What it is called among the validators of a DHT. */
  public static final String NAMESPACE = "infernet";

  private static final byte[] PREFIX =
      ("/" + NAMESPACE + "/capability/").getBytes(StandardCharsets.US_ASCII);

  private final NetworkName network;
  private final DirectoryConfig.Table limits;
  private final DirectoryConfig.Announcing config;
  private final DirectoryCodec codec;
  private final Clock clock;

  public CapabilityValidator(DirectoryConfig config, Clock clock) {
    this.network = config.network();
    this.limits = config.table();
    this.config = config.announcing();
    this.codec = new DirectoryCodec(config.limits());
    this.clock = clock;
  }

  /** The key under which a peer's record is kept. */
  public static byte[] key(PeerId peer) {
    byte[] id = peer.toBytes();
    byte[] key = Arrays.copyOf(PREFIX, PREFIX.length + id.length);
    System.arraycopy(id, 0, key, PREFIX.length, id.length);
    return key;
  }

  @Override
  public void validate(byte[] key, byte[] value) throws ProtocolViolationException {
    SignedCapability signed = codec.decodeRecord(value);
    CapabilityRecord record = signed.record();
    if (!Arrays.equals(key, key(record.peer()))) {
      throw new ProtocolViolationException("the capability record of another peer");
    }
    if (!record.network().equals(network)) {
      throw new ProtocolViolationException("a capability record of another network");
    }
    Instant now = clock.instant();
    if (record.timestamp().isAfter(now.plus(limits.maxFuture()))) {
      throw new ProtocolViolationException("a capability record of the future");
    }
    if (record.timestamp().plus(config.maxAge()).isBefore(now)) {
      throw new ProtocolViolationException("a capability record that is too old");
    }
    if (!signed.isSignedByPeer()) {
      throw new ProtocolViolationException("a capability record that its peer did not sign");
    }
  }

  @Override
  public int select(byte[] key, List<byte[]> values) {
    int best = 0;
    long highest = -1;
    for (int i = 0; i < values.size(); i++) {
      try {
        long sequence = codec.decodeRecord(values.get(i)).record().sequence();
        if (sequence > highest) {
          highest = sequence;
          best = i;
        }
      } catch (ProtocolViolationException e) {
        // Never the best one.
      }
    }
    return best;
  }
}

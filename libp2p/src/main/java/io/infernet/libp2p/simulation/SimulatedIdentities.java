package io.infernet.libp2p.simulation;

import io.infernet.libp2p.host.Limits;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Public keys that nobody has the private half of, for simulated peers that sign nothing. They are
 * Ed25519 keys, which cost next to nothing to make; the same ones for the same random numbers.
 */
public final class SimulatedIdentities {

  private static final int KEY_LENGTH = 32;

  /** A peer id before the key's own bytes: identity multihash, protobuf of an Ed25519 key. */
  private static final byte[] PEER_ID_PREFIX = {0x00, 0x24, 0x08, 0x01, 0x12, 0x20};

  private final RandomGenerator random;

  public SimulatedIdentities(RandomGenerator random) {
    this.random = random;
  }

  /** Another key. */
  public PublicKey next() {
    while (true) {
      PublicKey key = key(randomBytes());
      if (key != null) {
        return key;
      }
    }
  }

  /** The id of another peer, one that is only talked of: there may be no such key. */
  public PeerId nextPeer() {
    return peerId(randomBytes());
  }

  /**
   * The key whose peer id costs least, as who grinds for an id finds it.
   *
   * @param candidates how many are tried
   */
  public <C extends Comparable<C>> PublicKey cheapest(int candidates, Function<PeerId, C> cost) {
    Limits.requirePositive(candidates, "candidates");
    PublicKey best = next();
    C least = cost.apply(PeerId.of(best));
    for (int i = 1; i < candidates; i++) {
      byte[] raw = randomBytes();
      C candidate = cost.apply(peerId(raw));
      if (candidate.compareTo(least) < 0) {
        PublicKey key = key(raw);
        if (key != null) {
          best = key;
          least = candidate;
        }
      }
    }
    return best;
  }

  private byte[] randomBytes() {
    byte[] raw = new byte[KEY_LENGTH];
    random.nextBytes(raw);
    return raw;
  }

  /** Null where the bytes are no point of the curve, which is every other time. */
  private static @Nullable PublicKey key(byte[] raw) {
    try {
      return PublicKey.fromRaw(KeyType.ED25519, raw);
    } catch (ProtocolViolationException e) {
      return null;
    }
  }

  private static PeerId peerId(byte[] raw) {
    byte[] bytes = new byte[PEER_ID_PREFIX.length + KEY_LENGTH];
    System.arraycopy(PEER_ID_PREFIX, 0, bytes, 0, PEER_ID_PREFIX.length);
    System.arraycopy(raw, 0, bytes, PEER_ID_PREFIX.length, KEY_LENGTH);
    try {
      return PeerId.fromBytes(bytes);
    } catch (ProtocolViolationException e) {
      throw new IllegalStateException("that is the form of a peer id", e);
    }
  }
}

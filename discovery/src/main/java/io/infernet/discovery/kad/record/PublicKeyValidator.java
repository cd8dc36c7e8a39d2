package io.infernet.discovery.kad.record;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The namespace {@code pk}: under {@code /pk/} and the bytes of a peer id is that peer's public key
 * as a protobuf. Needed for keys that are too long to be part of the id.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/kad-dht/README.md#value-routing">value
 *     routing</a>
 */
public final class PublicKeyValidator implements RecordValidator {

  /** What it is called in a {@link NamespacedValidator}. */
  public static final String NAMESPACE = "pk";

  private static final byte[] PREFIX = "/pk/".getBytes(StandardCharsets.US_ASCII);

  /** The key under which a peer's public key is kept. */
  public static byte[] key(PeerId peer) {
    byte[] id = peer.toBytes();
    byte[] key = Arrays.copyOf(PREFIX, PREFIX.length + id.length);
    System.arraycopy(id, 0, key, PREFIX.length, id.length);
    return key;
  }

  @Override
  public void validate(byte[] key, byte[] value) throws ProtocolViolationException {
    if (key.length < PREFIX.length
        || !Arrays.equals(key, 0, PREFIX.length, PREFIX, 0, PREFIX.length)) {
      throw new ProtocolViolationException("not the key of a public key");
    }
    PeerId peer = PeerId.fromBytes(Arrays.copyOfRange(key, PREFIX.length, key.length));
    if (!peer.matches(PublicKey.fromProtobuf(value))) {
      throw new ProtocolViolationException("the public key of another peer");
    }
  }

  /** Valid values of a key are equal. */
  @Override
  public int select(byte[] key, List<byte[]> values) {
    return 0;
  }
}

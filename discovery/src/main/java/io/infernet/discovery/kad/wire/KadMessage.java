package io.infernet.discovery.kad.wire;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What Kademlia peers say to each other. On the wire a request and its answer have the same type;
 * {@link KadCodec} is told which of the two it reads.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages">RPC
 *     messages</a>
 */
public sealed interface KadMessage {

  /** What a client asks of a server. */
  sealed interface Request extends KadMessage {}

  /** What a server answers; nothing to {@link AddProvider}. */
  sealed interface Response extends KadMessage {}

  /**
   * Who is closest to this key? FIND_NODE.
   *
   * @param key a peer id's bytes, or anything else; its SHA-256 is the place that is looked for
   */
  record FindNode(byte[] key) implements Request {
    public FindNode {
      key = key.clone();
    }

    @Override
    public byte[] key() {
      return key.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof FindNode that && Arrays.equals(key, that.key);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(key);
    }

    @Override
    public String toString() {
      return "FindNode[" + HexFormat.of().formatHex(key) + "]";
    }
  }

  /**
   * The answer to {@link FindNode}.
   *
   * @param closer the closest peers that the server knows
   */
  record CloserPeers(List<PeerInfo> closer) implements Response {
    public CloserPeers {
      closer = List.copyOf(closer);
    }
  }

  /** Who provides this? GET_PROVIDERS. */
  record GetProviders(Multihash key) implements Request {
    public GetProviders {
      requireNonNull(key, "key is null");
    }
  }

  /** The answer to {@link GetProviders}. */
  record Providers(List<PeerInfo> providers, List<PeerInfo> closer) implements Response {
    public Providers {
      providers = List.copyOf(providers);
      closer = List.copyOf(closer);
    }
  }

  /**
   * The sender provides this. ADD_PROVIDER, which is not answered.
   *
   * @param providers only the sender itself counts
   */
  record AddProvider(Multihash key, List<PeerInfo> providers) implements Request {
    public AddProvider {
      requireNonNull(key, "key is null");
      providers = List.copyOf(providers);
    }
  }

  /** What is the value of this key? GET_VALUE. */
  record GetValue(byte[] key) implements Request {
    public GetValue {
      key = key.clone();
    }

    @Override
    public byte[] key() {
      return key.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof GetValue that && Arrays.equals(key, that.key);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(key);
    }

    @Override
    public String toString() {
      return "GetValue[" + HexFormat.of().formatHex(key) + "]";
    }
  }

  /**
   * The answer to {@link GetValue}.
   *
   * @param record not validated, and its key need not be the one that was asked for
   */
  record Value(Optional<ValueRecord> record, List<PeerInfo> closer) implements Response {
    public Value {
      requireNonNull(record, "record is null");
      closer = List.copyOf(closer);
    }
  }

  /**
   * Keep this. PUT_VALUE.
   *
   * @param record not validated
   */
  record PutValue(ValueRecord record) implements Request {
    public PutValue {
      requireNonNull(record, "record is null");
    }
  }

  /**
   * The answer to {@link PutValue}: the server has it.
   *
   * @param record as it was sent
   */
  record ValueStored(ValueRecord record) implements Response {
    public ValueStored {
      requireNonNull(record, "record is null");
    }
  }

  /** Are you there? PING; no current implementation asks. */
  record Ping() implements Request {}

  /** The answer to {@link Ping}. */
  record Pong() implements Response {}
}

package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A peer of the network: listens, dials, and carries streams of the protocols it was given. Safe
 * from any thread; its owner starts and closes it.
 */
public interface Host extends AutoCloseable {

  PeerId peerId();

  /** Binds the configured addresses; fails with a message for the user when one is in use. */
  CompletableFuture<Void> start();

  /** The addresses actually bound (real ports), without {@code /p2p}; empty before start. */
  List<Multiaddr> listenAddresses();

  /** Accepts inbound streams of {@code protocol}; replaces an earlier handler. */
  void handle(ProtocolId protocol, StreamHandler handler);

  /** Accepts no more inbound streams of {@code protocol}; open ones go on. */
  void unhandle(ProtocolId protocol);

  /** The protocols handled now, in natural order. */
  List<ProtocolId> protocols();

  /**
   * A connection to {@code peer}: an existing one, or a new one over its addresses and those known
   * from before. Concurrent requests share one dial.
   *
   * @return fails with {@link PeerUnavailableException} when no address answers in time
   */
  CompletableFuture<Connection> connect(PeerInfo peer);

  /** Opens a stream to {@code peer}, connecting first where its addresses are known. */
  CompletableFuture<Stream> newStream(PeerId peer, List<ProtocolId> protocols);

  /** Closes all connections to {@code peer}. */
  CompletableFuture<Void> disconnect(PeerId peer);

  /** Connections that are ready for streams. */
  List<Connection> connections();

  /** The preferred connection to {@code peer}, if there is one. */
  Optional<Connection> connection(PeerId peer);

  /** What is known of peers: addresses, protocols, agent. */
  PeerStore peers();

  void addConnectionListener(ConnectionListener listener);

  /**
   * Keeps connections to {@code peer} from being trimmed, until {@link #unprotect} with the same
   * tag.
   */
  void protect(PeerId peer, String tag);

  void unprotect(PeerId peer, String tag);

  /** Whether {@link #protect} holds for {@code peer}, with any tag. */
  boolean isProtected(PeerId peer);

  /**
   * Says how useful connections to {@code peer} are, as far as {@code tag} goes: when there are too
   * many, those go first whose tags add up to least. A later value replaces the earlier one of the
   * same tag; zero takes it back.
   */
  void tag(PeerId peer, String tag, int usefulness);

  /** Stops listening, closes every connection and releases the threads. */
  @Override
  void close();
}

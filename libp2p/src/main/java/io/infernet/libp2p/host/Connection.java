package io.infernet.libp2p.host;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One encrypted, authenticated, multiplexed link to a peer. Safe from any thread. */
public interface Connection {

  /** The peer at the other end, as it proved in the handshake. */
  PeerId remotePeer();

  PublicKey remotePublicKey();

  /** The address at the other end, without {@code /p2p}. */
  Multiaddr remoteAddress();

  Multiaddr localAddress();

  /** Whether this side dialled. */
  boolean isInitiator();

  /** How many streams are open, both directions. */
  int streamCount();

  /**
   * Opens a stream with the first of {@code protocols} that the remote speaks, in order of
   * preference.
   *
   * @return fails with {@link PeerUnavailableException} when the remote speaks none of them or the
   *     connection ends
   */
  CompletableFuture<Stream> newStream(List<ProtocolId> protocols);

  /** Tells the remote that no more streams are wanted, then closes; open streams are reset. */
  CompletableFuture<Void> close();

  /** Done, never failed, when the connection has ended. */
  CompletableFuture<Void> closed();
}

package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.wire.GossipRpc;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;

/**
 * One stream that a peer opened: RPCs until it closes. Nothing is ever sent on it. Runs on the
 * router's executor.
 */
final class GossipStreamHandler implements MessageListener<GossipRpc> {

  private final PeerLinks links;
  private final GossipPeer peer;
  private final MessageStream<GossipRpc> messages;

  GossipStreamHandler(PeerLinks links, GossipPeer peer, MessageStream<GossipRpc> messages) {
    this.links = links;
    this.peer = peer;
    this.messages = messages;
  }

  @Override
  public void onMessage(GossipRpc rpc) {
    links.received(peer, this, rpc);
  }

  @Override
  public void onRemoteClose() {
    messages.closeWrite();
    links.inboundEnded(peer, this);
  }

  @Override
  public void onReset(Throwable cause) {
    links.inboundReset(peer, this, cause);
  }

  /** Reads no more from it: the peer opened another, or misbehaves. */
  void reset() {
    messages.reset();
  }
}

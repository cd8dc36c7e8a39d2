/**
 * Who a peer is: keys, the {@link io.infernet.libp2p.peer.PeerId} derived from them, and the file
 * that keeps this node's own key.
 *
 * <p>Keys use BouncyCastle's lightweight classes; no security provider is registered.
 */
@NullMarked
package io.infernet.libp2p.peer;

import org.jspecify.annotations.NullMarked;

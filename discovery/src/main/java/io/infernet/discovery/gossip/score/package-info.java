/**
 * How far each pubsub peer is trusted: {@link io.infernet.discovery.gossip.score.PeerScore} counts
 * what it delivered, failed to deliver and did wrong, with the parameters P1 to P7 of gossipsub
 * v1.1. Pure: no I/O, no timers.
 *
 * @see <a
 *     href="https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#peer-scoring">
 *     gossipsub v1.1, "Peer Scoring"</a>
 */
@NullMarked
package io.infernet.discovery.gossip.score;

import org.jspecify.annotations.NullMarked;

/**
 * What pubsub peers send each other: the {@link io.infernet.discovery.gossip.wire.GossipRpc} of the
 * libp2p pubsub specification with the control messages of gossipsub v1.0 to v1.2, its bounded
 * codec, the authors' signatures and the ids of messages.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/pubsub/README.md">pubsub</a>
 */
@NullMarked
package io.infernet.discovery.gossip.wire;

import org.jspecify.annotations.NullMarked;

/**
 * Gossip: messages on a topic reach everyone who is subscribed, without anyone in the middle. The
 * {@link io.infernet.discovery.gossip.GossipRouter} speaks gossipsub v1.0 to v1.2 and floodsub.
 *
 * @see <a href="https://github.com/libp2p/specs/tree/master/pubsub/gossipsub">gossipsub</a>
 */
@NullMarked
package io.infernet.discovery.gossip;

import org.jspecify.annotations.NullMarked;

/**
 * The distributed hash table: {@link io.infernet.discovery.kad.KadDht} finds peers, who provides
 * what, and values, and keeps its share of them for others.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/kad-dht/README.md">libp2p Kademlia
 *     DHT</a>
 */
@NullMarked
package io.infernet.discovery.kad;

import org.jspecify.annotations.NullMarked;

/**
 * What Kademlia peers say to each other, and how that becomes bytes: the protobuf of the libp2p
 * specification, which other implementations speak too.
 */
@NullMarked
package io.infernet.discovery.kad.wire;

import org.jspecify.annotations.NullMarked;

/**
 * Who is where in the key space: {@link io.infernet.discovery.kad.routing.KadKey}s and the {@link
 * io.infernet.discovery.kad.routing.RoutingTable} of peers that have answered. Pure: no I/O, no
 * time of its own, no threads.
 */
@NullMarked
package io.infernet.discovery.kad.routing;

import org.jspecify.annotations.NullMarked;

/**
 * Multicast DNS: nodes on one network find each other without being given an address.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/discovery/mdns.md">libp2p mDNS</a>
 */
@NullMarked
package io.infernet.discovery.mdns;

import org.jspecify.annotations.NullMarked;

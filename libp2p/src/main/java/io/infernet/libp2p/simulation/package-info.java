/**
 * Many hosts in one thread on virtual time: what services see of libp2p (host, connections,
 * streams, time) without sockets, ciphers or threads. A run repeats exactly for its seed. Tests and
 * {@code infernet bench dht} use it.
 */
@NullMarked
package io.infernet.libp2p.simulation;

import org.jspecify.annotations.NullMarked;

/**
 * The entry point to the network: a {@link io.infernet.libp2p.host.Host} opens and accepts {@link
 * io.infernet.libp2p.host.Stream}s over authenticated {@link io.infernet.libp2p.host.Connection}s.
 *
 * <p>No interface here names Netty: services written on them run unchanged on real sockets, which
 * is {@link io.infernet.libp2p.host.NettyHost}, and on the virtual network of the tests.
 */
@NullMarked
package io.infernet.libp2p.host;

import org.jspecify.annotations.NullMarked;

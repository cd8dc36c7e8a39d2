/** ping: whether a peer answers, and how fast. */
@NullMarked
package io.infernet.libp2p.protocol.ping;

import org.jspecify.annotations.NullMarked;

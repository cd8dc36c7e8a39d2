/**
 * The yamux stream multiplexer, {@code /yamux/1.0.0}: frames, flow control with windows that grow,
 * keepalive and the rules whose breach ends a connection.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/yamux/README.md">libp2p yamux</a>
 * @see <a href="https://github.com/hashicorp/yamux/blob/master/spec.md">the original
 *     specification</a>
 */
@NullMarked
package io.infernet.libp2p.muxer.yamux;

import org.jspecify.annotations.NullMarked;

/**
 * multistream-select 1.0: two peers agree on the protocol of a connection or stream by name.
 *
 * <p>{@link io.infernet.libp2p.multistream.MultistreamNegotiation} is the protocol, free of I/O,
 * for muxed streams and whatever else carries bytes; {@link
 * io.infernet.libp2p.multistream.MultistreamHandler} runs it on a Netty channel.
 */
@NullMarked
package io.infernet.libp2p.multistream;

import org.jspecify.annotations.NullMarked;

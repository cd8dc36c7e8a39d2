/**
 * Many streams over one secured connection, whichever multiplexing protocol was agreed: a {@link
 * io.infernet.libp2p.muxer.StreamMuxer} sits between a {@link io.infernet.libp2p.muxer.BytePipe}
 * and raw {@link io.infernet.libp2p.muxer.MuxedStream}s, whose protocols are not agreed yet.
 *
 * <p>All state of a connection lives on its event loop. Muxers are plain objects on that loop, and
 * {@link io.infernet.libp2p.muxer.MuxerHandler} puts one into a Netty pipeline.
 */
@NullMarked
package io.infernet.libp2p.muxer;

import org.jspecify.annotations.NullMarked;

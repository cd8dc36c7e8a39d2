package io.infernet.libp2p.muxer.yamux;

import io.infernet.libp2p.muxer.ByteBudget;
import io.infernet.libp2p.muxer.BytePipe;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.StreamMuxer;
import io.infernet.libp2p.muxer.StreamMuxerContract;
import io.infernet.libp2p.simulation.VirtualTime;
import java.util.function.Consumer;

class YamuxMuxerTest extends StreamMuxerContract {

  @Override
  protected StreamMuxer create(
      BytePipe pipe, boolean initiator, VirtualTime time, Consumer<MuxedStream> onStream) {
    return new YamuxSession(
        YamuxConfig.defaults(),
        new ByteBudget(Long.MAX_VALUE),
        initiator,
        pipe,
        time,
        time,
        onStream);
  }

  @Override
  protected int initialWindow() {
    return YamuxConfig.INITIAL_WINDOW;
  }
}

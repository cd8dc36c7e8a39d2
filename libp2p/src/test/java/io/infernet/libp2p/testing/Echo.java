package io.infernet.libp2p.testing;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamHandler;
import io.infernet.libp2p.host.StreamListener;
import java.nio.ByteBuffer;

/** Sends back what it receives, and reads no more than the remote takes back. */
public final class Echo implements StreamHandler {

  public static final ProtocolId PROTOCOL = ProtocolId.of("/test/echo/1.0.0");

  @Override
  public void onStream(Stream stream) {
    stream.listen(
        new StreamListener() {
          @Override
          public void onData(ByteBuffer data) {
            ByteBuffer copy = ByteBuffer.allocate(data.remaining()).put(data).flip();
            stream.pauseReading();
            stream.send(copy).whenComplete((sent, error) -> stream.resumeReading());
          }

          @Override
          public void onRemoteClose() {
            stream.closeWrite();
          }

          @Override
          public void onReset(Throwable cause) {}
        });
  }
}

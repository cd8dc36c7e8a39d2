package io.infernet.libp2p.protocol.ping;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamListener;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * One ping stream. A ping is {@value #BYTES} bytes, which come back as they are; there may be
 * several, one after the other. Runs on the connection's event loop.
 */
final class PingStreamHandler {

  /** Ping specification: "32 bytes of random data". */
  static final int BYTES = 32;

  private PingStreamHandler() {}

  /** Sends back what comes, no faster than the remote takes it, until it closes. */
  static void answer(Stream stream) {
    stream.listen(
        new StreamListener() {
          @Override
          public void onData(ByteBuffer data) {
            ByteBuffer answer = ByteBuffer.allocate(data.remaining()).put(data).flip();
            stream.pauseReading();
            stream.send(answer).whenComplete((sent, error) -> stream.resumeReading());
          }

          @Override
          public void onRemoteClose() {
            stream.closeWrite();
          }

          @Override
          public void onReset(Throwable cause) {}
        });
  }

  /**
   * Sends one ping and closes the stream after its answer.
   *
   * @return done when the answer is there and right; completing it from outside resets the stream
   */
  static CompletableFuture<Void> ask(Stream stream, byte[] ping) {
    CompletableFuture<Void> answered = new CompletableFuture<>();
    stream.listen(
        new StreamListener() {
          private final ByteBuffer answer = ByteBuffer.allocate(BYTES);

          @Override
          public void onData(ByteBuffer data) {
            take(answer, data);
            if (answer.hasRemaining()) {
              return;
            }
            if (answer.flip().equals(ByteBuffer.wrap(ping)) && !data.hasRemaining()) {
              stream.closeWrite();
              answered.complete(null);
            } else {
              answered.completeExceptionally(
                  new ProtocolViolationException("the answer differs from the ping"));
            }
          }

          @Override
          public void onRemoteClose() {
            onReset(new ProtocolViolationException("the remote closed instead of answering"));
          }

          @Override
          public void onReset(Throwable cause) {
            answered.completeExceptionally(cause);
          }
        });
    answered.whenComplete(
        (nothing, error) -> {
          if (error != null) {
            stream.reset();
          }
        });
    stream.send(ByteBuffer.wrap(ping));
    return answered;
  }

  private static void take(ByteBuffer into, ByteBuffer from) {
    int length = Math.min(into.remaining(), from.remaining());
    into.put(from.slice(from.position(), length));
    from.position(from.position() + length);
  }
}

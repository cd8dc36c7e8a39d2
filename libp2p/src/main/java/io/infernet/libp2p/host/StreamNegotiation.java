package io.infernet.libp2p.host;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.multistream.MultistreamNegotiation;
import io.infernet.libp2p.muxer.MuxedStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Agrees on the protocol of a muxed stream. Runs on the connection's event loop. It reads no byte
 * behind the negotiation: those wait for the stream's next listener.
 */
final class StreamNegotiation implements MuxedStream.Listener {

  private final MuxedStream stream;
  private final MultistreamNegotiation negotiation;
  private final CompletableFuture<ProtocolId> agreed = new CompletableFuture<>();
  private @Nullable Exception failure;

  StreamNegotiation(MuxedStream stream, MultistreamNegotiation negotiation) {
    this.stream = stream;
    this.negotiation = negotiation;
  }

  /**
   * Sends the first words and listens.
   *
   * @return the protocol; fails with {@link ProtocolViolationException} or {@link
   *     PeerUnavailableException}, and then the stream is reset
   */
  CompletableFuture<ProtocolId> start(
      MuxedConnection connection, Scheduler scheduler, Duration timeout) {
    Scheduler.Cancellable timer =
        scheduler.schedule(timeout, () -> connection.execute(() -> onTimeout(timeout)));
    agreed.whenComplete((protocol, error) -> timer.cancel());
    send(negotiation.start());
    stream.listen(this);
    return agreed;
  }

  @Override
  public void onData(ByteBuf data) {
    if (agreed.isDone()) {
      return; // timed out a moment ago, or the next listener is about to take over
    }
    ByteBuffer bytes = data.nioBuffer();
    try {
      send(negotiation.receive(bytes));
    } catch (ProtocolViolationException e) {
      fail(e);
      return;
    }
    data.skipBytes(data.readableBytes() - bytes.remaining());
    switch (negotiation.state()) {
      case NEGOTIATING -> {}
      case AGREED -> agreed.complete(negotiation.protocol());
      case REFUSED ->
          fail(
              new PeerUnavailableException("the remote speaks none of " + negotiation.proposals()));
    }
  }

  @Override
  public void onRemoteClose() {
    // A remote that has proposed, sent its request and closed may still wait for the answer.
    if (!agreed.isDone()) {
      fail(
          new PeerUnavailableException(
              "the remote closed the stream before a protocol was agreed"));
    }
  }

  @Override
  public void onReset(Throwable cause) {
    agreed.completeExceptionally(failure == null ? cause : failure);
  }

  private void onTimeout(Duration timeout) {
    fail(new PeerUnavailableException("no protocol was agreed in " + timeout));
  }

  /** The stream is gone before anybody hears why. */
  private void fail(Exception reason) {
    if (!agreed.isDone()) {
      failure = reason;
      stream.reset();
      agreed.completeExceptionally(reason);
    }
  }

  private void send(byte[] bytes) {
    if (bytes.length > 0) {
      stream.write(Unpooled.wrappedBuffer(bytes));
    }
  }
}

package io.infernet.libp2p.protocol.identify;

import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One stream of identify or identify/push, which carries one message in one direction, perhaps cut
 * into several. Runs on the service's executor.
 */
final class IdentifyStreamHandler implements MessageListener<IdentifyMessage> {

  private final MessageStream<IdentifyMessage> stream;
  private final int maxMessages;
  private final CompletableFuture<IdentifyMessage> result = new CompletableFuture<>();
  private @Nullable IdentifyMessage received;
  private int messages;

  private IdentifyStreamHandler(MessageStream<IdentifyMessage> stream, int maxMessages) {
    this.stream = stream;
    this.maxMessages = maxMessages;
  }

  /**
   * Says {@code message} and ends the stream.
   *
   * @return done when it was sent
   */
  static CompletableFuture<Void> say(
      MessageStream<IdentifyMessage> stream, IdentifyMessage message) {
    // The sender expects nothing, but must hear the other side close for the stream to end.
    stream.listen(new IdentifyStreamHandler(stream, 0));
    return stream.send(message).thenCompose(sent -> stream.closeWrite());
  }

  /**
   * Listens until the remote has said everything. Completing the result from outside resets the
   * stream.
   *
   * @param maxMessages messages that it may cut its message into
   */
  static CompletableFuture<IdentifyMessage> hear(
      MessageStream<IdentifyMessage> stream, int maxMessages) {
    IdentifyStreamHandler handler = new IdentifyStreamHandler(stream, maxMessages);
    handler.result.whenComplete(
        (message, error) -> {
          if (error != null) {
            stream.reset();
          }
        });
    stream.listen(handler);
    return handler.result;
  }

  @Override
  public void onMessage(IdentifyMessage message) {
    if (++messages > maxMessages) {
      result.completeExceptionally(
          new ProtocolViolationException("more than " + maxMessages + " identify messages"));
      stream.reset();
      return;
    }
    received = received == null ? message : received.and(message);
  }

  @Override
  public void onRemoteClose() {
    stream.closeWrite();
    if (received != null) {
      result.complete(received);
    } else {
      result.completeExceptionally(new ProtocolViolationException("no identify message"));
    }
  }

  @Override
  public void onReset(Throwable cause) {
    result.completeExceptionally(cause);
  }
}

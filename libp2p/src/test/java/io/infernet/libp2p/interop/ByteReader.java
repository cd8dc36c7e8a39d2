package io.infernet.libp2p.interop;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.host.StreamListener;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Passes on what arrives on a stream, until the remote's end of input. */
final class ByteReader implements StreamListener {

  private final Consumer<ByteBuffer> consumer;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  private ByteReader(Consumer<ByteBuffer> consumer) {
    this.consumer = consumer;
  }

  /**
   * Starts to read.
   *
   * @param consumer called on the connection's event loop, with bytes valid during the call
   * @return done at the end of input; fails when the stream is reset
   */
  static CompletableFuture<Void> read(Stream stream, Consumer<ByteBuffer> consumer) {
    ByteReader reader = new ByteReader(consumer);
    stream.listen(reader);
    return reader.ended;
  }

  @Override
  public void onData(ByteBuffer data) {
    consumer.accept(data);
  }

  @Override
  public void onRemoteClose() {
    ended.complete(null);
  }

  @Override
  public void onReset(Throwable cause) {
    ended.completeExceptionally(new PeerUnavailableException("stream was reset", cause));
  }
}

package io.infernet.libp2p.testing;

import io.infernet.libp2p.host.StreamListener;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Collects everything that a stream receives until its end. Safe from any thread. */
public final class Received implements StreamListener {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CompletableFuture<byte[]> end = new CompletableFuture<>();

  @Override
  public synchronized void onData(ByteBuffer data) {
    byte[] copy = new byte[data.remaining()];
    data.get(copy);
    bytes.writeBytes(copy);
  }

  @Override
  public synchronized void onRemoteClose() {
    end.complete(bytes.toByteArray());
  }

  @Override
  public void onReset(Throwable cause) {
    end.completeExceptionally(cause);
  }

  /** All bytes, when the remote closed its side; fails when the stream was reset. */
  public CompletableFuture<byte[]> end() {
    return end;
  }

  public synchronized byte[] soFar() {
    return bytes.toByteArray();
  }
}

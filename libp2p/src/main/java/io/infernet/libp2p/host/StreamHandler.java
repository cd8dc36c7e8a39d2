package io.infernet.libp2p.host;

/** Accepts the streams that remote peers open with one protocol. */
@FunctionalInterface
public interface StreamHandler {

  /**
   * Called on the connection's event loop for each new inbound stream after its protocol was
   * agreed; must not block. The handler calls {@link Stream#listen} before or after returning;
   * until then data waits, bounded by the stream's window.
   */
  void onStream(Stream stream);
}

package io.infernet.discovery.kad;

import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One inbound stream: requests, each answered in its turn, until the peer closes. Runs on the
 * service's executor.
 */
final class KadStreamHandler implements MessageListener<KadMessage> {

  private final KadServer server;
  private final MessageStream<KadMessage> stream;
  private final PeerId peer;
  private final int maxPending;
  private final Ticker ticker;
  private long lastActive;

  /** Answers that the peer has not taken; counted down wherever the stream says so. */
  private final AtomicInteger pending = new AtomicInteger();

  KadStreamHandler(
      KadServer server, MessageStream<KadMessage> stream, int maxPending, Ticker ticker) {
    this.server = server;
    this.stream = stream;
    this.peer = stream.stream().connection().remotePeer();
    this.maxPending = maxPending;
    this.ticker = ticker;
    this.lastActive = ticker.nanoTime();
  }

  /** When something was asked last, in the ticker's nanoseconds. */
  long lastActive() {
    return lastActive;
  }

  @Override
  public void onMessage(KadMessage message) {
    lastActive = ticker.nanoTime();
    if (!(message instanceof KadMessage.Request request)
        || pending.get() >= maxPending
        || !server.mayAsk(peer)) {
      end();
      return;
    }
    Optional<KadMessage.Response> answer;
    try {
      answer = server.answer(request, stream.stream().connection());
    } catch (ProtocolViolationException e) {
      server.violated(peer, e.getMessage());
      end();
      return;
    }
    if (answer.isPresent()) {
      pending.incrementAndGet();
      stream.send(answer.get()).whenComplete((sent, error) -> pending.decrementAndGet());
    } else if (!(request instanceof KadMessage.AddProvider)) {
      end();
    }
  }

  @Override
  public void onRemoteClose() {
    stream.closeWrite();
  }

  @Override
  public void onReset(Throwable cause) {
    if (cause instanceof ProtocolViolationException) {
      server.violated(peer, cause.getMessage());
    }
  }

  /** Ends the stream at once. */
  void end() {
    stream.reset();
  }
}

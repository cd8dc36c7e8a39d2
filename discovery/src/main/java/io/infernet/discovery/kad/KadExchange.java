package io.infernet.discovery.kad;

import io.infernet.discovery.kad.wire.KadCodec;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One request of this node and its answer, on a stream of its own over a connection that may be
 * there already. Runs on the service's executor. It has no timeout: its owner cancels it.
 */
final class KadExchange implements MessageListener<KadMessage> {

  /**
   * An answer and whose it is.
   *
   * @param message empty when the request has none and the peer took it
   */
  record Answer(Optional<KadMessage.Response> message, Connection connection) {}

  private final KadMessage.Request request;
  private final CompletableFuture<Answer> result = new CompletableFuture<>();
  private @Nullable MessageStream<KadMessage> stream;

  /**
   * Tries once more, over a new connection: the peer may have closed an old one, for want of room,
   * just when the request was on its way.
   */
  private @Nullable Runnable again;

  private boolean abandoned;
  private boolean ended;
  private Runnable onEnd = () -> {};

  KadExchange(KadMessage.Request request) {
    this.request = request;
  }

  /** Sends the request to a peer. */
  CompletableFuture<Answer> start(
      Host host, PeerInfo peer, List<ProtocolId> protocols, KadCodec codec, Executor executor) {
    if (host.connection(peer.id()).isPresent()) {
      again = () -> open(host, peer, protocols, codec, executor);
    }
    open(host, peer, protocols, codec, executor);
    return result;
  }

  private void open(
      Host host, PeerInfo peer, List<ProtocolId> protocols, KadCodec codec, Executor executor) {
    connect(host, peer)
        .thenCompose(ready -> host.newStream(peer.id(), protocols))
        .whenCompleteAsync(
            (opened, error) -> {
              if (error != null) {
                result.completeExceptionally(error);
              } else {
                send(opened, codec, executor);
              }
            },
            executor);
  }

  /**
   * Connects where that is needed. What the host knows of a peer comes before what others say of
   * it, so that nobody can make it unreachable by naming wrong addresses.
   */
  private static CompletableFuture<?> connect(Host host, PeerInfo peer) {
    if (host.connection(peer.id()).isPresent()) {
      return CompletableFuture.completedFuture(null);
    }
    List<Multiaddr> known = host.peers().addresses(peer.id());
    if (known.isEmpty() || known.equals(peer.addresses())) {
      return host.connect(peer);
    }
    List<Multiaddr> all = new ArrayList<>(known);
    for (Multiaddr address : peer.addresses()) {
      if (!all.contains(address)) {
        all.add(address);
      }
    }
    return host.connect(new PeerInfo(peer.id(), all));
  }

  private void send(Stream opened, KadCodec codec, Executor executor) {
    if (result.isDone()) {
      opened.reset();
      return;
    }
    stream = new MessageStream<>(opened, codec, executor);
    stream.listen(this);
    stream.send(request);
    stream.closeWrite();
  }

  @Override
  public void onMessage(KadMessage message) {
    if (stream == null) {
      return;
    }
    Connection connection = stream.stream().connection();
    if (!(message instanceof KadMessage.Response response) || result.isDone()) {
      stream.reset();
      return;
    }
    if (!answers(response)) {
      stream.reset();
      result.completeExceptionally(
          new ProtocolViolationException("the answer is to something else"));
      return;
    }
    result.complete(new Answer(Optional.of(response), connection));
  }

  /** Whether it is of the request's kind, and of its key where it has one. */
  private boolean answers(KadMessage.Response response) {
    if (request instanceof KadMessage.GetValue get) {
      return response instanceof KadMessage.Value value
          && value.record().map(record -> Arrays.equals(record.key(), get.key())).orElse(true);
    }
    if (request instanceof KadMessage.PutValue put) {
      return response instanceof KadMessage.ValueStored stored
          && Arrays.equals(stored.record().key(), put.record().key());
    }
    return request instanceof KadMessage.FindNode
        ? response instanceof KadMessage.CloserPeers
        : request instanceof KadMessage.GetProviders
            ? response instanceof KadMessage.Providers
            : request instanceof KadMessage.Ping && response instanceof KadMessage.Pong;
  }

  @Override
  public void onRemoteClose() {
    ended();
    if (stream == null || result.isDone()) {
      return;
    }
    if (request instanceof KadMessage.AddProvider) {
      result.complete(new Answer(Optional.empty(), stream.stream().connection()));
    } else {
      result.completeExceptionally(
          new PeerUnavailableException("the stream was closed without an answer"));
    }
  }

  @Override
  public void onReset(Throwable cause) {
    Runnable retry = again;
    if (retry != null
        && stream != null
        && !result.isDone()
        && stream.stream().connection().closed().isDone()) {
      again = null;
      retry.run();
      return;
    }
    ended();
    result.completeExceptionally(cause);
  }

  private void ended() {
    ended = true;
    onEnd.run();
  }

  /** Whether the peer has ended the stream. */
  boolean hasEnded() {
    return ended;
  }

  /** Sets what is done when the peer ends the stream. */
  void onEnd(Runnable task) {
    onEnd = task;
  }

  /** Gives up because the peer does not answer, and ends the stream when there is one. */
  void timeOut(Duration after) {
    result.completeExceptionally(new PeerUnavailableException("no answer in " + after));
    end();
  }

  /** Gives up because nobody needs the answer any more, which is not the peer's fault. */
  void abandon() {
    abandoned = true;
    result.completeExceptionally(new PeerUnavailableException("no longer needed"));
    end();
  }

  boolean isAbandoned() {
    return abandoned;
  }

  /** Ends the stream where the peer has not. */
  void end() {
    if (stream != null && !stream.stream().closed().isDone()) {
      stream.reset();
    }
  }
}

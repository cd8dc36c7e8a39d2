package io.infernet.discovery.directory;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Asks peers on streams, and takes in what they answer. Used on the executor. */
final class PeerQueries {

  private final Host host;
  private final ProtocolId protocol;
  private final DirectoryCodec codec;
  private final DirectoryConfig config;
  private final CapabilityTable table;
  private final Learner learner;
  private final Distrust distrust;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Ticker ticker;

  PeerQueries(
      Host host,
      ProtocolId protocol,
      DirectoryCodec codec,
      DirectoryConfig config,
      CapabilityTable table,
      Learner learner,
      Distrust distrust,
      Executor executor,
      Scheduler scheduler,
      Ticker ticker) {
    this.host = host;
    this.protocol = protocol;
    this.codec = codec;
    this.config = config;
    this.table = table;
    this.learner = learner;
    this.distrust = distrust;
    this.executor = executor;
    this.scheduler = scheduler;
    this.ticker = ticker;
  }

  /** Asks a peer for all that it knows. */
  CompletableFuture<Void> askAll(PeerId peer) {
    return ask(peer, new DirectoryMessage.Query(Optional.empty(), config.limits().maxRecords()));
  }

  /** Asks a peer for itself. */
  CompletableFuture<Void> askItself(PeerId peer) {
    return ask(peer, new DirectoryMessage.Query(Optional.empty(), 1));
  }

  /** Asks a peer who serves a model. */
  CompletableFuture<Void> askProviders(PeerId peer, Cid manifest) {
    return ask(
        peer, new DirectoryMessage.Query(Optional.of(manifest), config.limits().maxRecords()));
  }

  /**
   * @return done when the answer was taken in; fails when the peer cannot be reached, does not
   *     answer in time, or lies
   */
  private CompletableFuture<Void> ask(PeerId peer, DirectoryMessage.Query query) {
    if (distrust.of(peer)) {
      return CompletableFuture.failedFuture(new PeerUnavailableException(peer + " lied before"));
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    scheduler.timeout(
        done, config.asking().timeout(), () -> peer + " did not answer the directory in time");
    host.newStream(peer, List.of(protocol))
        .whenComplete(
            (stream, error) -> {
              if (error != null) {
                done.completeExceptionally(error);
              } else {
                query(stream, query, done);
              }
            });
    return done;
  }

  private void query(Stream stream, DirectoryMessage.Query query, CompletableFuture<Void> done) {
    MessageStream<DirectoryMessage> messages = new MessageStream<>(stream, codec, executor);
    messages.listen(new Answer(stream, query, ticker.nanoTime(), done));
    messages.send(query);
    messages.closeWrite();
    done.whenComplete(
        (ok, error) -> {
          if (error != null) {
            stream.reset();
          }
        });
  }

  /** What comes on the stream of one query. */
  private final class Answer implements MessageListener<DirectoryMessage> {
    private final Stream stream;
    private final DirectoryMessage.Query query;
    private final long askedAt;
    private final CompletableFuture<Void> done;

    Answer(
        Stream stream, DirectoryMessage.Query query, long askedAt, CompletableFuture<Void> done) {
      this.stream = stream;
      this.query = query;
      this.askedAt = askedAt;
      this.done = done;
    }

    @Override
    public void onMessage(DirectoryMessage message) {
      if (done.isDone()) {
        return;
      }
      if (!(message instanceof DirectoryMessage.Records answer)
          || answer.records().size() > query.limit()) {
        violate("that is no answer to the query");
        return;
      }
      PeerId peer = stream.connection().remotePeer();
      for (SignedCapability record : answer.records()) {
        CapabilityTable.Way way =
            record.record().peer().equals(peer)
                ? CapabilityTable.Way.DIRECT
                : CapabilityTable.Way.HEARSAY;
        CapabilityTable.Outcome outcome = learner.learn(record, way, peer);
        boolean passedOnNonsense =
            outcome == CapabilityTable.Outcome.ABSURD && way == CapabilityTable.Way.HEARSAY;
        if (outcome == CapabilityTable.Outcome.FORGED
            || outcome == CapabilityTable.Outcome.FOREIGN
            || passedOnNonsense) {
          violate("a record in the answer is " + outcome);
          return;
        }
      }
      table.measured(peer, Duration.ofNanos(ticker.nanoTime() - askedAt));
      done.complete(null);
    }

    private void violate(String what) {
      stream.reset();
      onReset(new ProtocolViolationException(what));
    }

    @Override
    public void onRemoteClose() {
      done.completeExceptionally(
          new PeerUnavailableException("the stream was closed without an answer"));
    }

    @Override
    public void onReset(Throwable cause) {
      distrust.heldAgainst(stream.connection().remotePeer(), cause);
      done.completeExceptionally(cause);
    }
  }
}

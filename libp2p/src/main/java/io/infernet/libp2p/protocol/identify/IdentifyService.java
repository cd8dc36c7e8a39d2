package io.infernet.libp2p.protocol.identify;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerStore;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerRecord;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.libp2p.peer.SignedPeerRecord;
import io.infernet.libp2p.transport.tcp.InterfaceAddresses;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks each peer on connecting who it is and remembers the answer in the host's {@link PeerStore};
 * tells peers the same of this node, and again when its protocols or addresses change. Public
 * methods are safe from any thread; the owner starts and closes it.
 */
public final class IdentifyService implements AutoCloseable {

  public static final ProtocolId PROTOCOL = ProtocolId.of("/ipfs/id/1.0.0");
  public static final ProtocolId PUSH_PROTOCOL = ProtocolId.of("/ipfs/id/push/1.0.0");

  private static final Logger LOG = LoggerFactory.getLogger(IdentifyService.class);

  /** Of this node's addresses, which are in a message of 8 KiB twice, once signed. */
  private static final int MAX_ADDRESS_BYTES = PeerRecord.MAX_LENGTH / 2;

  private final Host host;
  private final PrivateKey key;
  private final IdentifyConfig config;
  private final InterfaceAddresses interfaces;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Clock clock;
  private final IdentifyCodec codec;

  // On the executor only.
  private final Map<Connection, CompletableFuture<IdentifyMessage>> answers = new LinkedHashMap<>();
  private @Nullable List<Multiaddr> listened;
  private List<Multiaddr> addresses = List.of();
  private @Nullable SignedPeerRecord record;
  private final ObservedAddresses observed;
  private final Map<Connection, Multiaddr> observations = new LinkedHashMap<>();
  private List<Multiaddr> pushedAddresses = List.of();
  private List<ProtocolId> pushedProtocols = List.of();
  private Scheduler.Cancellable refresh = () -> {};
  private boolean closed;

  /**
   * @param key the host's, which signs its addresses
   * @param executor runs one task at a time, such as an event thread
   * @param clock gives each signed record a higher number than those of earlier runs
   */
  public IdentifyService(
      Host host,
      PrivateKey key,
      IdentifyConfig config,
      InterfaceAddresses interfaces,
      Executor executor,
      Scheduler scheduler,
      Clock clock) {
    this.host = host;
    this.key = key;
    this.config = config;
    this.interfaces = interfaces;
    this.executor = executor;
    this.scheduler = scheduler;
    this.clock = clock;
    this.observed = new ObservedAddresses(config.observation());
    this.codec = new IdentifyCodec(config.maxMessageSize());
  }

  /** Begins to answer and to ask; best before the host listens, so that nobody comes too early. */
  public void start() {
    host.handle(PROTOCOL, stream -> execute(() -> say(stream)));
    host.handle(PUSH_PROTOCOL, stream -> execute(() -> onPush(stream)));
    host.addConnectionListener(
        new ConnectionListener() {
          @Override
          public void onConnected(Connection connection) {
            execute(() -> ask(connection));
          }

          @Override
          public void onDisconnected(Connection connection) {
            execute(
                () -> {
                  answers.remove(connection);
                  observations.remove(connection);
                });
          }
        });
    execute(
        () -> {
          pushedAddresses = ownAddresses();
          pushedProtocols = host.protocols();
          host.connections().forEach(this::ask);
          refreshLater();
        });
  }

  /** What the peer of a connection said of itself, as soon as it has. */
  public CompletableFuture<IdentifyMessage> identified(Connection connection) {
    return CompletableFuture.supplyAsync(() -> ask(connection), executor)
        .thenCompose(answer -> answer);
  }

  private CompletableFuture<IdentifyMessage> ask(Connection connection) {
    CompletableFuture<IdentifyMessage> known = answers.get(connection);
    if (known != null) {
      return known;
    }
    CompletableFuture<IdentifyMessage> answer =
        connection
            .newStream(List.of(PROTOCOL))
            .thenCompose(this::hear)
            .thenApplyAsync(message -> remember(connection, message), executor);
    answer.whenComplete(
        (message, error) -> {
          if (error != null) {
            LOG.debug("{} was not identified: {}", connection, cause(error).getMessage());
          }
        });
    if (!connection.closed().isDone()) {
      answers.put(connection, answer);
    }
    return answer;
  }

  private CompletableFuture<IdentifyMessage> hear(Stream stream) {
    return scheduler.timeout(
        IdentifyStreamHandler.hear(messages(stream), config.maxMessages()),
        config.timeout(),
        () -> "no identify message in " + config.timeout());
  }

  private void onPush(Stream stream) {
    Connection connection = stream.connection();
    hear(stream)
        .thenAcceptAsync(message -> remember(connection, message), executor)
        .exceptionally(
            error -> {
              LOG.debug("a push of {} failed: {}", connection, cause(error).getMessage());
              return null;
            });
  }

  private IdentifyMessage remember(Connection connection, IdentifyMessage message) {
    PeerId peer = connection.remotePeer();
    if (message.publicKey().map(k -> !k.equals(connection.remotePublicKey())).orElse(false)) {
      throw new CompletionException(
          new ProtocolViolationException("identify names another key than the handshake"));
    }
    if (!connection.closed().isDone()) {
      message.observedAddress().ifPresent(seen -> observations.put(connection, seen));
    }
    PeerStore peers = host.peers();
    List<Multiaddr> claimed = new ArrayList<>();
    message
        .signedRecord()
        .map(envelope -> signedBy(peer, envelope))
        .filter(peers::addSignedRecord)
        .ifPresent(record -> claimed.addAll(record.record().addresses()));
    claimed.addAll(message.listenAddresses());
    peers.addAddresses(peer, UsefulAddresses.ofPeer(peer, connection.remoteAddress(), claimed));
    Optional<PeerStore.PeerMetadata> before = peers.metadata(peer);
    peers.setMetadata(
        peer,
        new PeerStore.PeerMetadata(
            message
                .agentVersion()
                .or(() -> before.map(PeerStore.PeerMetadata::agentVersion))
                .orElse(""),
            message
                .protocolVersion()
                .or(() -> before.map(PeerStore.PeerMetadata::protocolVersion))
                .orElse(""),
            message.protocols().isEmpty()
                ? before.map(PeerStore.PeerMetadata::protocols).orElse(List.of())
                : message.protocols()));
    return message;
  }

  private static SignedPeerRecord signedBy(PeerId peer, SignedEnvelope envelope) {
    try {
      SignedPeerRecord record = SignedPeerRecord.of(envelope);
      if (!record.record().peer().equals(peer)) {
        throw new ProtocolViolationException("identify has the record of another peer");
      }
      return record;
    } catch (ProtocolViolationException e) {
      throw new CompletionException(e);
    }
  }

  /**
   * This node's addresses, signed. Those of loopback are left out where there are others, for the
   * record may travel.
   */
  public CompletableFuture<SignedPeerRecord> signedRecord() {
    return CompletableFuture.supplyAsync(this::ownRecord, executor);
  }

  private SignedPeerRecord ownRecord() {
    List<Multiaddr> own = UsefulAddresses.toPublish(ownAddresses());
    SignedPeerRecord last = record;
    if (last != null && last.record().addresses().equals(own)) {
      return last;
    }
    long sequence = clock.millis();
    if (last != null) {
      sequence = Math.max(sequence, last.record().sequence() + 1);
    }
    SignedPeerRecord next =
        SignedPeerRecord.sign(key, new PeerRecord(host.peerId(), sequence, own));
    record = next;
    return next;
  }

  /** The addresses by which this node can be dialled, interfaces instead of wildcards. */
  public CompletableFuture<List<Multiaddr>> addresses() {
    return CompletableFuture.supplyAsync(this::ownAddresses, executor);
  }

  private List<Multiaddr> ownAddresses() {
    if (!host.listenAddresses().equals(listened)) {
      addresses = currentAddresses();
    }
    return addresses;
  }

  private List<Multiaddr> currentAddresses() {
    List<Multiaddr> bound = host.listenAddresses();
    listened = bound;
    Set<Multiaddr> all = new LinkedHashSet<>(config.announce());
    all.addAll(UsefulAddresses.expand(bound, interfaces.addresses()));
    all.addAll(observedAddresses(bound));
    return UsefulAddresses.fitting(all, config.maxAddresses(), MAX_ADDRESS_BYTES);
  }

  private List<Multiaddr> observedAddresses(List<Multiaddr> bound) {
    Instant now = clock.instant();
    Set<Integer> ports = new HashSet<>();
    bound.forEach(address -> address.tcpPort().ifPresent(ports::add));
    observations.forEach(
        (connection, seen) -> observed.onObserved(connection.remoteAddress(), seen, ports, now));
    return observed.believed(now);
  }

  private void refreshLater() {
    refresh =
        scheduler.schedule(
            config.refreshInterval(),
            () ->
                execute(
                    () -> {
                      refresh();
                      if (!closed) {
                        refreshLater();
                      }
                    }));
  }

  private void refresh() {
    addresses = currentAddresses();
    List<ProtocolId> protocols = host.protocols();
    if (!addresses.equals(pushedAddresses) || !protocols.equals(pushedProtocols)) {
      pushedAddresses = addresses;
      pushedProtocols = protocols;
      host.connections().forEach(this::push);
    }
  }

  private void push(Connection connection) {
    boolean listens =
        host.peers()
            .metadata(connection.remotePeer())
            .map(said -> said.protocols().contains(PUSH_PROTOCOL))
            .orElse(false);
    if (listens) {
      connection
          .newStream(List.of(PUSH_PROTOCOL))
          .thenAcceptAsync(this::say, executor)
          .exceptionally(
              error -> {
                LOG.debug("a push to {} failed: {}", connection, cause(error).getMessage());
                return null;
              });
    }
  }

  private void say(Stream stream) {
    Multiaddr remote = stream.connection().remoteAddress();
    List<Multiaddr> listenAddresses = UsefulAddresses.forPeerAt(remote, ownAddresses());
    IdentifyMessage message =
        new IdentifyMessage(
            Optional.of(key.publicKey()),
            listenAddresses,
            Optional.of(remote),
            host.protocols(),
            Optional.of(config.agentVersion()),
            Optional.of(config.protocolVersion()),
            Optional.of(ownRecord())
                .filter(own -> listenAddresses.containsAll(own.record().addresses()))
                .map(SignedPeerRecord::envelope));
    CompletableFuture<Void> ended = stream.closed().copy();
    scheduler
        .timeout(ended, config.timeout(), () -> "not read in " + config.timeout())
        .exceptionally(
            error -> {
              stream.reset();
              return null;
            });
    IdentifyStreamHandler.say(messages(stream), message)
        .exceptionally(
            error -> {
              LOG.debug("{} was not answered: {}", stream, cause(error).getMessage());
              return null;
            });
  }

  private MessageStream<IdentifyMessage> messages(Stream stream) {
    return new MessageStream<>(stream, codec, executor);
  }

  private void execute(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("identify has too much to do, or was closed");
    }
  }

  private static Throwable cause(Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }

  /** Stops to answer and to push. */
  @Override
  public void close() {
    host.unhandle(PROTOCOL);
    host.unhandle(PUSH_PROTOCOL);
    execute(
        () -> {
          closed = true;
          refresh.cancel();
        });
  }
}

package io.infernet.discovery.directory;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.ConnectionListener;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerRateLimiter;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows what peers serve by asking those that are connected: each peer tells its own signed record
 * and passes on fresh ones of others, so that whoever knows one peer also hears of those behind it.
 *
 * <p>Asks when a connection comes up and then from time to time; tells its own record when it has
 * changed. A forged record ends the stream that brought it. Public methods are safe from any
 * thread; its owner starts and closes it.
 */
public final class Directory implements AutoCloseable {

  public static final ProtocolId PROTOCOL = ProtocolId.of("/infernet/directory/1.0.0");

  private static final Logger LOG = LoggerFactory.getLogger(Directory.class);

  private final Host host;
  private final PrivateKey key;
  private final Supplier<Capabilities> capabilities;
  private final Supplier<List<Multiaddr>> addresses;
  private final CapabilityTable table;
  private final DirectoryConfig config;
  private final DirectoryCodec codec;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Clock clock;
  private final RandomGenerator random;
  private final PeerRateLimiter rate;

  // Owned by the executor.
  private final Map<PeerId, CompletableFuture<Void>> asking = new LinkedHashMap<>();

  /** Connected peers that were asked at least once. */
  private final Set<PeerId> asked = new LinkedHashSet<>();

  private @Nullable SignedCapability own;
  private long sequence;
  private boolean announcePending;
  private Instant lastAnnounced = Instant.EPOCH;
  private Scheduler.Cancellable refreshTimer = () -> {};
  private Scheduler.Cancellable announceTimer = () -> {};
  private boolean running;

  /**
   * @param key signs this node's record
   * @param capabilities what this node can do now; called on the executor and must not block
   * @param addresses where peers reach this node, without {@code /p2p}; called likewise
   * @param table where records go; may have other sources too
   * @param executor the service's event thread
   */
  public Directory(
      Host host,
      PrivateKey key,
      Supplier<Capabilities> capabilities,
      Supplier<List<Multiaddr>> addresses,
      CapabilityTable table,
      DirectoryConfig config,
      Executor executor,
      Scheduler scheduler,
      Clock clock,
      RandomGenerator random,
      PeerRateLimiter rate) {
    this.host = host;
    this.key = key;
    this.capabilities = capabilities;
    this.addresses = addresses;
    this.table = table;
    this.config = config;
    this.codec = new DirectoryCodec(config.limits());
    this.executor = executor;
    this.scheduler = scheduler;
    this.clock = clock;
    this.random = random;
    this.rate = rate;
  }

  /** Begins to answer and to ask. */
  public void start() {
    executor.execute(
        () -> {
          running = true;
          host.handle(PROTOCOL, this::onStream);
          host.addConnectionListener(
              new ConnectionListener() {
                @Override
                public void onConnected(Connection connection) {
                  run(() -> ask(connection.remotePeer()));
                }

                @Override
                public void onDisconnected(Connection connection) {
                  PeerId peer = connection.remotePeer();
                  run(
                      () -> {
                        if (host.connection(peer).isEmpty()) {
                          asked.remove(peer);
                        }
                      });
                }
              });
          refresh();
        });
  }

  /** The fresh records of others that serve this model, those first that have it warm. */
  public List<CapabilityRecord> providers(Cid manifest) {
    return table.providers(manifest, clock.instant()).stream()
        .filter(record -> !record.peer().equals(host.peerId()))
        .toList();
  }

  /** All fresh records of others. */
  public List<CapabilityRecord> all() {
    return table.all(clock.instant()).stream()
        .filter(record -> !record.peer().equals(host.peerId()))
        .toList();
  }

  /** The fresh record of one peer. */
  public Optional<CapabilityRecord> get(PeerId peer) {
    return table.get(peer, clock.instant());
  }

  /**
   * Waits for what connected peers serve, as after a start.
   *
   * @return done, never failed, when every connected peer was asked at least once and has answered
   *     or cannot
   */
  public CompletableFuture<Void> settled() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    try {
      executor.execute(
          () -> {
            List<CompletableFuture<Void>> waitFor = new ArrayList<>(asking.values());
            for (PeerId peer : connectedPeers()) {
              if (!asked.contains(peer)) {
                waitFor.add(ask(peer));
              }
            }
            CompletableFuture.allOf(waitFor.toArray(CompletableFuture<?>[]::new))
                .whenComplete((all, error) -> done.complete(null));
          });
    } catch (RejectedExecutionException e) {
      done.complete(null);
    }
    return done;
  }

  /** Says that {@code capabilities} has changed; connected peers are told soon. */
  public void changed() {
    run(this::announceSoon);
  }

  @Override
  public void close() {
    run(
        () -> {
          running = false;
          host.unhandle(PROTOCOL);
          refreshTimer.cancel();
          announceTimer.cancel();
        });
  }

  /** Runs {@code task} on the executor, unless that is full or closed: asking comes again. */
  private void run(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("the directory is overloaded or closed");
    }
  }

  private List<PeerId> connectedPeers() {
    return host.connections().stream().map(Connection::remotePeer).distinct().toList();
  }

  // Serving.

  private void onStream(Stream stream) {
    MessageStream<DirectoryMessage> messages = new MessageStream<>(stream, codec, executor);
    messages.listen(new DirectoryStreamHandler(this, messages));
    Scheduler.Cancellable limit = scheduler.schedule(config.queryTimeout(), stream::reset);
    stream.closed().thenRun(limit::cancel);
  }

  boolean mayAsk(PeerId peer) {
    return running && rate.tryAcquire(peer);
  }

  DirectoryMessage.Records answer(DirectoryMessage.Query query, PeerId asker) {
    int limit = Math.min(query.limit(), config.limits().maxRecords());
    List<SignedCapability> records = new ArrayList<>();
    records.add(ownRecord());
    for (SignedCapability other : table.signed(clock.instant())) {
      PeerId about = other.record().peer();
      if (records.size() < limit && !about.equals(asker) && !about.equals(host.peerId())) {
        records.add(other);
      }
    }
    return new DirectoryMessage.Records(records);
  }

  /** Whether {@code signed} was acceptable, new or not. */
  boolean learn(SignedCapability signed, PeerId source) {
    CapabilityRecord record = signed.record();
    if (record.peer().equals(host.peerId())) {
      return true;
    }
    CapabilityTable.Outcome outcome = table.add(signed, source, clock.instant());
    switch (outcome) {
      case ADDED -> host.peers().addAddresses(record.peer(), record.addresses());
      case FORGED -> {
        LOG.info("{} passed on a forged record of {}", source, record.peer());
        return false;
      }
      case FROM_THE_FUTURE ->
          LOG.debug("{} passed on a record of {} from the future", source, record.peer());
      case KNOWN, EXPIRED, NO_ROOM -> {}
    }
    return true;
  }

  // Asking.

  private void refresh() {
    if (!running) {
      return;
    }
    connectedPeers().forEach(this::ask);
    double jitter = 0.8 + 0.4 * random.nextDouble();
    long nanos = (long) (config.refreshInterval().toNanos() * jitter);
    refreshTimer = scheduler.schedule(Duration.ofNanos(nanos), () -> run(this::refresh));
  }

  /** Asks one peer, unless it is being asked. Done, never failed, when that has ended. */
  private CompletableFuture<Void> ask(PeerId peer) {
    CompletableFuture<Void> present = asking.get(peer);
    if (present != null || !running) {
      return present != null ? present : CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    CompletableFuture<Void> ended = done.handle((ok, error) -> null);
    asking.put(peer, ended);
    asked.add(peer);
    scheduler.timeout(
        done, config.queryTimeout(), () -> peer + " did not answer the directory in time");
    done.whenComplete(
        (ok, error) -> {
          if (error != null) {
            LOG.debug("asking {}: {}", peer, error.getMessage());
          }
          run(() -> asking.remove(peer, ended));
        });
    host.newStream(peer, List.of(PROTOCOL))
        .whenComplete(
            (stream, error) -> {
              if (error != null) {
                done.completeExceptionally(error);
              } else {
                query(stream, done);
              }
            });
    return ended;
  }

  private void query(Stream stream, CompletableFuture<Void> done) {
    MessageStream<DirectoryMessage> messages = new MessageStream<>(stream, codec, executor);
    PeerId peer = stream.connection().remotePeer();
    messages.listen(
        new MessageListener<>() {
          @Override
          public void onMessage(DirectoryMessage message) {
            if (message instanceof DirectoryMessage.Records answer && !done.isDone()) {
              for (SignedCapability record : answer.records()) {
                if (!learn(record, peer)) {
                  stream.reset();
                  done.completeExceptionally(
                      new ProtocolViolationException("a record in the answer is forged"));
                  return;
                }
              }
              done.complete(null);
            } else {
              stream.reset();
            }
          }

          @Override
          public void onRemoteClose() {
            done.completeExceptionally(
                new PeerUnavailableException("the stream was closed without an answer"));
          }

          @Override
          public void onReset(Throwable cause) {
            done.completeExceptionally(cause);
          }
        });
    messages.send(new DirectoryMessage.Query(config.limits().maxRecords()));
    messages.closeWrite();
    done.whenComplete(
        (ok, error) -> {
          if (error != null) {
            stream.reset();
          }
        });
  }

  // Telling.

  /** This node's record, made anew when it has changed or is no longer young. */
  private SignedCapability ownRecord() {
    Instant now = clock.instant();
    Capabilities current = bounded(capabilities.get());
    List<Multiaddr> reachable =
        addresses.get().stream().limit(config.limits().maxAddresses()).toList();
    SignedCapability present = own;
    if (present != null
        && present.record().capabilities().equals(current)
        && present.record().addresses().equals(reachable)
        && !present.record().timestamp().plus(config.ownRecordAge()).isBefore(now)) {
      return present;
    }
    // A restarted node goes on above what it said before, as long as its clock does.
    sequence = Math.max(sequence + 1, now.toEpochMilli());
    SignedCapability next =
        codec.sign(new CapabilityRecord(host.peerId(), sequence, now, reachable, current), key);
    own = next;
    return next;
  }

  private Capabilities bounded(Capabilities full) {
    DirectoryLimits limits = config.limits();
    return new Capabilities(
        full.roles().stream().limit(limits.maxRoles()).toList(),
        full.models().stream().limit(limits.maxModels()).toList(),
        full.load(),
        full.region(),
        full.agent());
  }

  private void announceSoon() {
    if (!running || announcePending) {
      return;
    }
    announcePending = true;
    Duration since = Duration.between(lastAnnounced, clock.instant());
    Duration wait = config.announceInterval().minus(since);
    announceTimer =
        scheduler.schedule(wait.isNegative() ? Duration.ZERO : wait, () -> run(this::announce));
  }

  private void announce() {
    announcePending = false;
    if (!running) {
      return;
    }
    lastAnnounced = clock.instant();
    DirectoryMessage.Announcement news = new DirectoryMessage.Announcement(ownRecord());
    for (PeerId peer : connectedPeers()) {
      host.newStream(peer, List.of(PROTOCOL))
          .thenAccept(
              stream -> {
                MessageStream<DirectoryMessage> messages =
                    new MessageStream<>(stream, codec, executor);
                messages.listen(new Silence(stream));
                messages.send(news);
                messages.closeWrite();
                Scheduler.Cancellable limit =
                    scheduler.schedule(config.queryTimeout(), stream::reset);
                stream.closed().thenRun(limit::cancel);
              });
    }
  }

  /** Expects no answer. */
  private record Silence(Stream stream) implements MessageListener<DirectoryMessage> {
    @Override
    public void onMessage(DirectoryMessage message) {
      stream.reset();
    }

    @Override
    public void onRemoteClose() {}

    @Override
    public void onReset(Throwable cause) {}
  }
}

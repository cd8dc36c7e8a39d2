package io.infernet.discovery.simulation;

import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Multihash;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A program that speaks Kademlia to do harm: it gets into the routing tables of honest nodes and
 * answers what its {@link Conspiracy} wants them to believe.
 */
final class HostileNode {

  /** How often it shows itself to honest nodes. */
  private static final Duration VISITS = Duration.ofMinutes(5);

  /** Honest nodes that it shows itself to, around its own id and anywhere. */
  private static final int VISITED = 20;

  /** False announcements in one visit. */
  private static final int ANNOUNCEMENTS = 10;

  private final VirtualHost host;
  private final Multihash target;
  private final KadKey key;
  private final Conspiracy conspiracy;
  private final VirtualTime time;
  private final RandomGenerator random;

  /**
   * @param target the key that it cares about
   */
  HostileNode(
      VirtualHost host,
      Multihash target,
      Conspiracy conspiracy,
      VirtualTime time,
      RandomGenerator random) {
    this.host = host;
    this.target = target;
    this.key = KadKey.of(host.peerId());
    this.conspiracy = conspiracy;
    this.time = time;
    this.random = random;
  }

  void start() {
    host.start();
    host.handle(conspiracy.kad().protocol(), this::accept);
    time.schedule(Duration.ofMillis(1), this::visit);
  }

  private void accept(Stream stream) {
    MessageStream<KadMessage> messages =
        new MessageStream<>(stream, conspiracy.requests(), Runnable::run);
    messages.listen(new Server(messages));
  }

  private Optional<KadMessage> answer(KadMessage question) {
    if (question instanceof KadMessage.FindNode find) {
      return Optional.of(new KadMessage.CloserPeers(closer(find.key())));
    }
    if (question instanceof KadMessage.GetProviders get) {
      return Optional.of(
          new KadMessage.Providers(conspiracy.providers(get.key()), closer(get.key().toBytes())));
    }
    if (question instanceof KadMessage.GetValue get) {
      return Optional.of(new KadMessage.Value(Optional.empty(), closer(get.key())));
    }
    if (question instanceof KadMessage.PutValue put) {
      return Optional.of(new KadMessage.ValueStored(put.record()));
    }
    return question instanceof KadMessage.Ping
        ? Optional.of(new KadMessage.Pong())
        : Optional.empty();
  }

  private List<PeerInfo> closer(byte[] name) {
    return conspiracy.closer(KadKey.of(name), host.peerId());
  }

  /** Asks honest nodes something, so that they take it for one of theirs. */
  private void visit() {
    time.schedule(VISITS.plusMillis(random.nextInt(60_000)), this::visit);
    List<PeerInfo> visited = new ArrayList<>(conspiracy.victims(key, VISITED));
    for (int i = 0; i < VISITED; i++) {
      visited.addAll(conspiracy.victims(KadKey.of(randomBytes()), 1));
    }
    for (PeerInfo victim : visited) {
      say(victim, List.of(new KadMessage.FindNode(host.peerId().toBytes())));
    }
    if (conspiracy.does(Attack.SPAM)) {
      for (PeerInfo victim : conspiracy.victims(KadKey.of(target.toBytes()), VISITED)) {
        List<KadMessage> announcements = new ArrayList<>(ANNOUNCEMENTS);
        announcements.add(new KadMessage.AddProvider(target, List.of(host.info())));
        while (announcements.size() < ANNOUNCEMENTS) {
          announcements.add(
              new KadMessage.AddProvider(Multihash.sha256(randomBytes()), List.of(host.info())));
        }
        say(victim, announcements);
      }
    }
  }

  private byte[] randomBytes() {
    byte[] bytes = new byte[16];
    random.nextBytes(bytes);
    return bytes;
  }

  private void say(PeerInfo victim, List<KadMessage> words) {
    host.connect(victim)
        .thenCompose(connection -> connection.newStream(List.of(conspiracy.kad().protocol())))
        .thenAccept(
            stream -> {
              MessageStream<KadMessage> messages =
                  new MessageStream<>(stream, conspiracy.responses(), Runnable::run);
              messages.listen(new Deaf());
              words.forEach(messages::send);
              messages.closeWrite();
            });
  }

  private final class Server implements MessageListener<KadMessage> {
    private final MessageStream<KadMessage> messages;

    Server(MessageStream<KadMessage> messages) {
      this.messages = messages;
    }

    @Override
    public void onMessage(KadMessage message) {
      answer(message).ifPresent(messages::send);
    }

    @Override
    public void onRemoteClose() {
      messages.closeWrite();
    }

    @Override
    public void onReset(Throwable cause) {}
  }

  /** It knows better already. */
  private static final class Deaf implements MessageListener<KadMessage> {
    @Override
    public void onMessage(KadMessage message) {}

    @Override
    public void onRemoteClose() {}

    @Override
    public void onReset(Throwable cause) {}
  }
}

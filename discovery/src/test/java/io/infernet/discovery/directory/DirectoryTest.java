package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerRateLimiter;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DirectoryTest {

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(
          time,
          LinkModel.uniform(Duration.ofMillis(1), Duration.ofMillis(20), new SplittableRandom(5)));
  private int nodes;

  private final class Node {
    final PrivateKey key = TestIdentities.privateKey(++nodes);
    final VirtualHost host = network.newHost(key.publicKey());
    Capabilities said = Samples.capabilities(true, Samples.MODEL);
    final Directory directory =
        new Directory(
            host,
            key,
            () -> said,
            host::listenAddresses,
            new CapabilityTable(DirectoryConfig.defaults()),
            DirectoryConfig.defaults(),
            time,
            time,
            time.clock(),
            new SplittableRandom(nodes),
            new PeerRateLimiter(120, 100, time));

    Node() {
      host.start();
    }

    Node started() {
      directory.start();
      time.runDue();
      return this;
    }

    Set<PeerId> known() {
      return directory.all().stream().map(CapabilityRecord::peer).collect(Collectors.toSet());
    }

    PeerId id() {
      return host.peerId();
    }
  }

  private void seconds(int count) {
    time.advance(Duration.ofSeconds(count));
  }

  @Test
  void knowsWhatAPeerServesSoonAfterTheyConnect() {
    Node one = new Node().started();
    Node other = new Node().started();
    one.host.connect(other.host.info());
    time.advance(Duration.ofMillis(200));

    assertEquals(Set.of(other.id()), one.known());
    assertEquals(Set.of(one.id()), other.known());
    CapabilityRecord record = one.directory.providers(Samples.MODEL).get(0);
    assertEquals(other.host.listenAddresses(), record.addresses());
    assertEquals(other.said, record.capabilities());
  }

  @Test
  void hearsOfPeersBehindTheOneItKnows() {
    Node bootstrap = new Node().started();
    List<Node> behind = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Node node = new Node().started();
      node.host.connect(bootstrap.host.info());
      behind.add(node);
    }
    seconds(1);
    Node newcomer = new Node().started();
    newcomer.host.connect(bootstrap.host.info());
    time.advance(Duration.ofMillis(200));

    assertEquals(6, newcomer.known().size());
    CompletableFuture<Stream> reached =
        newcomer.host.newStream(behind.get(3).id(), List.of(Directory.PROTOCOL));
    seconds(1);
    assertTrue(reached.isDone() && !reached.isCompletedExceptionally());
  }

  @Test
  void tellsWhenItIsSettled() {
    Node one = new Node().started();
    Node other = new Node().started();
    CompletableFuture<Void> alone = one.directory.settled();
    time.runDue();
    assertTrue(alone.isDone());

    one.host.connect(other.host.info());
    while (one.host.connections().isEmpty()) {
      time.runNext();
    }
    CompletableFuture<Void> settled = one.directory.settled();
    time.runDue();
    assertFalse(settled.isDone());
    while (!settled.isDone()) {
      time.runNext();
    }

    assertEquals(Set.of(other.id()), one.known());
  }

  @Test
  void settlesWhenAPeerDoesNotAnswer() {
    Node one = new Node().started();
    Node silent = new Node().started();
    one.host.connect(silent.host.info());
    while (one.host.connections().isEmpty()) {
      time.runNext();
    }
    network.stall(silent.id());
    CompletableFuture<Void> settled = one.directory.settled();
    time.advance(DirectoryConfig.defaults().queryTimeout().plusMillis(1));

    assertTrue(settled.isDone() && !settled.isCompletedExceptionally());
  }

  @Test
  void settlesWhenAPeerDoesNotSpeakTheProtocol() {
    Node one = new Node().started();
    Node foreign = new Node();
    one.host.connect(foreign.host.info());
    CompletableFuture<Void> settled = one.directory.settled();
    seconds(1);

    assertTrue(settled.isDone());
    assertEquals(Set.of(), one.known());
  }

  @Test
  void tellsOthersWhenItChanges() {
    Node one = new Node().started();
    Node other = new Node().started();
    one.host.connect(other.host.info());
    seconds(1);
    for (int i = 0; i < 20; i++) {
      other.said = Samples.capabilities(false, Samples.MODEL, Samples.model(i));
      other.directory.changed();
      time.advance(Duration.ofMillis(10));
    }
    seconds(3);

    assertEquals(other.said, one.directory.get(other.id()).orElseThrow().capabilities());
  }

  @Test
  void keepsConnectedPeersFreshAndForgetsThoseThatLeft() {
    Node one = new Node().started();
    Node staying = new Node().started();
    Node leaving = new Node().started();
    one.host.connect(staying.host.info());
    one.host.connect(leaving.host.info());
    seconds(5);
    assertEquals(2, one.known().size());
    network.kill(leaving.id());
    seconds(200);

    assertEquals(Set.of(staying.id()), one.known());
    network.kill(staying.id());
    seconds(91);
    assertEquals(Set.of(), one.known());
  }

  @Test
  void goesOnAboveItsOldSequenceAfterARestart() {
    Node one = new Node().started();
    Node other = new Node().started();
    one.host.connect(other.host.info());
    seconds(1);
    long before = one.directory.get(other.id()).orElseThrow().sequence();
    Capabilities changed = Samples.capabilities(true);
    Directory restarted =
        new Directory(
            other.host,
            other.key,
            () -> changed,
            other.host::listenAddresses,
            new CapabilityTable(DirectoryConfig.defaults()),
            DirectoryConfig.defaults(),
            time,
            time,
            time.clock(),
            new SplittableRandom(1),
            new PeerRateLimiter(120, 100, time));
    other.directory.close();
    restarted.start();
    seconds(60);

    CapabilityRecord after = one.directory.get(other.id()).orElseThrow();
    assertTrue(after.sequence() > before);
    assertEquals(changed, after.capabilities());
  }

  @Test
  void takesNothingFromAPeerThatForges() {
    Node victim = new Node().started();
    Node liar = new Node();
    liar.host.handle(
        Directory.PROTOCOL,
        stream -> {
          MessageStream<DirectoryMessage> messages =
              new MessageStream<>(stream, Samples.CODEC, time);
          messages.listen(
              new Listener(
                  message ->
                      messages.send(
                          new DirectoryMessage.Records(
                              List.of(
                                  Samples.forged(50, time.clock().instant()),
                                  Samples.record(51, 1, time.clock().instant()))))));
        });
    victim.host.connect(liar.host.info());
    seconds(2);

    assertEquals(Set.of(), victim.known());
  }

  @Test
  void resetsStreamsThatSpeakOutOfTurn() {
    Node one = new Node().started();
    Node rude = new Node();
    rude.host.connect(one.host.info());
    seconds(1);
    List<List<DirectoryMessage>> conversations =
        List.of(
            List.of(new DirectoryMessage.Records(List.of())),
            List.of(new DirectoryMessage.Query(1), new DirectoryMessage.Query(1)),
            List.of(
                new DirectoryMessage.Announcement(
                    Samples.CODEC.sign(
                        Samples.record(50, 1, time.clock().instant()).record(), rude.key))),
            List.of());
    for (List<DirectoryMessage> said : conversations) {
      Listener heard = open(rude, one, said);
      seconds(6);
      assertTrue(heard.reset, () -> "after " + said);
    }
  }

  @Test
  void servesNoMoreQueriesInAMinuteThanItsLimit() {
    Node one = new Node().started();
    Node greedy = new Node();
    greedy.host.connect(one.host.info());
    seconds(1);
    List<Listener> streams = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      streams.add(open(greedy, one, List.of(new DirectoryMessage.Query(1))));
      time.advance(Duration.ofMillis(1));
    }
    seconds(1);

    long answered = streams.stream().filter(stream -> stream.heard == 1).count();
    assertTrue(answered >= 115 && answered <= 125, answered + " answers");
    assertTrue(streams.get(149).reset);
  }

  @Test
  void tellsNoMoreRecordsThanAreAskedFor() {
    Node one = new Node().started();
    for (int i = 0; i < 5; i++) {
      new Node().started().host.connect(one.host.info());
    }
    Node asker = new Node();
    asker.host.connect(one.host.info());
    seconds(2);
    Listener heard = open(asker, one, List.of(new DirectoryMessage.Query(3)));
    seconds(1);

    assertEquals(3, heard.records.size());
    assertEquals(one.id(), heard.records.get(0).record().peer(), "its own first");
  }

  private Listener open(Node from, Node to, List<DirectoryMessage> said) {
    Listener listener = new Listener(message -> {});
    from.host
        .newStream(to.id(), List.of(Directory.PROTOCOL))
        .thenAccept(
            stream -> {
              MessageStream<DirectoryMessage> messages =
                  new MessageStream<>(stream, Samples.CODEC, time);
              messages.listen(listener);
              said.forEach(messages::send);
            });
    return listener;
  }

  private static final class Listener implements MessageListener<DirectoryMessage> {
    private final Consumer<DirectoryMessage> onMessage;
    private List<SignedCapability> records = List.of();
    private int heard;
    private boolean reset;

    Listener(Consumer<DirectoryMessage> onMessage) {
      this.onMessage = onMessage;
    }

    @Override
    public void onMessage(DirectoryMessage message) {
      heard++;
      if (message instanceof DirectoryMessage.Records answer) {
        records = answer.records();
      }
      onMessage.accept(message);
    }

    @Override
    public void onRemoteClose() {}

    @Override
    public void onReset(Throwable cause) {
      reset = true;
    }
  }
}

package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.LogCapture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DirectoryTest {

  private static final ProtocolId PROTOCOL = NetworkName.MAIN.protocol("directory/1.0.0");

  private final DirectoryWorld world =
      new DirectoryWorld(5, Duration.ofMillis(1), Duration.ofMillis(20));
  private final VirtualTime time = world.time;

  @Test
  void knowsWhatAPeerServesSoonAfterTheyConnect() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node other = world.node().started();
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
    DirectoryWorld.Node bootstrap = world.node().started();
    List<DirectoryWorld.Node> behind = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      DirectoryWorld.Node node = world.node().started();
      node.host.connect(bootstrap.host.info());
      behind.add(node);
    }
    world.seconds(1);
    DirectoryWorld.Node newcomer = world.node().started();
    newcomer.host.connect(bootstrap.host.info());
    time.advance(Duration.ofMillis(200));

    assertEquals(6, newcomer.known().size());
    CompletableFuture<Stream> reached =
        newcomer.host.newStream(behind.get(3).id(), List.of(PROTOCOL));
    world.seconds(1);
    assertTrue(reached.isDone() && !reached.isCompletedExceptionally());
  }

  private CompletableFuture<List<CapabilityRecord>> find(DirectoryWorld.Node from) {
    return from.directory.find(DirectoryQuery.of(Samples.MODEL));
  }

  private static Set<PeerId> peers(CompletableFuture<List<CapabilityRecord>> answer) {
    return answer.join().stream().map(CapabilityRecord::peer).collect(Collectors.toSet());
  }

  @Test
  void findsNobodyAtOnceWhenItIsAlone() {
    DirectoryWorld.Node one = world.node().started();
    CompletableFuture<List<CapabilityRecord>> answer = find(one);
    time.runDue();

    assertEquals(Set.of(), peers(answer));
  }

  @Test
  void findsWhoOnlyJustConnectedOnceTheyHaveSaidWhatTheyServe() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node other = world.node().started();
    one.host.connect(other.host.info());
    while (one.host.connections().isEmpty()) {
      time.runNext();
    }
    CompletableFuture<List<CapabilityRecord>> answer = find(one);
    time.runDue();
    assertFalse(answer.isDone());
    world.millis(200);

    assertEquals(Set.of(other.id()), peers(answer));
  }

  @Test
  void endsASearchWhenAPeerDoesNotAnswer() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node silent = world.node().started();
    one.host.connect(silent.host.info());
    while (one.host.connections().isEmpty()) {
      time.runNext();
    }
    world.network.stall(silent.id());
    CompletableFuture<List<CapabilityRecord>> answer = find(one);
    time.advance(DirectoryConfig.defaults().asking().searchTimeout().plusMillis(1));

    assertEquals(Set.of(), peers(answer));
  }

  @Test
  void endsASearchWhenAPeerDoesNotSpeakTheProtocol() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node foreign = world.node();
    one.host.connect(foreign.host.info());
    CompletableFuture<List<CapabilityRecord>> answer = find(one);
    world.seconds(2);

    assertEquals(Set.of(), peers(answer));
    assertEquals(Set.of(), one.known());
  }

  @Test
  void tellsOthersWhenItChanges() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node other = world.node().started();
    one.host.connect(other.host.info());
    world.seconds(1);
    for (int i = 0; i < 20; i++) {
      other.said = Samples.capabilities(false, Samples.MODEL, Samples.model(i));
      other.directory.changed();
      time.advance(Duration.ofMillis(10));
    }
    world.seconds(3);

    assertEquals(other.said, one.directory.get(other.id()).orElseThrow().capabilities());
  }

  @Test
  void keepsConnectedPeersFreshAndForgetsThoseThatLeft() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node staying = world.node().started();
    DirectoryWorld.Node leaving = world.node().started();
    one.host.connect(staying.host.info());
    one.host.connect(leaving.host.info());
    world.seconds(5);
    assertEquals(2, one.known().size());
    world.network.kill(leaving.id());
    world.seconds(200);

    assertEquals(Set.of(staying.id()), one.known());
    world.network.kill(staying.id());
    world.seconds(91);
    assertEquals(Set.of(), one.known());
  }

  @Test
  void goesOnAboveItsOldSequenceAfterARestart() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node other = world.node().started();
    one.host.connect(other.host.info());
    world.seconds(1);
    long before = one.directory.get(other.id()).orElseThrow().sequence();
    Capabilities changed = Samples.capabilities(true);
    other.directory.close();
    time.runDue();
    other.said = changed;
    other.newDirectory().start();
    world.seconds(60);

    CapabilityRecord after = one.directory.get(other.id()).orElseThrow();
    assertTrue(after.sequence() > before);
    assertEquals(changed, after.capabilities());
  }

  @Test
  void takesNothingFromAPeerThatForges() {
    DirectoryWorld.Node victim = world.node().started();
    DirectoryWorld.Node liar = world.node();
    answer(
        liar,
        Samples.forged(50, time.clock().instant()),
        Samples.record(51, 1, time.clock().instant()));
    victim.host.connect(liar.host.info());
    world.seconds(2);

    assertEquals(Set.of(), victim.known());
  }

  @Test
  void warnsOnceWhenClocksDisagree() {
    DirectoryWorld.Node one = world.node().started();
    try (LogCapture log = new LogCapture("io.infernet.discovery.directory")) {
      for (int i = 0; i < 3; i++) {
        DirectoryWorld.Node late = world.node();
        answer(late, Samples.record(late.number, 1, world.now().minusSeconds(200)));
        late.host.connect(one.host.info());
        world.seconds(2);
      }
      List<String> warnings = log.lines().stream().filter(line -> line.contains("clocks")).toList();
      assertEquals(1, warnings.size(), warnings::toString);
      assertTrue(warnings.get(0).contains("about 200 s apart"), warnings::toString);
    }
    assertEquals(Set.of(), one.known());
  }

  /** Lets a node answer every query with these records. */
  private void answer(DirectoryWorld.Node node, SignedCapability... records) {
    node.host.handle(
        PROTOCOL,
        stream -> {
          MessageStream<DirectoryMessage> messages =
              new MessageStream<>(stream, Samples.CODEC, time);
          messages.listen(
              new Listener(
                  message -> messages.send(new DirectoryMessage.Records(List.of(records)))));
        });
  }

  @Test
  void neitherAsksNorAnswersAPeerThatLiedForAWhile() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node liar = world.node();
    liar.host.connect(one.host.info());
    world.seconds(1);
    open(liar, one, List.of(new DirectoryMessage.Records(List.of())));
    world.seconds(1);
    List<DirectoryMessage> query = List.of(new DirectoryMessage.Query(Optional.empty(), 1));
    Listener refused = open(liar, one, query);
    liar.started();
    world.seconds(60);
    assertTrue(refused.reset);
    assertEquals(List.of(), refused.records);

    world.seconds(600);
    Listener answered = open(liar, one, query);
    world.seconds(1);
    assertEquals(1, answered.records.size());
  }

  @Test
  void resetsStreamsThatSpeakOutOfTurn() {
    DirectoryWorld.Node one = world.node().started();
    List<List<DirectoryMessage>> conversations =
        List.of(
            List.of(new DirectoryMessage.Records(List.of())),
            List.of(
                new DirectoryMessage.Query(Optional.empty(), 1),
                new DirectoryMessage.Query(Optional.empty(), 1)),
            List.of(new DirectoryMessage.Heartbeat(Samples.record(50, 1, time.clock().instant()))),
            List.of());
    for (List<DirectoryMessage> said : conversations) {
      DirectoryWorld.Node rude = world.node();
      rude.host.connect(one.host.info());
      world.seconds(1);
      Listener heard = open(rude, one, said);
      world.seconds(6);
      assertTrue(heard.reset, () -> "after " + said);
    }
  }

  @Test
  void servesNoMoreQueriesInAMinuteThanItsLimit() {
    DirectoryWorld.Node one = world.node().started();
    DirectoryWorld.Node greedy = world.node();
    greedy.host.connect(one.host.info());
    world.seconds(1);
    List<Listener> streams = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      streams.add(open(greedy, one, List.of(new DirectoryMessage.Query(Optional.empty(), 1))));
      time.advance(Duration.ofMillis(1));
    }
    world.seconds(1);

    long answered = streams.stream().filter(stream -> stream.heard == 1).count();
    assertTrue(answered >= 115 && answered <= 125, answered + " answers");
    assertTrue(streams.get(149).reset);
  }

  @Test
  void tellsNoMoreRecordsThanAreAskedFor() {
    DirectoryWorld.Node one = world.node().started();
    for (int i = 0; i < 5; i++) {
      world.node().started().host.connect(one.host.info());
    }
    DirectoryWorld.Node asker = world.node();
    asker.host.connect(one.host.info());
    world.seconds(2);
    Listener heard = open(asker, one, List.of(new DirectoryMessage.Query(Optional.empty(), 3)));
    world.seconds(1);

    assertEquals(3, heard.records.size());
    assertEquals(one.id(), heard.records.get(0).record().peer(), "its own first");
  }

  private Listener open(
      DirectoryWorld.Node from, DirectoryWorld.Node to, List<DirectoryMessage> said) {
    Listener listener = new Listener(message -> {});
    from.host
        .newStream(to.id(), List.of(PROTOCOL))
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

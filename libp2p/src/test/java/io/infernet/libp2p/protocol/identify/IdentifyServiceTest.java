package io.infernet.libp2p.protocol.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.PeerStore;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerRecord;
import io.infernet.libp2p.peer.SignedPeerRecord;
import io.infernet.libp2p.simulation.LinkModel;
import io.infernet.libp2p.simulation.VirtualHost;
import io.infernet.libp2p.simulation.VirtualNetwork;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.Received;
import io.infernet.libp2p.testing.TestIdentities;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdentifyServiceTest {

  private static final ProtocolId NEW_PROTOCOL = ProtocolId.of("/new/1");
  private static final IdentifyConfig CONFIG =
      IdentifyConfig.defaults("infernet/9.9", "infernet/1.0.0");

  private final VirtualTime time = new VirtualTime();
  private final VirtualNetwork network =
      new VirtualNetwork(time, LinkModel.fixed(Duration.ofMillis(10)));
  private final VirtualHost alice = network.newHost(TestIdentities.publicKey(1));
  private final VirtualHost bob = network.newHost(TestIdentities.publicKey(2));
  private final IdentifyService ofAlice = service(alice, 1);
  private final IdentifyService ofBob = service(bob, 2);

  @BeforeEach
  void startHosts() {
    alice.start();
    bob.start();
  }

  @Test
  void peersKnowEachOthersProtocolsAgentAndAddressesAfterConnecting() {
    startBoth();
    Connection connection = connect();

    PeerStore.PeerMetadata said = alice.peers().metadata(bob.peerId()).orElseThrow();
    assertEquals("infernet/9.9", said.agentVersion());
    assertEquals("infernet/1.0.0", said.protocolVersion());
    assertEquals(
        List.of(IdentifyService.PROTOCOL, IdentifyService.PUSH_PROTOCOL), said.protocols());
    assertEquals(alice.listenAddresses(), bob.peers().addresses(alice.peerId()));
    CompletableFuture<IdentifyMessage> message = ofAlice.identified(connection);
    time.runDue();
    assertEquals(Optional.of(alice.listenAddresses().get(0)), message.join().observedAddress());
    assertEquals(0, connection.streamCount(), "the streams are closed on both sides");
  }

  @Test
  void asksPeersThatWereConnectedBeforeItStarted() {
    ofBob.start();
    connect();

    ofAlice.start();
    settle();

    assertTrue(alice.peers().metadata(bob.peerId()).isPresent());
  }

  @Test
  void pushesWhenThisNodeSpeaksAnotherProtocol() {
    startBoth();
    connect();

    bob.handle(NEW_PROTOCOL, stream -> {});
    advance(CONFIG.refreshInterval().plusSeconds(1));
    assertTrue(protocolsOfBob().contains(NEW_PROTOCOL));

    bob.unhandle(NEW_PROTOCOL);
    advance(CONFIG.refreshInterval().plusSeconds(1));
    assertFalse(protocolsOfBob().contains(NEW_PROTOCOL));
  }

  @Test
  void distrustsAPeerThatNamesAnotherKey() {
    ofAlice.start();
    IdentifyMessage lie =
        new IdentifyMessage(
            Optional.of(TestIdentities.publicKey(7)),
            List.of(),
            Optional.empty(),
            List.of(NEW_PROTOCOL),
            Optional.of("liar"),
            Optional.empty(),
            Optional.empty());
    bob.handle(IdentifyService.PROTOCOL, stream -> say(stream, lie));

    assertInstanceOf(ProtocolViolationException.class, failure(connect()));
    assertTrue(alice.peers().metadata(bob.peerId()).isEmpty());
  }

  @Test
  void remembersTheRecordThatAPeerSignedOfItself() {
    startBoth();
    connect();
    CompletableFuture<SignedPeerRecord> own = ofBob.signedRecord();
    time.runDue();

    SignedPeerRecord record = alice.peers().signedRecord(bob.peerId()).orElseThrow();
    assertEquals(own.join(), record);
    assertEquals(bob.listenAddresses(), record.record().addresses());
    assertTrue(record.record().sequence() >= VirtualTime.EPOCH.toEpochMilli());
  }

  @Test
  void distrustsAPeerThatShowsTheRecordOfAnother() {
    ofAlice.start();
    SignedPeerRecord ofCarol =
        SignedPeerRecord.sign(
            TestIdentities.privateKey(3), new PeerRecord(TestIdentities.peerId(3), 1, List.of()));
    IdentifyMessage lie =
        new IdentifyMessage(
            Optional.empty(),
            List.of(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(ofCarol.envelope()));
    bob.handle(IdentifyService.PROTOCOL, stream -> say(stream, lie));

    assertInstanceOf(ProtocolViolationException.class, failure(connect()));
    assertTrue(alice.peers().signedRecord(TestIdentities.peerId(3)).isEmpty());
  }

  @Test
  void leavesOutAddressesThatOnlyTheirOwnLinkKnows() throws UnknownHostException {
    List<Multiaddr> exactly = List.of(Multiaddr.parse("/ip4/169.254.1.1/tcp/9"));
    List<InetAddress> interfaces =
        List.of(
            InetAddress.getByName("169.254.1.1"),
            InetAddress.getByName("fe80::1"),
            InetAddress.getByName("10.1.2.3"));

    assertEquals(
        List.of(Multiaddr.parse("/ip4/10.1.2.3/tcp/1")),
        UsefulAddresses.expand(
            List.of(Multiaddr.parse("/ip4/0.0.0.0/tcp/1"), Multiaddr.parse("/ip6/::/tcp/1")),
            interfaces));
    assertEquals(exactly, UsefulAddresses.expand(exactly, interfaces), "asked for by the user");
  }

  @Test
  void tellsPeersOnTheInternetThePublicAddressesFirst() {
    Multiaddr near = Multiaddr.parse("/ip4/192.168.1.7/tcp/1");
    Multiaddr far = Multiaddr.parse("/ip4/8.8.8.8/tcp/1");
    List<Multiaddr> own = List.of(near, far);

    assertEquals(
        List.of(far, near), UsefulAddresses.forPeerAt(Multiaddr.parse("/ip4/1.1.1.1/tcp/1"), own));
    assertEquals(own, UsefulAddresses.forPeerAt(Multiaddr.parse("/ip4/192.168.1.9/tcp/1"), own));
    assertEquals(List.of(far, near), UsefulAddresses.toPublish(own));
  }

  @Test
  void tellsNoMoreAddressesThanFitIntoAMessage() {
    List<Multiaddr> many = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      many.add(Multiaddr.parse("/dns4/" + "x".repeat(60) + i + ".example/tcp/1"));
    }

    assertEquals(many.subList(0, 3), UsefulAddresses.fitting(many, 3, 2_048));
    List<Multiaddr> fitting = UsefulAddresses.fitting(many, 300, 2_048);
    assertTrue(fitting.size() > 20 && fitting.size() < 40, () -> fitting.size() + " fit");
    SignedPeerRecord.sign(
        TestIdentities.privateKey(1), new PeerRecord(TestIdentities.peerId(1), 1, fitting));
  }

  @Test
  void publishesLoopbackOnlyWhereThereIsNothingElse() {
    Multiaddr loopback = Multiaddr.parse("/ip4/127.0.0.1/tcp/4001");
    Multiaddr lan = Multiaddr.parse("/ip4/192.168.1.7/tcp/4001");

    assertEquals(List.of(lan), UsefulAddresses.toPublish(List.of(loopback, lan)));
    assertEquals(List.of(loopback), UsefulAddresses.toPublish(List.of(loopback)));
  }

  @Test
  void joinsAMessageThatComesInParts() {
    ofAlice.start();
    bob.handle(
        IdentifyService.PROTOCOL,
        stream -> {
          messages(stream).send(part("one", "/a/1"));
          messages(stream).send(part("two", "/b/1"));
          stream.closeWrite();
        });

    connect();

    PeerStore.PeerMetadata said = alice.peers().metadata(bob.peerId()).orElseThrow();
    assertEquals("two", said.agentVersion());
    assertEquals(List.of(ProtocolId.of("/a/1"), ProtocolId.of("/b/1")), said.protocols());
  }

  @Test
  void givesUpOnAPeerThatSendsTooManyPartsOrNone() {
    ofAlice.start();
    bob.handle(
        IdentifyService.PROTOCOL,
        stream -> {
          for (int i = 0; i <= CONFIG.maxMessages(); i++) {
            messages(stream).send(part("again", "/a/1"));
          }
        });
    assertInstanceOf(ProtocolViolationException.class, failure(connect()));

    network.disconnect(alice.peerId(), bob.peerId());
    settle();
    bob.handle(IdentifyService.PROTOCOL, Stream::closeWrite);
    assertInstanceOf(ProtocolViolationException.class, failure(connect()));
  }

  @Test
  void givesUpOnAPeerThatDoesNotAnswerInTime() {
    ofAlice.start();
    bob.handle(IdentifyService.PROTOCOL, stream -> stream.listen(new Received()));
    Connection connection = connect();
    CompletableFuture<IdentifyMessage> identified = ofAlice.identified(connection);

    advance(CONFIG.timeout());
    settle();

    assertInstanceOf(TimeoutException.class, cause(identified));
    assertEquals(0, connection.streamCount(), "the stream was reset");
  }

  @Test
  void freesTheStreamOfAPeerThatDoesNotReadTheAnswer() {
    ofBob.start();
    Connection connection = connect();
    CompletableFuture<Stream> stream = connection.newStream(List.of(IdentifyService.PROTOCOL));
    settle();
    assertTrue(stream.isDone());
    assertEquals(1, bob.connections().get(0).streamCount());

    advance(CONFIG.timeout());
    settle();

    assertEquals(0, bob.connections().get(0).streamCount());
  }

  @Test
  void resetsAStreamOnWhichGarbageArrives() {
    startBoth();
    Connection connection = connect();
    CompletableFuture<Stream> opened = connection.newStream(List.of(IdentifyService.PUSH_PROTOCOL));
    settle();
    Received received = new Received();
    opened.join().listen(received);

    opened.join().send(ByteBuffer.wrap(new byte[] {3, -1, -1, -1}));
    settle();

    assertTrue(received.end().isCompletedExceptionally());
    assertEquals("infernet/9.9", bob.peers().metadata(alice.peerId()).orElseThrow().agentVersion());
  }

  @Test
  void tellsRealInterfacesInsteadOfWildcardsAndLoopbackOnlyToTheSameMachine()
      throws UnknownHostException {
    List<Multiaddr> bound =
        List.of(
            Multiaddr.parse("/ip4/0.0.0.0/tcp/4001"),
            Multiaddr.parse("/ip6/::/tcp/4001"),
            Multiaddr.parse("/ip4/127.0.0.1/tcp/5"));
    List<InetAddress> interfaces =
        List.of(
            InetAddress.getByName("127.0.0.1"),
            InetAddress.getByName("192.168.1.7"),
            InetAddress.getByName("2001:db8::7"));

    List<Multiaddr> all = UsefulAddresses.expand(bound, interfaces);

    assertEquals(
        List.of(
            Multiaddr.parse("/ip4/127.0.0.1/tcp/4001"),
            Multiaddr.parse("/ip4/192.168.1.7/tcp/4001"),
            Multiaddr.parse("/ip6/2001:db8::7/tcp/4001"),
            Multiaddr.parse("/ip4/127.0.0.1/tcp/5")),
        all);
    assertEquals(
        List.of(all.get(1), all.get(2)),
        UsefulAddresses.forPeerAt(Multiaddr.parse("/ip4/192.168.1.9/tcp/1"), all));
    assertEquals(all, UsefulAddresses.forPeerAt(Multiaddr.parse("/ip4/127.0.0.1/tcp/1"), all));
  }

  @Test
  void remembersOfAPeersAddressesOnlyWhatCanBeDialled() {
    Multiaddr good = Multiaddr.parse("/ip4/192.0.2.1/tcp/4001");
    List<Multiaddr> claimed =
        List.of(
            Multiaddr.parse("/ip4/127.0.0.1/tcp/4001"),
            Multiaddr.parse("/ip4/0.0.0.0/tcp/4001"),
            Multiaddr.parse("/ip6/fe80::1/tcp/4001"),
            good.withPeer(bob.peerId()),
            Multiaddr.parse("/ip4/192.0.2.9/tcp/1").withPeer(alice.peerId()));

    assertEquals(
        List.of(good),
        UsefulAddresses.ofPeer(bob.peerId(), Multiaddr.parse("/ip4/192.0.2.1/tcp/9999"), claimed));
  }

  private void startBoth() {
    ofAlice.start();
    ofBob.start();
  }

  private Connection connect() {
    CompletableFuture<Connection> connection = alice.connect(bob.info());
    settle();
    return connection.join();
  }

  private void settle() {
    advance(Duration.ofSeconds(1));
  }

  private void advance(Duration duration) {
    time.advance(duration);
  }

  private List<ProtocolId> protocolsOfBob() {
    return alice.peers().metadata(bob.peerId()).orElseThrow().protocols();
  }

  private Throwable failure(Connection connection) {
    CompletableFuture<IdentifyMessage> identified = ofAlice.identified(connection);
    settle();
    return cause(identified);
  }

  private static Throwable cause(CompletableFuture<?> future) {
    assertTrue(future.isDone());
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  private static IdentifyMessage part(String agent, String protocol) {
    return new IdentifyMessage(
        Optional.empty(),
        List.of(),
        Optional.empty(),
        List.of(ProtocolId.of(protocol)),
        Optional.of(agent),
        Optional.empty(),
        Optional.empty());
  }

  private static void say(Stream stream, IdentifyMessage message) {
    messages(stream).send(message);
    stream.closeWrite();
  }

  private static MessageStream<IdentifyMessage> messages(Stream stream) {
    return new MessageStream<>(stream, new IdentifyCodec(8192), Runnable::run);
  }

  private IdentifyService service(VirtualHost host, int identity) {
    return new IdentifyService(
        host, TestIdentities.privateKey(identity), CONFIG, List::of, time, time, time.clock());
  }
}

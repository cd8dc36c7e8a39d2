package io.infernet.libp2p.host;

import static io.infernet.libp2p.testing.LoopbackNetwork.await;
import static io.infernet.libp2p.testing.LoopbackNetwork.info;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multistream.MultistreamConfig;
import io.infernet.libp2p.testing.Echo;
import io.infernet.libp2p.testing.HostConfigBuilder;
import io.infernet.libp2p.testing.LogCapture;
import io.infernet.libp2p.testing.LoopbackNetwork;
import io.infernet.libp2p.testing.TestIdentities;
import io.infernet.libp2p.transport.tcp.SystemResolver;
import io.infernet.libp2p.transport.tcp.TcpConfig;
import io.infernet.libp2p.transport.tcp.TcpTransport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Remotes that misbehave, on raw sockets. After each of them the connection is closed with a reason
 * in the log, nothing of it is left, and another peer has noticed nothing.
 */
class HostAbuseTest {

  private static final Duration UPGRADE_TIMEOUT = Duration.ofMillis(400);
  private static final Duration NEGOTIATION_TIMEOUT = Duration.ofMillis(400);
  private static final int MAX_HALF_OPEN_PER_IP = 8;
  private static final int MAX_NEGOTIATING = 16;

  private final LoopbackNetwork network = new LoopbackNetwork();
  private final LogCapture log = new LogCapture("io.infernet.libp2p");
  private final SystemResolver resolver = new SystemResolver(1);
  private final TcpTransport attackers = new TcpTransport(TcpConfig.defaults(), 1, resolver);
  private final NettyHost victim = network.host(1, config());
  private final NettyHost friend = network.host(2);
  private Stream friendly;
  private Conversation conversation;

  @BeforeEach
  void makeAFriend() {
    victim.handle(Echo.PROTOCOL, new Echo());
    await(friend.connect(info(victim)));
    friendly = await(friend.newStream(victim.peerId(), List.of(Echo.PROTOCOL)));
    conversation = new Conversation(friendly);
    friendly.listen(conversation);
    conversation.say("before");
  }

  @AfterEach
  void close() {
    attackers.close();
    resolver.close();
    network.close();
    log.close();
  }

  // --- Before the handshake is over ---

  @Test
  void closesOnGarbage() throws IOException {
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 20; i++) {
      byte[] garbage = new byte[random.nextInt(1, 5000)];
      random.nextBytes(garbage);
      garbage[0] = (byte) 0xff; // or it may be the beginning of a message
      garbage[garbage.length - 1] |= 1;
      try (Socket socket = connect()) {
        socket.getOutputStream().write(garbage);
        awaitEnd(socket);
        log.await("closed from .*" + socket.getLocalPort() + " before it was ready: \\S+");
      }
    }
    assertUndisturbed();
  }

  @Test
  void closesAConnectionThatSaysNothing() throws IOException {
    try (Socket socket = connect()) {
      awaitEnd(socket);
      log.await(
          "closed from .*" + socket.getLocalPort() + ".*handshake took over " + UPGRADE_TIMEOUT);
    }
    assertUndisturbed();
  }

  @Test
  void closesAConnectionThatDripsBytes() throws IOException {
    byte[] drops = message("/multistream/1.0.0" + "x".repeat(1000));
    try (Socket socket = connect()) {
      socket.setSoTimeout(20);
      boolean open = true;
      for (int i = 0; open; i++) {
        try {
          socket.getOutputStream().write(drops[i % drops.length]);
          open = socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
          // The next drop.
        } catch (SocketException e) {
          open = false;
        }
      }
      log.await("closed from .*" + socket.getLocalPort() + ".*: \\S+");
    }
    assertUndisturbed();
  }

  @Test
  void closesAConnectionThatGoesAwayInTheHandshake() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(message("/multistream/1.0.0"));
    }
    log.await("closed from .* before it was ready: connection closed during");
    assertUndisturbed();
  }

  @Test
  void closesOnOversizedMessages() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(new byte[] {(byte) 0xff, 0x7f});
      awaitEnd(socket);
      log.await(socket.getLocalPort() + ".*multistream message of 16383 bytes");
    }
    try (Socket socket = connect()) {
      agreeOnNoise(socket);
      socket.getOutputStream().write(new byte[] {(byte) 0xff, (byte) 0xff});
      awaitEnd(socket);
      log.await(socket.getLocalPort() + ".*Noise handshake message of 65535 bytes");
    }
    assertUndisturbed();
  }

  @Test
  void closesOnAHandshakeThatIsNotSealedWithTheRightKeys() throws IOException {
    try (Socket socket = connect()) {
      agreeOnNoise(socket);
      byte[] ephemeral = new byte[34];
      new SplittableRandom(5).nextBytes(ephemeral);
      ephemeral[0] = 0;
      ephemeral[1] = 32;
      socket.getOutputStream().write(ephemeral);
      int length = socket.getInputStream().read() << 8 | socket.getInputStream().read();
      assertEquals(length, socket.getInputStream().readNBytes(length).length);
      byte[] third = new byte[2 + 200];
      third[1] = (byte) 200;
      socket.getOutputStream().write(third);
      awaitEnd(socket);
      log.await("closed from .*" + socket.getLocalPort() + ".*: \\S+");
    }
    assertUndisturbed();
  }

  @Test
  void refusesProtocolsOtherThanNoiseAndAFloodOfThem() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(message("/multistream/1.0.0"));
      int proposals = MultistreamConfig.defaults().maxProposals();
      ByteArrayOutputStream flood = new ByteArrayOutputStream();
      for (int i = 0; i < proposals; i++) {
        flood.writeBytes(message("/plaintext/" + i));
      }
      socket.getOutputStream().write(flood.toByteArray());
      awaitEnd(socket);
      log.await(socket.getLocalPort() + ".*" + proposals + " protocols proposed");
    }
    assertUndisturbed();
  }

  @Test
  void acceptsNoMoreHalfOpenConnectionsFromOneAddressThanAllowed() throws IOException {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < MAX_HALF_OPEN_PER_IP + 5; i++) {
        sockets.add(connect());
      }
      for (int i = 0; i < 5; i++) {
        log.await("closed on arrival: more than " + MAX_HALF_OPEN_PER_IP + " handshakes");
      }
      conversation.say("while they wait");
      for (Socket socket : sockets) {
        awaitEnd(socket);
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    assertUndisturbed();
    NettyHost late = network.host(3);
    await(late.connect(info(victim)));
  }

  // --- After a proper handshake ---

  @Test
  void closesOnYamuxViolations() {
    byte[][] violations = {
      frame(0, 1, 1, 0, 1), // another version
      frame(9, 0, 1, 0, 0), // an unknown type
      frame(0, 0, 77, 10, 0), // data for a stream that was never opened
      frame(1, 1, 2, 0, 0), // an id of the wrong side
      concat(frame(1, 1, 1, 0, 0), frame(0, 0, 1, 10_000_000, 0)), // more than the window
      concat(frame(1, 1, 1, 0, 0), frame(1, 1, 1, 0, 0)), // opened twice
    };
    for (int i = 0; i < violations.length; i++) {
      SecuredSocket attacker = attacker(10 + i);
      attacker.send(violations[i]);
      await(attacker.closed());
      log.await(TestIdentities.peerId(10 + i) + ".* ended: \\S+");
    }
    assertUndisturbed();
  }

  @Test
  void refusesStreamsBeyondThoseThatMayNegotiateAndFreesTheOthersInTime() {
    SecuredSocket attacker = attacker(10);
    ByteArrayOutputStream flood = new ByteArrayOutputStream();
    for (int i = 0; i < MAX_NEGOTIATING + 50; i++) {
      flood.writeBytes(frame(1, 1, 1 + 2 * i, 0, 0));
    }
    attacker.send(flood.toByteArray());
    for (int i = 0; i < 50; i++) {
      log.await("stream was refused: more than " + MAX_NEGOTIATING + " are negotiating");
    }
    for (int i = 0; i < MAX_NEGOTIATING; i++) {
      log.await("inbound stream failed: no protocol was agreed in " + NEGOTIATION_TIMEOUT);
    }
    Connection connection = victim.connection(TestIdentities.peerId(10)).orElseThrow();
    assertEquals(0, connection.streamCount());
    assertFalse(attacker.closed().isDone());
    attacker.close();
    await(connection.closed());
    assertUndisturbed();
  }

  @Test
  void resetsAStreamThatFloodsProposals() {
    SecuredSocket attacker = attacker(10);
    ByteArrayOutputStream proposals = new ByteArrayOutputStream();
    proposals.writeBytes(message("/multistream/1.0.0"));
    for (int i = 0; i < 100; i++) {
      proposals.writeBytes(message("/unknown/" + i));
    }
    attacker.send(
        concat(
            frame(1, 1, 1, 0, 0),
            concat(frame(0, 0, 1, proposals.size(), 0), proposals.toByteArray())));
    log.await("inbound stream failed: \\d+ protocols proposed");
    attacker.close();
    assertUndisturbed();
  }

  @Test
  void limitsTheStreamsOfOneProtocolOnAConnection() {
    List<Stream> open = new ArrayList<>();
    int max = config().streams().maxInboundPerProtocol();
    for (int i = 0; i < max - 1; i++) { // the friendly one counts
      open.add(await(friend.newStream(victim.peerId(), List.of(Echo.PROTOCOL))));
    }
    LoopbackNetwork.awaitFailure(friend.newStream(victim.peerId(), List.of(Echo.PROTOCOL)));
    log.await("inbound stream was refused: " + (max + 1) + " of " + Echo.PROTOCOL);

    open.get(0).reset();
    await(open.get(0).closed());
    conversation.say("still here"); // and so the reset has arrived
    await(friend.newStream(victim.peerId(), List.of(Echo.PROTOCOL)));
  }

  @Test
  void holdsNoMoreThanItsBudgetForReadersThatAreBehind() {
    ProtocolId slow = ProtocolId.of("/slow/1");
    victim.handle(slow, stream -> {}); // nobody listens
    List<Stream> streams = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      NettyHost flooder = network.host(10 + i);
      await(flooder.connect(info(victim)));
      for (int k = 0; k < 10; k++) {
        Stream stream = await(flooder.newStream(victim.peerId(), List.of(slow)));
        stream.send(ByteBuffer.allocate(200_000));
        streams.add(stream);
      }
    }

    // 30 times 200,000 bytes, of which 20 fit into 4 MiB.
    List<CompletableFuture<Void>> resets = streams.stream().map(Stream::closed).toList();
    CompletableFuture<Void> ten = new CompletableFuture<>();
    AtomicInteger reset = new AtomicInteger();
    resets.forEach(
        closed ->
            closed.thenRun(
                () -> {
                  if (reset.incrementAndGet() == 10) {
                    ten.complete(null);
                  }
                }));
    await(ten);
    conversation.say("meanwhile");
    for (int i = 0; i < 3; i++) {
      await(victim.disconnect(TestIdentities.peerId(10 + i)));
    }
    assertUndisturbed();
  }

  private SecuredSocket attacker(int identity) {
    return await(
        SecuredSocket.connect(
            attackers,
            TestIdentities.privateKey(identity),
            victim.listenAddresses().get(0),
            victim.peerId()));
  }

  private void assertUndisturbed() {
    conversation.say("after");
    assertEquals(0, victim.halfOpenConnections());
    victim.connections().stream()
        .filter(connection -> !connection.remotePeer().equals(friend.peerId()))
        .forEach(connection -> await(connection.closed()));
    assertEquals(1, victim.connections().size());
    assertTrue(log.lines().stream().noneMatch(line -> line.startsWith("ERROR")));
    assertTrue(log.lines().stream().noneMatch(line -> line.startsWith("WARN")));
  }

  private Socket connect() throws IOException {
    int port = victim.listenAddresses().get(0).tcpPort().orElseThrow();
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(30_000);
    return socket;
  }

  /** Reads until the victim closes, orderly or not. */
  private static void awaitEnd(Socket socket) throws IOException {
    try {
      while (socket.getInputStream().read() >= 0) {
        // What the victim said before it closed.
      }
    } catch (SocketException e) {
      // Reset, for there were bytes that it did not read.
    }
  }

  private static void agreeOnNoise(Socket socket) throws IOException {
    byte[] words = concat(message("/multistream/1.0.0"), message("/noise"));
    socket.getOutputStream().write(words);
    assertArrayEquals(words, socket.getInputStream().readNBytes(words.length));
  }

  /** A multistream message. */
  private static byte[] message(String text) {
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (bytes.length >= 0x80) {
      out.write(bytes.length & 0x7f | 0x80);
      out.write(bytes.length >> 7);
    } else {
      out.write(bytes.length);
    }
    out.writeBytes(bytes);
    return out.toByteArray();
  }

  /** The header of a yamux frame. */
  private static byte[] frame(int type, int flags, int stream, int length, int version) {
    return ByteBuffer.allocate(12)
        .put((byte) version)
        .put((byte) type)
        .putShort((short) flags)
        .putInt(stream)
        .putInt(length)
        .array();
  }

  private static byte[] concat(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  private static HostConfig config() {
    return HostConfigBuilder.with(
        c -> {
          TcpConfig t = c.tcp;
          c.upgradeTimeout = UPGRADE_TIMEOUT;
          c.tcp =
              new TcpConfig(
                  t.backlog(),
                  t.maxInbound(),
                  t.maxInboundPerIp(),
                  MAX_HALF_OPEN_PER_IP,
                  MAX_HALF_OPEN_PER_IP,
                  t.writeLowWater(),
                  t.writeHighWater(),
                  t.maxRead());
          c.streams = new StreamConfig(NEGOTIATION_TIMEOUT, MAX_NEGOTIATING, 20, 1000, 4 << 20);
        });
  }

  /** An exchange of words over an echo stream. */
  private static final class Conversation implements StreamListener {
    private final Stream stream;
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
    private String expected = "";
    private CompletableFuture<Void> answered = new CompletableFuture<>();

    Conversation(Stream stream) {
      this.stream = stream;
    }

    /** Says something and waits for the echo. */
    void say(String words) {
      CompletableFuture<Void> answer;
      synchronized (this) {
        expected += words;
        answer = new CompletableFuture<>();
        answered = answer;
      }
      stream.send(ByteBuffer.wrap(words.getBytes(StandardCharsets.UTF_8)));
      await(answer);
    }

    @Override
    public synchronized void onData(ByteBuffer data) {
      byte[] copy = new byte[data.remaining()];
      data.get(copy);
      heard.writeBytes(copy);
      if (heard.toString(StandardCharsets.UTF_8).equals(expected)) {
        answered.complete(null);
      }
    }

    @Override
    public synchronized void onRemoteClose() {
      onReset(new AssertionError("the victim closed the friendly stream"));
    }

    @Override
    public synchronized void onReset(Throwable cause) {
      answered.completeExceptionally(cause);
    }
  }
}

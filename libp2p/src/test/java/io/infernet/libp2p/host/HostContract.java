package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.testing.Echo;
import io.infernet.libp2p.testing.Received;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** What every {@link Host} does, on sockets, on embedded channels and on the virtual network. */
public abstract class HostContract {

  protected static final ProtocolId UNKNOWN = ProtocolId.of("/unknown/1");

  /** A started host that listens; the test closes it. */
  protected abstract Host host(int identity);

  /** Lets everything go on until {@code until} is done. */
  protected abstract void advance(CompletableFuture<?> until);

  @Test
  public void echoesOverAStreamBetweenTwoHosts() {
    Host alice = host(1);
    Host bob = host(2);
    bob.handle(Echo.PROTOCOL, new Echo());

    Connection connection = await(alice.connect(info(bob)));
    Stream stream = await(connection.newStream(List.of(Echo.PROTOCOL)));

    assertEquals(bob.peerId(), connection.remotePeer());
    assertEquals(bob.listenAddresses().get(0), connection.remoteAddress());
    assertTrue(connection.isInitiator());
    assertEquals(Echo.PROTOCOL, stream.protocol());
    assertEquals("hello", echo(stream, "hello"));
    await(stream.closed());
  }

  @Test
  public void agreesOnTheFirstProtocolThatTheRemoteSpeaks() {
    Host alice = host(1);
    Host bob = host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));

    Stream stream = await(alice.newStream(bob.peerId(), List.of(UNKNOWN, Echo.PROTOCOL)));
    assertEquals(Echo.PROTOCOL, stream.protocol());
    assertEquals("x", echo(stream, "x"));

    Throwable failure = awaitFailure(alice.newStream(bob.peerId(), List.of(UNKNOWN)));
    assertInstanceOf(PeerUnavailableException.class, failure);
    assertTrue(failure.getMessage().contains("speaks none of"), failure.getMessage());
  }

  @Test
  public void sharesOneConnectionAmongConcurrentRequests() {
    Host alice = host(1);
    Host bob = host(2);
    bob.handle(Echo.PROTOCOL, new Echo());

    List<CompletableFuture<Connection>> connections = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      connections.add(alice.connect(info(bob)));
    }

    for (CompletableFuture<Connection> connection : connections) {
      assertSame(await(connections.get(0)), await(connection));
    }
    assertEquals(1, alice.connections().size());
  }

  @Test
  public void refusesToDialItself() {
    Host alice = host(1);

    Throwable failure = awaitFailure(alice.connect(info(alice)));

    assertTrue(failure.getMessage().contains("this node itself"), failure.getMessage());
  }

  @Test
  public void tellsListenersOfConnectionsComingAndGoing() {
    Host alice = host(1);
    Host bob = host(2);
    CompletableFuture<Connection> came = new CompletableFuture<>();
    CompletableFuture<Connection> went = new CompletableFuture<>();
    bob.addConnectionListener(
        new ConnectionListener() {
          @Override
          public void onConnected(Connection connection) {
            came.complete(connection);
          }

          @Override
          public void onDisconnected(Connection connection) {
            went.complete(connection);
          }
        });

    await(alice.connect(info(bob)));
    assertEquals(alice.peerId(), await(came).remotePeer());
    await(alice.disconnect(bob.peerId()));

    assertSame(await(came), await(went));
    assertTrue(alice.connections().isEmpty());
    assertTrue(bob.connections().isEmpty());
  }

  @Test
  public void resetsOpenStreamsWhenTheRemoteHostCloses() {
    Host alice = host(1);
    Host bob = host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));
    Stream stream = await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL)));
    Received received = new Received();
    stream.listen(received);

    bob.close();

    assertInstanceOf(PeerUnavailableException.class, awaitFailure(received.end()));
    assertInstanceOf(PeerUnavailableException.class, awaitFailure(stream.send(text("x"))));
    await(stream.closed());
  }

  @Test
  public void aHandlerThatThrowsLosesItsStreamAndNothingElse() {
    Host alice = host(1);
    Host bob = host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    bob.handle(
        UNKNOWN,
        stream -> {
          throw new IllegalStateException("a bug in a handler");
        });
    Connection connection = await(alice.connect(info(bob)));

    Received received = new Received();
    CompletableFuture<byte[]> broken =
        connection
            .newStream(List.of(UNKNOWN))
            .thenCompose(
                stream -> {
                  stream.listen(received);
                  return received.end();
                });

    awaitFailure(broken);
    Stream fine = await(connection.newStream(List.of(Echo.PROTOCOL)));
    assertEquals("still here", echo(fine, "still here"));
  }

  @Test
  public void aWritersBufferIsItsOwnAgainOnceTheSendIsDone() {
    Host alice = host(1);
    Host bob = host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));
    Stream stream = await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL)));
    Received received = new Received();
    stream.listen(received);

    byte[] chunk = new byte[100_000];
    sendAgain(stream, chunk, 0);

    byte[] echoed = await(received.end());
    assertEquals(50 * chunk.length, echoed.length);
    for (int i = 0; i < echoed.length; i++) {
      assertEquals(i / chunk.length, echoed[i], "byte " + i);
    }
  }

  private static void sendAgain(Stream stream, byte[] chunk, int number) {
    Arrays.fill(chunk, (byte) number);
    stream
        .send(ByteBuffer.wrap(chunk))
        .thenRun(
            () -> {
              Arrays.fill(chunk, (byte) -1);
              if (number < 49) {
                sendAgain(stream, chunk, number + 1);
              } else {
                stream.closeWrite();
              }
            });
  }

  @Test
  public void aReaderThatPausesHoldsTheWriterBack() {
    Host alice = host(1);
    Host bob = host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    CompletableFuture<Stream> accepted = new CompletableFuture<>();
    Received received = new Received();
    bob.handle(
        UNKNOWN,
        stream -> {
          stream.pauseReading();
          stream.listen(received);
          accepted.complete(stream);
        });
    await(alice.connect(info(bob)));
    Stream stream = await(alice.newStream(bob.peerId(), List.of(UNKNOWN)));
    CompletableFuture<Void> sent = stream.send(ByteBuffer.allocate(1_000_000));
    stream.closeWrite();

    Stream other = await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL)));
    assertEquals("x", echo(other, "x"));
    assertFalse(sent.isDone(), "more than a window");
    assertEquals(0, received.soFar().length);

    await(accepted).resumeReading();
    await(sent);
    assertEquals(1_000_000, await(received.end()).length);
  }

  @Test
  public void keepsWhatArrivesUntilSomebodyListens() {
    Host alice = host(1);
    Host bob = host(2);
    CompletableFuture<Stream> accepted = new CompletableFuture<>();
    bob.handle(UNKNOWN, accepted::complete);
    await(alice.connect(info(bob)));
    Stream stream = await(alice.newStream(bob.peerId(), List.of(UNKNOWN)));
    await(stream.send(text("early")));
    await(stream.closeWrite());

    Received received = new Received();
    await(accepted).listen(received);

    assertEquals("early", new String(await(received.end()), StandardCharsets.UTF_8));
    assertThrows(IllegalStateException.class, () -> accepted.join().listen(new Received()));
  }

  @Test
  public void refusesToSendBehindTheEnd() {
    Host alice = host(1);
    Host bob = host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));
    Stream stream = await(alice.newStream(bob.peerId(), List.of(Echo.PROTOCOL)));

    stream.closeWrite();

    assertInstanceOf(IllegalStateException.class, awaitFailure(stream.send(text("late"))));
  }

  @Test
  public void failsToReachAPeerWithoutAddresses() {
    Host alice = host(1);

    Throwable failure =
        awaitFailure(alice.newStream(TestIdentities.peerId(9), List.of(Echo.PROTOCOL)));

    assertInstanceOf(PeerUnavailableException.class, failure);
  }

  protected final <T> T await(CompletableFuture<T> future) {
    advance(future);
    assertTrue(future.isDone(), "nothing goes on any more");
    try {
      return future.join();
    } catch (CompletionException e) {
      throw new AssertionError(e.getCause().getMessage(), e.getCause());
    }
  }

  protected final Throwable awaitFailure(CompletableFuture<?> future) {
    advance(future);
    assertTrue(future.isDone(), "nothing goes on any more");
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  protected static PeerInfo info(Host host) {
    return new PeerInfo(host.peerId(), host.listenAddresses());
  }

  protected final String echo(Stream stream, String text) {
    Received received = new Received();
    stream.listen(received);
    stream.send(text(text));
    stream.closeWrite();
    return new String(await(received.end()), StandardCharsets.UTF_8);
  }

  protected static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}

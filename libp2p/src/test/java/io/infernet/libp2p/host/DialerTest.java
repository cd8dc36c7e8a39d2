package io.infernet.libp2p.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.multiformats.MultiaddrProtocol;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class DialerTest {

  private static final PeerId PEER = TestIdentities.peerId(2);
  private static final Multiaddr A = Multiaddr.parse("/ip4/192.0.2.1/tcp/1");
  private static final Multiaddr B = Multiaddr.parse("/ip4/192.0.2.2/tcp/1");
  private static final Multiaddr C = Multiaddr.parse("/ip4/192.0.2.3/tcp/1");
  private static final Multiaddr NAME = Multiaddr.parse("/dns/example.org/tcp/1");
  private static final DialConfig CONFIG =
      new DialConfig(
          Duration.ofMillis(250),
          Duration.ofSeconds(10),
          4,
          3,
          5,
          Duration.ofSeconds(1),
          Duration.ofSeconds(4),
          100);

  private final VirtualTime time = new VirtualTime();
  private final FakeAttempts attempts = new FakeAttempts();
  private final Dialer dialer = new Dialer(CONFIG, attempts, time, time, time);

  @Test
  void sharesOneDialAmongConcurrentRequests() {
    CompletableFuture<ManagedConnection> one = dial(A);
    CompletableFuture<ManagedConnection> other = dial(A);

    FakeConnection connection = attempts.succeed(A);
    time.runDue();

    assertEquals(List.of(A), attempts.started);
    assertSame(connection, one.join());
    assertSame(connection, other.join());
  }

  @Test
  void givesEachAddressAHeadStartAndTriesTheNextBesideIt() {
    CompletableFuture<ManagedConnection> dial = dial(A, B, C);
    assertEquals(List.of(A), attempts.started);

    time.advance(Duration.ofMillis(249));
    assertEquals(List.of(A), attempts.started);
    time.advance(Duration.ofMillis(1));
    assertEquals(List.of(A, B), attempts.started);
    time.advance(Duration.ofMillis(250));
    assertEquals(List.of(A, B, C), attempts.started);

    FakeConnection connection = attempts.succeed(B);
    time.runDue();
    assertSame(connection, dial.join());
    assertTrue(attempts.future(A).isCancelled(), "the others are given up");
    assertTrue(attempts.future(C).isCancelled());
  }

  @Test
  void triesTheNextAddressAtOnceWhenNothingIsUnderWay() {
    dial(A, B);

    attempts.fail(A, "refused");
    time.runDue();

    assertEquals(List.of(A, B), attempts.started);
  }

  @Test
  void givesAnAddressUpWhenItDoesNotAnswerInTime() {
    CompletableFuture<ManagedConnection> dial = dial(A);

    time.advance(CONFIG.addressTimeout());

    assertTrue(attempts.future(A).isCompletedExceptionally());
    assertTrue(failure(dial).getMessage().contains("no answer in PT10S"), failure(dial).toString());
  }

  @Test
  void saysWhyEachAddressFailed() {
    CompletableFuture<ManagedConnection> dial = dial(A, B);

    attempts.fail(A, "refused");
    time.runDue();
    attempts.fail(B, "wrong peer");
    time.runDue();

    String message = failure(dial).getMessage();
    assertTrue(message.contains(A + ": refused"), message);
    assertTrue(message.contains(B + ": wrong peer"), message);
  }

  @Test
  void closesAConnectionThatWasReadyTooLate() {
    CompletableFuture<ManagedConnection> dial = dial(A, B);
    time.advance(CONFIG.headStart());

    FakeConnection won = attempts.succeed(B);
    FakeConnection late = attempts.succeed(A);
    time.runDue();

    assertSame(won, dial.join());
    assertTrue(late.isClosed());
    assertFalse(won.isClosed());
  }

  @Test
  void putsTheAddressesOfANameInItsPlace() {
    dial(NAME, C);

    attempts.resolved(NAME, List.of(A, B));
    time.runDue();
    assertEquals(List.of(NAME, A), attempts.started);

    attempts.fail(A, "refused");
    time.runDue();
    attempts.fail(B, "refused");
    time.runDue();
    assertEquals(List.of(NAME, A, B, C), attempts.started);
  }

  @Test
  void triesNoMoreAddressesOfAPeerThanAllowed() {
    List<Multiaddr> many = new ArrayList<>();
    for (int i = 1; i <= 10; i++) {
      many.add(Multiaddr.parse("/ip4/192.0.2." + i + "/tcp/9"));
    }
    dialer.dial(PEER, many);
    time.advance(Duration.ofSeconds(60));

    assertEquals(CONFIG.maxAddresses(), attempts.started.size());
  }

  @Test
  void letsAFailedAddressRestLongerEachTimeAndForgetsItAfterSuccess() {
    for (int seconds : new int[] {1, 2, 4, 4}) {
      CompletableFuture<ManagedConnection> dial = dial(A);
      attempts.fail(A, "refused");
      time.runDue();
      assertTrue(dial.isCompletedExceptionally());

      CompletableFuture<ManagedConnection> early = dial(A);
      assertTrue(early.isCompletedExceptionally(), "rests");
      time.advance(Duration.ofSeconds(seconds).minusNanos(1));
      assertTrue(dial(A).isCompletedExceptionally(), "rests for " + seconds + " s");
      time.advance(Duration.ofNanos(1));
    }
    dial(A);
    attempts.succeed(A);
    time.runDue();

    dial(A);
    attempts.fail(A, "refused");
    time.advance(CONFIG.backoffMin());
    assertFalse(dial(A).isDone(), "the rest begins anew");
  }

  @Test
  void countsAFailureAsTheFirstAgainWhenTheLastIsLongAgo() {
    for (int i = 0; i < 2; i++) {
      dial(A);
      attempts.fail(A, "refused");
      time.runDue();
      time.advance(CONFIG.backoffMin().multipliedBy(2));
    }
    time.advance(CONFIG.backoffMax());

    dial(A);
    attempts.fail(A, "refused");
    time.runDue();
    time.advance(CONFIG.backoffMin());

    assertFalse(dial(A).isDone());
  }

  @Test
  void triesAnAddressAgainOnceThePeerShowedUp() {
    dial(A);
    attempts.fail(A, "refused");
    time.runDue();

    dialer.onConnected(PEER);
    time.runDue();

    assertFalse(dial(A).isDone());
  }

  @Test
  void runsNoMoreAttemptsAtOnceThanAllowedAndServesTheOthersInTurn() {
    List<PeerId> peers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      peers.add(TestIdentities.peerId(20 + i));
      dialer.dial(peers.get(i), List.of(address(i)));
    }
    time.runDue();
    assertEquals(List.of(address(0), address(1), address(2)), attempts.started);

    attempts.fail(address(1), "refused");
    time.runDue();
    assertEquals(address(3), attempts.started.get(3));
    attempts.succeed(address(0));
    time.runDue();
    assertEquals(address(4), attempts.started.get(4));

    dialer.dial(TestIdentities.peerId(30), List.of(A));
    dialer.dial(TestIdentities.peerId(31), List.of(B));
    CompletableFuture<ManagedConnection> tooMany =
        dialer.dial(TestIdentities.peerId(32), List.of(C));
    time.runDue();
    assertTrue(failure(tooMany).getMessage().contains("too many dials"));
  }

  @Test
  void failsAtOnceWithoutAddresses() {
    assertInstanceOf(PeerUnavailableException.class, failure(dial()));
  }

  @Test
  void failsWhatIsUnderWayWhenClosed() {
    CompletableFuture<ManagedConnection> dial = dial(A);

    dialer.close();
    time.runDue();

    assertTrue(failure(dial).getMessage().contains("closed"));
    assertTrue(attempts.future(A).isCancelled());
    assertTrue(dial(A).isCompletedExceptionally());
  }

  private static Multiaddr address(int i) {
    return Multiaddr.parse("/ip4/198.51.100." + i + "/tcp/1");
  }

  private CompletableFuture<ManagedConnection> dial(Multiaddr... addresses) {
    CompletableFuture<ManagedConnection> dial = dialer.dial(PEER, List.of(addresses));
    time.runDue();
    return dial;
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertTrue(future.isDone());
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  private static final class FakeAttempts implements Dialer.Attempts {
    final List<Multiaddr> started = new ArrayList<>();
    private final Map<Multiaddr, CompletableFuture<ManagedConnection>> attempts =
        new LinkedHashMap<>();
    private final Map<Multiaddr, CompletableFuture<List<Multiaddr>>> resolutions =
        new LinkedHashMap<>();

    CompletableFuture<ManagedConnection> future(Multiaddr address) {
      CompletableFuture<ManagedConnection> attempt = attempts.get(address);
      if (attempt == null) {
        throw new AssertionError(address + " was not tried");
      }
      return attempt;
    }

    FakeConnection succeed(Multiaddr address) {
      FakeConnection connection = new FakeConnection(PEER, true, 0);
      future(address).complete(connection);
      return connection;
    }

    void fail(Multiaddr address, String reason) {
      future(address).completeExceptionally(new PeerUnavailableException(reason));
    }

    void resolved(Multiaddr name, List<Multiaddr> addresses) {
      CompletableFuture<List<Multiaddr>> resolution = resolutions.get(name);
      if (resolution == null) {
        throw new AssertionError(name + " was not resolved");
      }
      resolution.complete(addresses);
    }

    @Override
    public boolean isName(Multiaddr address) {
      return address.has(MultiaddrProtocol.DNS);
    }

    @Override
    public CompletableFuture<List<Multiaddr>> resolve(PeerId peer, Multiaddr name) {
      started.add(name);
      CompletableFuture<List<Multiaddr>> resolution = new CompletableFuture<>();
      resolutions.put(name, resolution);
      return resolution;
    }

    @Override
    public CompletableFuture<ManagedConnection> connect(PeerId peer, Multiaddr address) {
      started.add(address);
      CompletableFuture<ManagedConnection> attempt = new CompletableFuture<>();
      attempts.put(address, attempt);
      return attempt;
    }
  }
}

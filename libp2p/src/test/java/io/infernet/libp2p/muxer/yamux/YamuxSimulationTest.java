package io.infernet.libp2p.muxer.yamux;

import static java.time.temporal.ChronoUnit.MICROS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.muxer.ByteBudget;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.VirtualPipes;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.libp2p.testing.Property;
import io.netty.buffer.ByteBuf;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * Two sessions with random settings, over pipes that cut and delay the bytes as they like, between
 * users who write in pieces, stop reading, leave bytes unread and lose patience.
 */
class YamuxSimulationTest {

  private static final int CASES = 150;
  private static final int MAX_STREAMS = 24;
  private static final int STEPS_FOR_ALL = 5_000_000;

  @Test
  void deliversEveryByteInOrderUnderAnySchedule() {
    Property.forAll(CASES, random -> new Simulation(random).run());
  }

  @Test
  void repeatsItselfExactly() {
    for (long seed = 0; seed < 5; seed++) {
      long first = new Simulation(new SplittableRandom(seed)).run();
      long second = new Simulation(new SplittableRandom(seed)).run();
      assertEquals(first, second, "seed " + seed);
    }
  }

  private static final class Simulation {
    private final RandomGenerator random;
    private final VirtualTime time = new VirtualTime();
    private final VirtualPipes pipes;
    private final YamuxSession left;
    private final YamuxSession right;
    private final int mostBytesPerStream;

    /**
     * Open requests in order, by the side that made them: their n-th stream is the n-th accepted.
     */
    private final List<Transfer> fromLeft = new ArrayList<>();

    private final List<Transfer> fromRight = new ArrayList<>();
    private int acceptedFromLeft;
    private int acceptedFromRight;
    private long trace;

    Simulation(RandomGenerator random) {
      this.random = random;
      int largestFragment = 1 << random.nextInt(18);
      mostBytesPerStream = (int) Math.min(800_000L, 400L * largestFragment);
      pipes =
          new VirtualPipes(
              time,
              Duration.of(random.nextInt(20_000), MICROS),
              1 << (10 + random.nextInt(10)),
              available -> 1 + random.nextInt(Math.min(available, largestFragment)));
      left = session(true);
      right = session(false);
      pipes.left().attach(left);
      pipes.right().attach(right);
    }

    private YamuxSession session(boolean initiator) {
      YamuxConfig config =
          YamuxConfigBuilder.with(
              c -> {
                c.maxFramePayload = 1 + random.nextInt(Math.max(100, mostBytesPerStream));
                c.maxUnackedStreams = 1 + random.nextInt(MAX_STREAMS);
                c.maxOutboundStreams = 1 + random.nextInt(MAX_STREAMS);
                c.maxWindowGrowth = random.nextInt(1 << 20);
              });
      return new YamuxSession(
          config,
          new ByteBudget(Long.MAX_VALUE),
          initiator,
          initiator ? pipes.left() : pipes.right(),
          time,
          time,
          stream -> {
            Transfer transfer =
                initiator ? fromRight.get(acceptedFromRight++) : fromLeft.get(acceptedFromLeft++);
            time.schedule(delay(), () -> transfer.remote.use(stream));
            transfer.remote.stream = stream;
          });
    }

    /**
     * @return a hash of everything that was delivered and when
     */
    long run() {
      left.start();
      right.start();
      int count = 1 + random.nextInt(MAX_STREAMS);
      for (int i = 0; i < count; i++) {
        boolean leftOpens = random.nextBoolean();
        Transfer transfer = new Transfer();
        time.schedule(delay(), () -> open(leftOpens, transfer));
      }
      int steps = 0;
      while (!allDone(count)) {
        assertTrue(time.runNext() && ++steps < STEPS_FOR_ALL, this::state);
        assertFalse(left.closed().isDone() || right.closed().isDone(), this::state);
      }
      fromLeft.forEach(Transfer::check);
      fromRight.forEach(Transfer::check);
      left.close(new PeerUnavailableException("done"));
      time.runUntilIdle();
      assertEquals(0, left.streamCount());
      assertEquals(0, right.streamCount());
      assertTrue(right.closed().isDone());
      pipes.assertNothingHeld();
      return trace;
    }

    private void open(boolean leftOpens, Transfer transfer) {
      (leftOpens ? left : right)
          .openStream()
          .thenAccept(
              stream -> {
                (leftOpens ? fromLeft : fromRight).add(transfer);
                transfer.local.use(stream);
              });
    }

    private boolean allDone(int count) {
      return fromLeft.size() + fromRight.size() == count
          && acceptedFromLeft + acceptedFromRight == count
          && fromLeft.stream().allMatch(Transfer::isDone)
          && fromRight.stream().allMatch(Transfer::isDone);
    }

    private String state() {
      return "left ended: %s, right ended: %s, streams %d and %d"
          .formatted(
              left.closed().getNow(null),
              right.closed().getNow(null),
              left.streamCount(),
              right.streamCount());
    }

    private Duration delay() {
      return Duration.of(random.nextInt(50_000), MICROS);
    }

    private final class Transfer {
      private final boolean impatient = random.nextInt(8) == 0;
      private final User local = new User(this);
      private final User remote = new User(this);

      boolean isDone() {
        return local.isDone() && remote.isDone();
      }

      void check() {
        if (!impatient) {
          assertArrayEquals(local.sentHash(), remote.receivedHash());
          assertArrayEquals(remote.sentHash(), local.receivedHash());
          assertEquals(0, local.failedWrites + remote.failedWrites);
          assertTrue(local.remoteClosed && remote.remoteClosed);
        }
        assertEquals(0, local.writesUnderWay);
        assertEquals(0, remote.writesUnderWay);
      }
    }

    /** Sends random bytes and reads what comes, at one end of a stream. */
    private final class User implements MuxedStream.Listener {
      private final Transfer transfer;
      private final MessageDigest sent = sha256();
      private final MessageDigest received = sha256();
      private int remaining = random.nextInt(mostBytesPerStream);
      private final boolean waitsForWrites = random.nextBoolean();
      private final int pausesOneIn = 1 + random.nextInt(40);
      private MuxedStream stream;
      private int writesUnderWay;
      private int failedWrites;
      private boolean remoteClosed;

      User(Transfer transfer) {
        this.transfer = transfer;
      }

      void use(MuxedStream newStream) {
        stream = newStream;
        stream.listen(this);
        writeNext();
        if (transfer.impatient) {
          time.schedule(delay(), stream::reset);
        }
      }

      boolean isDone() {
        return stream != null && stream.closed().isDone() && (remoteClosed || transfer.impatient);
      }

      private void writeNext() {
        if (remaining == 0) {
          stream.closeWrite();
          return;
        }
        byte[] data = new byte[Math.min(remaining, 1 + random.nextInt(100_000))];
        random.nextBytes(data);
        remaining -= data.length;
        sent.update(data);
        writesUnderWay++;
        CompletableFuture<Void> written =
            stream.write(pipes.alloc().buffer(data.length).writeBytes(data));
        written.whenComplete(
            (value, error) -> {
              writesUnderWay--;
              if (error != null) {
                failedWrites++;
              }
              if (waitsForWrites && error == null) {
                writeNext();
              }
            });
        if (!waitsForWrites) {
          time.schedule(delay(), this::writeNext);
        }
      }

      @Override
      public void onData(ByteBuf data) {
        assertFalse(remoteClosed, "data after the end");
        boolean pauses = random.nextInt(pausesOneIn) == 0;
        int length = data.readableBytes();
        if (pauses && random.nextBoolean()) {
          length = random.nextInt(length);
        }
        byte[] copy = new byte[length];
        data.readBytes(copy);
        received.update(copy);
        trace = trace * 31 + time.nanoTime() + length;
        if (pauses) {
          if (!data.isReadable()) {
            stream.pauseReading();
          }
          time.schedule(delay(), stream::resumeReading);
        }
      }

      @Override
      public void onRemoteClose() {
        assertFalse(remoteClosed, "closed twice");
        remoteClosed = true;
      }

      @Override
      public void onReset(Throwable cause) {
        assertTrue(transfer.impatient, () -> "reset: " + cause);
      }

      byte[] sentHash() {
        return sent.digest();
      }

      byte[] receivedHash() {
        return received.digest();
      }
    }

    private static MessageDigest sha256() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}

package io.infernet.libp2p.muxer.yamux;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The pings of one session, both ways: measures the round trip, notices a remote that is gone, and
 * bounds what a remote can ask for. Runs on the session's event loop.
 *
 * <p>One ping is under way at a time. A remote that sends anything after the ping is alive even if
 * its pong is late, for the pong may queue behind data.
 */
final class PingPong {

  private static final long ONE_SECOND = Duration.ofSeconds(1).toNanos();

  /** Weight of a new sample in the smoothed round-trip time, as for TCP (RFC 6298, §2.3). */
  private static final int SMOOTHING = 8;

  private final YamuxConfig config;
  private final YamuxSession session;
  private final Scheduler scheduler;
  private final Ticker ticker;

  private int lastPing;
  private boolean pingUnderWay;
  private boolean heardSincePing;
  private long pingSentAt;
  private Scheduler.@Nullable Cancellable timer;

  private boolean stopped;
  private long secondBegan;
  private int pingsThisSecond;

  /** Nanoseconds, -1 before the first pong; other threads read it. */
  private volatile long roundTripTime = -1;

  PingPong(YamuxConfig config, YamuxSession session, Scheduler scheduler, Ticker ticker) {
    this.config = config;
    this.session = session;
    this.scheduler = scheduler;
    this.ticker = ticker;
  }

  /** Sends the first ping at once: windows can grow only when the round trip is known. */
  void start() {
    secondBegan = ticker.nanoTime();
    sendPing();
  }

  void stop() {
    stopped = true;
    if (timer != null) {
      timer.cancel();
    }
  }

  /** The remote sent some bytes. */
  void heard() {
    heardSincePing = true;
  }

  /** The remote pings; its value goes back as it came. */
  void onPing(int value) throws ProtocolViolationException {
    long now = ticker.nanoTime();
    if (now - secondBegan >= ONE_SECOND) {
      secondBegan = now;
      pingsThisSecond = 0;
    }
    if (++pingsThisSecond > config.maxPingsPerSecond()) {
      throw new ProtocolViolationException(
          "more than " + config.maxPingsPerSecond() + " yamux pings in a second");
    }
    session.writeControl(YamuxFrame.PING, YamuxFrame.ACK, 0, value);
  }

  void onPong(int value) throws ProtocolViolationException {
    if (!pingUnderWay || value != lastPing) {
      throw new ProtocolViolationException("yamux pong that nobody asked for");
    }
    pingUnderWay = false;
    long sample = ticker.nanoTime() - pingSentAt;
    roundTripTime =
        roundTripTime < 0 ? sample : roundTripTime + (sample - roundTripTime) / SMOOTHING;
    schedule(config.keepAliveInterval());
  }

  long roundTripTime() {
    return roundTripTime;
  }

  private void sendPing() {
    pingUnderWay = true;
    heardSincePing = false;
    pingSentAt = ticker.nanoTime();
    session.writeControl(YamuxFrame.PING, YamuxFrame.SYN, 0, ++lastPing);
    schedule(config.keepAliveTimeout());
  }

  private void onTimer() {
    if (stopped) {
      return;
    }
    if (!pingUnderWay) {
      sendPing();
    } else if (heardSincePing) {
      heardSincePing = false;
      schedule(config.keepAliveTimeout());
    } else {
      session.close(
          new PeerUnavailableException(
              "no sign of life for " + config.keepAliveTimeout().toSeconds() + " s after a ping"));
    }
  }

  private void schedule(Duration delay) {
    if (timer != null) {
      timer.cancel();
    }
    timer = scheduler.schedule(delay, () -> session.run(this::onTimer));
  }
}

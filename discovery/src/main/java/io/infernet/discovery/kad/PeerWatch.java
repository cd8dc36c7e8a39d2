package io.infernet.discovery.kad;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers which peers broke the protocol and which ones need not be asked again soon; a bounded
 * number of peers, those touched last. Runs on the service's executor.
 */
final class PeerWatch {

  private final int maxViolations;
  private final long ban;
  private final int maxPeers;
  private final Ticker ticker;
  private final Map<PeerId, Note> notes = new LinkedHashMap<>(16, 0.75f, true);
  private long violations;

  private static final class Note {
    int violations;
    long lastViolation;
    boolean rests;
    long restsUntil;
  }

  PeerWatch(int maxViolations, Duration ban, int maxPeers, Ticker ticker) {
    this.maxViolations = maxViolations;
    this.ban = ban.toNanos();
    this.maxPeers = maxPeers;
    this.ticker = ticker;
  }

  /**
   * Counts a violation.
   *
   * @return whether the peer is banned now
   */
  boolean violated(PeerId peer) {
    violations++;
    Note note = note(peer);
    long now = ticker.nanoTime();
    if (note.violations > 0 && now - note.lastViolation >= ban) {
      note.violations = 0;
    }
    note.violations++;
    note.lastViolation = now;
    return note.violations >= maxViolations;
  }

  boolean isBanned(PeerId peer) {
    Note note = notes.get(peer);
    return note != null
        && note.violations >= maxViolations
        && ticker.nanoTime() - note.lastViolation < ban;
  }

  /** Lets a peer be for a while. */
  void rest(PeerId peer, Duration duration) {
    Note note = note(peer);
    note.rests = true;
    note.restsUntil = ticker.nanoTime() + duration.toNanos();
  }

  boolean rests(PeerId peer) {
    Note note = notes.get(peer);
    return note != null && note.rests && ticker.nanoTime() - note.restsUntil < 0;
  }

  /** Violations counted in all. */
  long violations() {
    return violations;
  }

  private Note note(PeerId peer) {
    @Nullable Note note = notes.get(peer);
    if (note == null) {
      note = new Note();
      notes.put(peer, note);
      if (notes.size() > maxPeers) {
        notes.remove(notes.keySet().iterator().next());
      }
    }
    return note;
  }
}

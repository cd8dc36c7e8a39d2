package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;
import static java.util.Objects.requireNonNull;

import io.infernet.node.batch.schedule.BidDecision.NoBid;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What became of the offers that a provider heard lately, so that it can see why it has nothing to
 * do. Keeps a bounded number.
 */
public final class BidLog {

  private final Duration window;
  private final int maxEntries;
  private final Deque<Entry> entries = new ArrayDeque<>();

  /** {@code no} is null where the provider got work. */
  private record Entry(long at, @Nullable NoBid no) {}

  /**
   * Why a provider has no work.
   *
   * @param reason the most frequent one
   * @param offers how many offers came to nothing for that reason
   * @param why the latest of them, in words for a person
   */
  public record Idle(NoBidReason reason, int offers, String why) {
    public Idle {
      requireNonNull(reason, "reason is null");
      requireNonNull(why, "why is null");
    }
  }

  /**
   * @param window how far it looks back
   * @param maxEntries how many it keeps
   */
  public BidLog(Duration window, int maxEntries) {
    requirePositive(window, "window");
    requirePositive(maxEntries, "maxEntries");
    this.window = window;
    this.maxEntries = maxEntries;
  }

  /** An offer that came to nothing. */
  public void missed(NoBid no, long now) {
    add(new Entry(now, no));
  }

  /** A bid that was answered by work for others. */
  public void notChosen(long now) {
    missed(new NoBid(NoBidReason.NOT_CHOSEN, "others were cheaper, faster or better known"), now);
  }

  /** Work came. */
  public void assigned(long now) {
    add(new Entry(now, null));
  }

  private void add(Entry entry) {
    entries.addLast(entry);
    if (entries.size() > maxEntries) {
      entries.removeFirst();
    }
  }

  /** Why nothing was to do within the window; empty when something was. */
  public Optional<Idle> idle(long now) {
    while (!entries.isEmpty() && now - entries.getFirst().at() > window.toNanos()) {
      entries.removeFirst();
    }
    Map<NoBidReason, Integer> counts = new EnumMap<>(NoBidReason.class);
    Map<NoBidReason, String> latest = new EnumMap<>(NoBidReason.class);
    for (Entry entry : entries) {
      NoBid no = entry.no();
      if (no == null) {
        return Optional.empty();
      }
      counts.merge(no.reason(), 1, Integer::sum);
      latest.put(no.reason(), no.why());
    }
    Idle most =
        new Idle(
            NoBidReason.NO_DEMAND,
            0,
            "no batch was offered in the last " + window.toSeconds() + " s");
    for (Map.Entry<NoBidReason, Integer> count : counts.entrySet()) {
      if (count.getValue() > most.offers()) {
        most = new Idle(count.getKey(), count.getValue(), latest.getOrDefault(count.getKey(), ""));
      }
    }
    return Optional.of(most);
  }
}

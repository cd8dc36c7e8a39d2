package io.infernet.inference.batching;

import io.infernet.inference.batching.KvPool.Extent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The sequences in a decoder's cache: those that are being continued (active), and ended ones that
 * are kept while nobody needs their places, because a later prompt may begin like them. Confined to
 * the engine thread.
 *
 * <p>Implementation notes. Two sequences are compared token by token: the whole search is a few
 * hundred calls of {@link java.util.Arrays#mismatch} for a new answer, which is nothing beside one
 * step. Room is made in this order: kept sequences go, the one not used for longest first; then
 * what active sequences have reserved but do not need yet is taken back. Scattered room is brought
 * together by {@link KvPool}.
 */
final class PrefixCache {

  /**
   * Another sequence that begins like one.
   *
   * @param sequence the other
   * @param tokens how many tokens they have in common
   */
  record Source(Sequence sequence, int tokens) {}

  private final KvPool pool;
  private final KvPool.Mover mover;
  private final int maxKept;
  private final int leastShared;
  private final int unit;
  private final int slack;

  /** In the order in which they became active. */
  private final Set<Sequence> active = new LinkedHashSet<>();

  /** Not used for longest first. */
  private final Set<Sequence> kept = new LinkedHashSet<>();

  private long reused;

  /**
   * @param tokens places of the decoder's cache
   * @param mover copies inside it
   * @param maxKept ended sequences that are kept
   * @param leastShared tokens in common that are worth copying
   * @param unit only multiples of so many tokens are shared
   * @param slack places beyond its tokens that an active sequence keeps when room is short
   */
  PrefixCache(int tokens, KvPool.Mover mover, int maxKept, int leastShared, int unit, int slack) {
    this.pool = new KvPool(tokens, mover);
    this.mover = mover;
    this.maxKept = maxKept;
    this.leastShared = leastShared;
    this.unit = unit;
    this.slack = slack;
  }

  /** Places of the cache. */
  int tokens() {
    return pool.tokens();
  }

  /** Places that hold tokens of kept sequences. */
  int keptTokens() {
    int tokens = 0;
    for (Sequence sequence : kept) {
      tokens += sequence.computed();
    }
    return tokens;
  }

  /** Places that active sequences need for the tokens that they have. */
  int activeTokens() {
    int tokens = 0;
    for (Sequence sequence : active) {
      tokens += sequence.length();
    }
    return tokens;
  }

  /** Places that active sequences hold tokens in, or need at once. */
  int heldTokens() {
    int tokens = 0;
    for (Sequence sequence : active) {
      tokens += Math.min(sequence.length(), sequence.extent().capacity());
    }
    return tokens;
  }

  /** Tokens that did not have to be computed because they were here already. */
  long reused() {
    return reused;
  }

  /**
   * Makes a sequence active: finds places for it, and takes over what is computed of it already.
   *
   * @param limit how many of its tokens, from the first, may be taken from elsewhere
   * @param least places it needs, for all its tokens at least
   * @param wanted places it would like
   * @return false when there is no room; nothing has changed then, but for kept sequences that left
   */
  boolean activate(Sequence sequence, int limit, int least, int wanted) {
    if (sequence.placed()) {
      kept.remove(sequence);
      active.add(sequence);
      if (grow(sequence, least, wanted)) {
        reused += sequence.computed();
        return true;
      }
      active.remove(sequence);
      kept.add(sequence);
      return false;
    }
    Source source = longest(sequence, limit, kept);
    Sequence twin = source == null ? null : source.sequence;
    if (source != null && twin != null && source.tokens == twin.computed()) {
      return takeOver(sequence, source, least, wanted);
    }
    if (!dropFor(wanted, twin)) {
      dropFor(least, twin);
    }
    Optional<Extent> extent = pool.allocate(least, wanted);
    while (extent.isEmpty() && makeRoom(twin)) {
      extent = pool.allocate(least, wanted);
    }
    if (extent.isPresent()) {
      sequence.place(extent.get(), 0);
      active.add(sequence);
      return true;
    }
    return source != null && takeOver(sequence, source, least, wanted);
  }

  /** The kept sequence's place becomes the new one's. */
  private boolean takeOver(Sequence sequence, Source source, int least, int wanted) {
    Sequence twin = source.sequence;
    Extent extent = twin.extent();
    int computed = twin.computed();
    kept.remove(twin);
    twin.unplace();
    sequence.place(extent, source.tokens);
    active.add(sequence);
    if (grow(sequence, least, wanted)) {
      pool.shrink(extent, wanted);
      reused += source.tokens;
      return true;
    }
    active.remove(sequence);
    sequence.unplace();
    twin.place(extent, Math.min(computed, extent.capacity()));
    kept.add(twin);
    return false;
  }

  /**
   * Copies what another sequence has in common with an active one that nothing is computed of yet.
   *
   * @param limit how many of its tokens, from the first, may be taken from elsewhere
   * @return the active sequence worth waiting for, because it is computing tokens that this one
   *     needs too; null when there is none
   */
  @Nullable Source share(Sequence sequence, int limit) {
    List<Sequence> before = new ArrayList<>(kept);
    for (Sequence other : active) {
      if (other == sequence) {
        // Those who came later may be waiting for this one.
        break;
      }
      before.add(other);
    }
    Source source = longest(sequence, limit, before);
    if (source == null || source.tokens <= sequence.computed()) {
      return null;
    }
    Sequence other = source.sequence;
    if (other.computed() < source.tokens) {
      return source;
    }
    mover.move(other.extent().start(), sequence.extent().start(), source.tokens);
    sequence.place(sequence.extent(), source.tokens);
    reused += source.tokens;
    if (kept.remove(other)) {
      kept.add(other);
    }
    return null;
  }

  /** The sequence that has most in common with this one. */
  private @Nullable Source longest(Sequence sequence, int limit, Iterable<Sequence> others) {
    Sequence best = null;
    int most = 0;
    for (Sequence other : others) {
      int there = active.contains(other) ? other.length() : other.computed();
      int common = other.common(sequence, Math.min(limit, Math.min(there, other.shareable())));
      common -= common % unit;
      boolean sooner =
          best != null && common == most && best.computed() < most && other.computed() >= most;
      if (common >= leastShared && (common > most || sooner)) {
        best = other;
        most = common;
      }
    }
    return best == null ? null : new Source(best, most);
  }

  /**
   * Gives an active sequence more places.
   *
   * @param least places it needs in all
   * @param wanted places it would like in all
   * @return false when there is no room
   */
  boolean grow(Sequence sequence, int least, int wanted) {
    Extent extent = sequence.extent();
    if (least <= extent.capacity()) {
      return true;
    }
    int has = extent.capacity();
    if (dropFor(wanted - has, null) && pool.grow(extent, wanted, wanted)) {
      return true;
    }
    while (!pool.grow(extent, least, wanted)) {
      if (!makeRoom(null)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Lets kept sequences go until so many places are free, if that is possible at all; and a few
   * more if these places are scattered, because moving what is active costs more than it is worth.
   */
  private boolean dropFor(int places, @Nullable Sequence spared) {
    int free = pool.free();
    for (Sequence sequence : kept) {
      free += sequence == spared ? 0 : sequence.extent().capacity();
    }
    if (free < places) {
      return false;
    }
    int enough = Math.min(2 * places, pool.tokens() / 4);
    Iterator<Sequence> oldest = kept.iterator();
    while (oldest.hasNext()
        && (pool.free() < places || (pool.free() < enough && pool.largestHole() < places))) {
      Sequence sequence = oldest.next();
      if (sequence != spared) {
        oldest.remove();
        free(sequence);
      }
    }
    return true;
  }

  /** Frees some places; false when nothing can be freed. */
  private boolean makeRoom(@Nullable Sequence spared) {
    int before = pool.free();
    for (Sequence sequence : active) {
      pool.shrink(sequence.extent(), sequence.length() + slack);
    }
    if (pool.free() > before) {
      return true;
    }
    for (Sequence sequence : kept) {
      if (sequence != spared) {
        drop(sequence);
        return true;
      }
    }
    return false;
  }

  /** An active sequence has ended, or rests: it stays while nobody needs its places. */
  void keep(Sequence sequence) {
    active.remove(sequence);
    if (sequence.computed() < leastShared || maxKept == 0) {
      free(sequence);
      return;
    }
    for (Sequence other : List.copyOf(kept)) {
      int common = other.common(sequence, Math.min(other.computed(), sequence.computed()));
      if (common == sequence.computed() && other.shareable() >= sequence.shareable()) {
        // Nothing that the other does not have.
        kept.remove(other);
        kept.add(other);
        free(sequence);
        return;
      }
      if (common == other.computed() && sequence.shareable() >= other.shareable()) {
        drop(other);
      }
    }
    pool.shrink(sequence.extent(), sequence.computed());
    kept.add(sequence);
    if (kept.size() > maxKept) {
      drop(kept.iterator().next());
    }
  }

  /** Gives an active sequence's places back at once. */
  void release(Sequence sequence) {
    active.remove(sequence);
    free(sequence);
  }

  private void drop(Sequence sequence) {
    kept.remove(sequence);
    free(sequence);
  }

  private void free(Sequence sequence) {
    pool.free(sequence.extent());
    sequence.unplace();
  }

  /** Forgets all kept sequences. */
  void clear() {
    for (Sequence sequence : List.copyOf(kept)) {
      drop(sequence);
    }
  }

  /** Forgets everything, because the cache is not used any more: no sequence has a place then. */
  void abandon() {
    active.forEach(Sequence::unplace);
    kept.forEach(Sequence::unplace);
    active.clear();
    kept.clear();
  }

  /** Whether a sequence is being continued. */
  boolean active(Sequence sequence) {
    return active.contains(sequence);
  }

  /** All extents of the pool must belong to a sequence; for tests. */
  boolean consistent() {
    Set<Extent> owned = Collections.newSetFromMap(new IdentityHashMap<>());
    active.forEach(sequence -> owned.add(sequence.extent()));
    kept.forEach(sequence -> owned.add(sequence.extent()));
    return owned.size() == active.size() + kept.size()
        && owned.containsAll(pool.extents())
        && pool.extents().size() == owned.size();
  }
}

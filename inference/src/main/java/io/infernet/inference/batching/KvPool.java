package io.infernet.inference.batching;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Divides the places of a decoder's cache among sequences: each owns one extent of consecutive
 * places. Bookkeeping only; what it moves is copied by {@link Mover}. Confined to the engine
 * thread.
 *
 * <p>Implementation notes. Extents are kept in the order of their places; what lies between two is
 * a hole. Besides finding holes the pool has one means: {@link #open} widens the hole beside an
 * extent by sliding its neighbours apart, to the side where less has to be copied. So room never
 * fails to be found because it is scattered, and an extent that must grow either slides its
 * neighbours or moves to another hole, whichever copies less.
 */
final class KvPool {

  /** Copies keys and values, as {@link Decoder#copyCache} does. */
  interface Mover {
    void move(int from, int to, int tokens);
  }

  /** Consecutive places that belong to one sequence. Its start changes when the pool moves it. */
  static final class Extent {
    private int start;
    private int capacity;
    private int used;

    private Extent(int start, int capacity) {
      this.start = start;
      this.capacity = capacity;
    }

    /** Its first place. */
    int start() {
      return start;
    }

    /** How many places it has. */
    int capacity() {
      return capacity;
    }

    /** How many of them, from the first, hold something that must survive a move. */
    int used() {
      return used;
    }

    /** Says how many places, from the first, hold something. */
    void use(int places) {
      if (places < 0 || places > capacity) {
        throw new IllegalArgumentException("%d of %d places".formatted(places, capacity));
      }
      used = places;
    }

    private int end() {
      return start + capacity;
    }

    @Override
    public String toString() {
      return "%d+%d/%d".formatted(start, used, capacity);
    }
  }

  private final int tokens;
  private final Mover mover;

  /** In the order of their places. */
  private final List<Extent> extents = new ArrayList<>();

  private int free;

  /**
   * @param tokens places of the pool
   * @param mover copies what the pool moves
   */
  KvPool(int tokens, Mover mover) {
    if (tokens < 1) {
      throw new IllegalArgumentException("a pool of %d places".formatted(tokens));
    }
    this.tokens = tokens;
    this.mover = requireNonNull(mover, "mover is null");
    free = tokens;
  }

  /** Places in all. */
  int tokens() {
    return tokens;
  }

  /** Places that belong to no extent. */
  int free() {
    return free;
  }

  /** The extents, in the order of their places. */
  List<Extent> extents() {
    return List.copyOf(extents);
  }

  /** The longest row of free places. */
  int largestHole() {
    int largest = 0;
    for (int i = 0; i <= extents.size(); i++) {
      largest = Math.max(largest, hole(i));
    }
    return largest;
  }

  /**
   * Takes an extent.
   *
   * @param least places it needs
   * @param wanted places that it gets when there is a hole of that size; else it gets the largest
   * @return empty when fewer than {@code least} places are free
   */
  Optional<Extent> allocate(int least, int wanted) {
    check(least, wanted);
    if (least > free) {
      return Optional.empty();
    }
    int index = bestHole(wanted);
    if (hole(index) < least) {
      open(index, least);
    }
    Extent extent = new Extent(holeStart(index), Math.min(wanted, hole(index)));
    extents.add(index, extent);
    free -= extent.capacity;
    return Optional.of(extent);
  }

  /**
   * Gives an extent more places, in place or by moving it.
   *
   * @param least places it needs in all
   * @param wanted places it gets in all when there is a hole of that size
   * @return false when too few places are free; nothing has changed then
   */
  boolean grow(Extent extent, int least, int wanted) {
    check(least, wanted);
    if (least <= extent.capacity) {
      return true;
    }
    int missing = least - extent.capacity;
    if (missing > free) {
      return false;
    }
    int index = indexOf(extent);
    if (hole(index + 1) < missing) {
      int best = bestHole(wanted);
      if (hole(best) >= least && extent.used <= slideCost(index + 1, missing)) {
        moveTo(extent, index, best, wanted);
        return true;
      }
      open(index + 1, missing);
    }
    int more = Math.min(wanted - extent.capacity, hole(index + 1));
    extent.capacity += more;
    free -= more;
    return true;
  }

  private static void check(int least, int wanted) {
    if (least < 1 || wanted < least) {
      throw new IllegalArgumentException("%d to %d places".formatted(least, wanted));
    }
  }

  private void moveTo(Extent extent, int index, int hole, int wanted) {
    int start = holeStart(hole);
    int capacity = Math.min(wanted, hole(hole));
    if (extent.used > 0) {
      mover.move(extent.start, start, extent.used);
    }
    extents.remove(index);
    free += extent.capacity - capacity;
    extent.start = start;
    extent.capacity = capacity;
    extents.add(hole > index ? hole - 1 : hole, extent);
  }

  /** Takes places from the end of an extent, down to {@code capacity} or what it uses. */
  void shrink(Extent extent, int capacity) {
    indexOf(extent);
    int less = extent.capacity - Math.max(Math.max(capacity, extent.used), 1);
    if (less > 0) {
      extent.capacity -= less;
      free += less;
    }
  }

  /** Gives all places of an extent back. */
  void free(Extent extent) {
    extents.remove(indexOf(extent));
    free += extent.capacity;
  }

  private int indexOf(Extent extent) {
    int low = 0;
    int high = extents.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Extent other = extents.get(middle);
      if (other == extent) {
        return middle;
      }
      if (other.start < extent.start) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    throw new IllegalStateException("the extent " + extent + " is not of this pool");
  }

  /** Where the hole in front of extent {@code index} begins; the last hole is behind all. */
  private int holeStart(int index) {
    return index == 0 ? 0 : extents.get(index - 1).end();
  }

  private int hole(int index) {
    int end = index == extents.size() ? tokens : extents.get(index).start;
    return end - holeStart(index);
  }

  /** The smallest hole of at least {@code wanted} places, or the largest. */
  private int bestHole(int wanted) {
    int best = 0;
    for (int i = 1; i <= extents.size(); i++) {
      int size = hole(i);
      int known = hole(best);
      if (known < wanted ? size > known : size >= wanted && size < known) {
        best = i;
      }
    }
    return best;
  }

  /** Which neighbours slide so that the hole in front of {@code index} gets {@code need} places. */
  private record Slide(int first, int last, int cost) {}

  private Slide slide(int index, int need) {
    int first = index;
    int last = index - 1;
    int room = hole(index);
    int cost = 0;
    while (room < need) {
      int left = first > 0 ? extents.get(first - 1).used : Integer.MAX_VALUE;
      int right = last < extents.size() - 1 ? extents.get(last + 1).used : Integer.MAX_VALUE;
      if (left < right || (left == right && first > 0)) {
        first--;
        room += hole(first);
        cost += left;
      } else if (last < extents.size() - 1) {
        last++;
        room += hole(last + 1);
        cost += right;
      } else {
        throw new IllegalStateException("%d places wanted, %d free".formatted(need, free));
      }
    }
    return new Slide(first, last, cost);
  }

  private int slideCost(int index, int need) {
    return slide(index, need).cost;
  }

  /** Widens the hole in front of {@code index} to at least {@code need} places, all in order. */
  private void open(int index, int need) {
    Slide slide = slide(index, need);
    for (int i = slide.first; i < index; i++) {
      slideTo(extents.get(i), holeStart(i));
    }
    for (int i = slide.last; i >= index; i--) {
      int end = i == extents.size() - 1 ? tokens : extents.get(i + 1).start;
      slideTo(extents.get(i), end - extents.get(i).capacity);
    }
  }

  private void slideTo(Extent extent, int start) {
    if (start != extent.start) {
      if (extent.used > 0) {
        mover.move(extent.start, start, extent.used);
      }
      extent.start = start;
    }
  }
}

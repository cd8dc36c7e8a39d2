package io.infernet.discovery.kad.routing;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The peers that this node asks first: {@code k} for each length of prefix that they share with its
 * own key. Only peers that have answered a request should be told to it. Not safe from several
 * threads.
 *
 * <p>A full bucket keeps those it has, for a peer that was there long is likely to stay (Kademlia
 * §2.1): newer ones wait, and take the place of one that fails. The caller checks {@link #toCheck},
 * the least recently seen one, when somebody waits. At most {@link RoutingTableConfig#maxPerGroup}
 * peers of one {@link IpGroup} come in, so that one operator with many ids on a few addresses
 * cannot fill the table.
 */
public final class RoutingTable {

  private final PeerId self;
  private final KadKey selfKey;
  private final RoutingTableConfig config;
  private final KBucket[] buckets = new KBucket[KadKey.BITS];
  private final Map<IpGroup, Integer> groups = new HashMap<>();

  /** One more than the index of the last bucket that exists. */
  private int end;

  private int size;

  /** What became of a peer that answered. */
  public enum Outcome {
    /** New in the table. */
    ADDED,
    /** It was there already. */
    SEEN,
    /** Its bucket is full; it waits for a place. */
    WAITING,
    /** There are too many of its IP group, or it is this node. */
    REFUSED
  }

  public RoutingTable(PeerId self, RoutingTableConfig config) {
    this.self = self;
    this.selfKey = KadKey.of(self);
    this.config = config;
  }

  /** This node's own key. */
  public KadKey selfKey() {
    return selfKey;
  }

  public int size() {
    return size;
  }

  /**
   * Takes note that a peer answered.
   *
   * @param peer with addresses that worked or that it gave itself; without addresses those known
   *     before are kept
   * @param group of the address that it answered from
   */
  public Outcome seen(PeerInfo peer, Optional<IpGroup> group, long now) {
    return seen(peer, KadKey.of(peer.id()), group, now);
  }

  /**
   * As {@link #seen(PeerInfo, Optional, long)}, for callers that have the key at hand.
   *
   * @param key of the peer
   */
  public Outcome seen(PeerInfo peer, KadKey key, Optional<IpGroup> group, long now) {
    if (peer.id().equals(self)) {
      return Outcome.REFUSED;
    }
    KBucket bucket = bucketFor(key);
    RoutingEntry known = bucket.find(key);
    if (known != null) {
      known.seen = now;
      known.failures = 0;
      if (!peer.addresses().isEmpty()) {
        known.peer = peer;
      }
      bucket.touch(known);
      return Outcome.SEEN;
    }
    if (peer.addresses().isEmpty()) {
      return Outcome.REFUSED;
    }
    IpGroup of = group.orElse(null);
    if (!hasRoomForGroup(bucket, of)) {
      return Outcome.REFUSED;
    }
    RoutingEntry entry = new RoutingEntry(peer, key, of, now);
    if (bucket.entries.size() < config.bucketSize()) {
      add(bucket, entry);
      return Outcome.ADDED;
    }
    RoutingEntry failing = firstFailing(bucket);
    if (failing != null) {
      remove(bucket, failing);
      add(bucket, entry);
      return Outcome.ADDED;
    }
    bucket.replacements.remove(KBucket.find(bucket.replacements, key));
    bucket.replacements.add(entry);
    if (bucket.replacements.size() > config.maxReplacements()) {
      bucket.replacements.remove(0);
    }
    return Outcome.WAITING;
  }

  /** Takes note that a peer in the table asked something. */
  public void heard(RoutingEntry entry, long now) {
    KBucket bucket = buckets[index(entry.key())];
    if (bucket != null && bucket.entries.contains(entry)) {
      entry.seen = now;
      bucket.touch(entry);
    }
  }

  /**
   * Whether a peer that is not in the table would get a place now, so that it is worth asking
   * whether it answers.
   */
  public boolean wants(KadKey key, Optional<IpGroup> group) {
    KBucket bucket = buckets[index(key)];
    if (bucket == null) {
      return hasRoomForGroup(null, group.orElse(null));
    }
    boolean room = bucket.entries.size() < config.bucketSize() || firstFailing(bucket) != null;
    return room && hasRoomForGroup(bucket, group.orElse(null));
  }

  /**
   * Takes note that a peer did not answer. It loses its place to one that waits, or to nobody when
   * it failed {@link RoutingTableConfig#maxFailures} times.
   *
   * @return whether it was removed
   */
  public boolean failed(PeerId peer) {
    KadKey key = KadKey.of(peer);
    KBucket bucket = buckets[index(key)];
    if (bucket == null) {
      return false;
    }
    bucket.replacements.remove(KBucket.find(bucket.replacements, key));
    RoutingEntry entry = bucket.find(key);
    if (entry == null) {
      return false;
    }
    entry.failures++;
    for (int i = bucket.replacements.size() - 1; i >= 0; i--) {
      RoutingEntry next = bucket.replacements.get(i);
      boolean sameGroup = next.group != null && next.group.equals(entry.group);
      if (sameGroup || hasRoomForGroup(bucket, next.group)) {
        bucket.replacements.remove(i);
        remove(bucket, entry);
        add(bucket, next);
        return true;
      }
    }
    if (entry.failures >= config.maxFailures()) {
      remove(bucket, entry);
      return true;
    }
    return false;
  }

  /**
   * Takes note that a peer did not answer, perhaps for no fault of its own: it keeps its place
   * until it fails or somebody new comes, but is named to others only when there are too few.
   */
  public void suspect(PeerId peer) {
    get(peer).ifPresent(entry -> entry.failures = Math.max(1, entry.failures));
  }

  /** Removes a peer, for instance one that no longer speaks the protocol or misbehaved. */
  public void remove(PeerId peer) {
    KadKey key = KadKey.of(peer);
    KBucket bucket = buckets[index(key)];
    if (bucket == null) {
      return;
    }
    bucket.replacements.remove(KBucket.find(bucket.replacements, key));
    RoutingEntry entry = bucket.find(key);
    if (entry != null) {
      remove(bucket, entry);
      if (!bucket.replacements.isEmpty()) {
        RoutingEntry next = bucket.replacements.get(bucket.replacements.size() - 1);
        if (hasRoomForGroup(bucket, next.group)) {
          bucket.replacements.remove(next);
          add(bucket, next);
        }
      }
    }
  }

  /**
   * The least recently seen peer of the bucket of {@code key}, when somebody waits for its place
   * and it was not heard of for {@link RoutingTableConfig#checkAge}: whether it still answers
   * should be checked.
   */
  public Optional<RoutingEntry> toCheck(KadKey key, long now) {
    KBucket bucket = buckets[index(key)];
    if (bucket == null || bucket.replacements.isEmpty()) {
      return Optional.empty();
    }
    RoutingEntry oldest = bucket.entries.get(0);
    return now - oldest.seen >= config.checkAge().toNanos()
        ? Optional.of(oldest)
        : Optional.empty();
  }

  public Optional<RoutingEntry> get(PeerId peer) {
    return get(KadKey.of(peer));
  }

  /** The entry of the peer with this key. */
  public Optional<RoutingEntry> get(KadKey key) {
    KBucket bucket = buckets[index(key)];
    return bucket == null ? Optional.empty() : Optional.ofNullable(bucket.find(key));
  }

  /**
   * The closest peers to a key, nearest first. Those that failed when they were asked last are left
   * out, unless there are too few others.
   */
  public List<RoutingEntry> closest(KadKey target, int count) {
    // Peers in the target's own bucket are closer to it than all others, those in later buckets
    // (whose prefix with the target ends where ours does) come next, then the earlier buckets one
    // by one.
    List<RoutingEntry> found = new ArrayList<>(Math.min(count + config.bucketSize(), size));
    int at = Math.min(index(target), KadKey.BITS - 1);
    take(at, found);
    sort(target, found, 0);
    if (found.size() < count) {
      int from = found.size();
      for (int i = at + 1; i < end; i++) {
        take(i, found);
      }
      sort(target, found, from);
    }
    for (int i = Math.min(at, end) - 1; i >= 0 && found.size() < count; i--) {
      int from = found.size();
      take(i, found);
      sort(target, found, from);
    }
    if (found.size() < count && found.size() < size) {
      addFailing(target, found);
    }
    return found.size() <= count ? found : new ArrayList<>(found.subList(0, count));
  }

  private void take(int index, List<RoutingEntry> into) {
    KBucket bucket = buckets[index];
    if (bucket != null) {
      for (int i = 0; i < bucket.entries.size(); i++) {
        RoutingEntry entry = bucket.entries.get(i);
        if (entry.failures == 0) {
          into.add(entry);
        }
      }
    }
  }

  private static void sort(KadKey target, List<RoutingEntry> entries, int from) {
    if (entries.size() - from > 1) {
      entries
          .subList(from, entries.size())
          .sort((one, other) -> target.compareDistances(one.key(), other.key()));
    }
  }

  private void addFailing(KadKey target, List<RoutingEntry> found) {
    int from = found.size();
    for (int i = 0; i < end; i++) {
      if (buckets[i] != null) {
        buckets[i].entries.stream().filter(entry -> entry.failures > 0).forEach(found::add);
      }
    }
    sort(target, found, from);
  }

  /** All peers, those that share least with this node first. */
  public List<RoutingEntry> all() {
    List<RoutingEntry> all = new ArrayList<>(size);
    for (int i = 0; i < end; i++) {
      if (buckets[i] != null) {
        all.addAll(buckets[i].entries);
      }
    }
    return all;
  }

  /** How many peers each bucket has, by the length of the prefix they share with this node. */
  public int[] bucketSizes() {
    int last = end;
    while (last > 0 && (buckets[last - 1] == null || buckets[last - 1].entries.isEmpty())) {
      last--;
    }
    int[] sizes = new int[last];
    for (int i = 0; i < last; i++) {
      sizes[i] = buckets[i] == null ? 0 : buckets[i].entries.size();
    }
    return sizes;
  }

  /** Takes note that a look-up went to {@code target}. */
  public void lookedUp(KadKey target, long now) {
    if (target.equals(selfKey)) {
      return;
    }
    KBucket bucket = bucketFor(target);
    bucket.lookedUp = true;
    bucket.lookedUpAt = now;
  }

  /**
   * The buckets that no look-up went to for {@code age}, up to the one in which this node's own
   * neighbourhood begins: a look-up of its own key refreshes all behind it.
   *
   * @param full whether full ones are meant, or those with room
   * @return lengths of prefix, ascending
   */
  public List<Integer> staleBuckets(boolean full, long now, long age) {
    List<Integer> stale = new ArrayList<>();
    int neighbourhood = neighbourhood();
    for (int i = 0; i < neighbourhood; i++) {
      KBucket bucket = buckets[i];
      boolean isFull = bucket != null && bucket.entries.size() >= config.bucketSize();
      boolean isStale = bucket == null || !bucket.lookedUp || now - bucket.lookedUpAt >= age;
      if (isStale && isFull == full) {
        stale.add(i);
      }
    }
    return stale;
  }

  /** The prefix length beyond which fewer than a bucket's worth of peers are known. */
  public int neighbourhood() {
    int behind = 0;
    for (int i = end - 1; i >= 0; i--) {
      behind += buckets[i] == null ? 0 : buckets[i].entries.size();
      if (behind >= config.bucketSize()) {
        return i;
      }
    }
    return 0;
  }

  private int index(KadKey key) {
    return Math.min(selfKey.commonPrefixLength(key), KadKey.BITS - 1);
  }

  private KBucket bucketFor(KadKey key) {
    int index = index(key);
    KBucket bucket = buckets[index];
    if (bucket == null) {
      bucket = new KBucket();
      buckets[index] = bucket;
      end = Math.max(end, index + 1);
    }
    return bucket;
  }

  private boolean hasRoomForGroup(@Nullable KBucket bucket, @Nullable IpGroup group) {
    return group == null
        || (groups.getOrDefault(group, 0) < config.maxPerGroup()
            && (bucket == null || bucket.countOfGroup(group) < config.maxPerGroupInBucket()));
  }

  private static @Nullable RoutingEntry firstFailing(KBucket bucket) {
    for (int i = 0; i < bucket.entries.size(); i++) {
      RoutingEntry entry = bucket.entries.get(i);
      if (entry.failures > 0) {
        return entry;
      }
    }
    return null;
  }

  private void add(KBucket bucket, RoutingEntry entry) {
    bucket.entries.add(entry);
    size++;
    if (entry.group != null) {
      groups.merge(entry.group, 1, Integer::sum);
    }
  }

  private void remove(KBucket bucket, RoutingEntry entry) {
    bucket.entries.remove(entry);
    size--;
    if (entry.group != null) {
      groups.computeIfPresent(entry.group, (group, n) -> n > 1 ? n - 1 : null);
    }
  }
}

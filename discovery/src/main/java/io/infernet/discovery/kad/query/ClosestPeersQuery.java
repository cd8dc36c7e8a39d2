package io.infernet.discovery.kad.query;

import io.infernet.discovery.kad.routing.IpGroup;
import io.infernet.discovery.kad.routing.KadKey;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the closest peers to a key. The caller asks whom {@link #nextPeer} names, reports with
 * {@link #onResponse} and {@link #onFailure}, and calls {@link #expire} when {@link #nextDeadline}
 * has come. It performs no I/O and has no clock: times are the ticker's nanoseconds. Not safe from
 * several threads.
 *
 * <p>Implementation notes. All candidates are in one list, nearest first. Each has the set of paths
 * that know it. A path asks the first of its candidates that nobody has asked, and has ended when
 * its {@code k} closest ones that did not fail have answered, whichever path asked them; but whom a
 * peer names only the path hears that asked it (S/Kademlia §4.4). So one hostile answer leads one
 * path astray, and the others arrive.
 *
 * <p>Beyond the {@code k} closest a path also asks all within the radius, in which {@code k} honest
 * peers are to be expected: an operator that puts many ids next to a key does not thereby hide the
 * honest ones behind them (Sridhar et al., "Content Censorship in the InterPlanetary File System",
 * NDSS 2024).
 */
public final class ClosestPeersQuery {

  /** How often a peer is asked again at other addresses. */
  private static final int MAX_RETRIES = 2;

  /** Addresses kept of one peer. */
  private static final int MAX_ADDRESSES = 16;

  private enum State {
    NEW,
    WAITING,
    STALLED,
    ANSWERED,
    FAILED,
    /** Named only by a peer whose other candidates do not exist. */
    DISBELIEVED
  }

  private static final class Candidate {
    PeerInfo peer;
    final KadKey key;
    @Nullable IpGroup group;
    @Nullable Candidate namer;
    int round;

    /** Bit set of the paths that know it. */
    int paths;

    /** The path that asks it. */
    int path;

    long asked;

    /** How many of its addresses were known when it was asked last. */
    int tried;

    int retries;
    int named;
    int misnamed;
    State state = State.NEW;

    Candidate(PeerInfo peer, KadKey key, @Nullable IpGroup group, int round) {
      this.peer = peer;
      this.key = key;
      this.group = group;
      this.round = round;
    }

    boolean isInFlight() {
      return state == State.WAITING || state == State.STALLED;
    }
  }

  private final KadKey target;
  private final PeerId self;
  private final double radius;
  private final QueryConfig config;
  private final int paths;
  private final int perPath;
  private final int[] inFlight;
  private final Map<PeerId, Candidate> byId = new HashMap<>(128);
  private final List<Candidate> nearest = new ArrayList<>(64);
  private final List<Candidate> waiting = new ArrayList<>(16);
  private int nextPath;
  private int asked;
  private int answered;
  private int failed;
  private boolean stopped;

  /**
   * @param self this node, never asked
   * @param seeds whom to ask first
   * @param radius part of the key space around the target in which all are asked; 0 for only the
   *     closest
   */
  public ClosestPeersQuery(
      KadKey target, PeerId self, List<PeerInfo> seeds, double radius, QueryConfig config) {
    this.target = target;
    this.self = self;
    this.radius = radius;
    this.config = config;
    // A path needs more than one peer to begin with, or it hangs on that one's honesty.
    this.paths = Math.max(1, Math.min(config.paths(), seeds.size() / 2));
    this.perPath = (config.parallelism() + paths - 1) / paths;
    this.inFlight = new int[paths];
    int path = 0;
    for (PeerInfo seed : seeds) {
      if (add(seed, null, 1, path)) {
        path = (path + 1) % paths;
      }
    }
  }

  public KadKey target() {
    return target;
  }

  /** Whom to ask now; empty when answers must come first, or none are needed any more. */
  public Optional<PeerInfo> nextPeer(long now) {
    if (stopped || asked >= config.maxAsked()) {
      return Optional.empty();
    }
    for (int i = 0; i < paths; i++) {
      int path = (nextPath + i) % paths;
      if (inFlight[path] >= perPath) {
        continue;
      }
      Candidate next = next(path);
      if (next != null) {
        nextPath = (path + 1) % paths;
        next.state = State.WAITING;
        next.path = path;
        next.asked = now;
        next.tried = next.peer.addresses().size();
        inFlight[path]++;
        asked++;
        waiting.add(next);
        return Optional.of(next.peer);
      }
    }
    return Optional.empty();
  }

  /** The nearest candidate of a path that nobody has asked and that it needs. */
  private @Nullable Candidate next(int path) {
    Region region = new Region(path);
    for (int i = 0; i < nearest.size(); i++) {
      Candidate candidate = nearest.get(i);
      if (!region.takes(candidate)) {
        continue;
      }
      if (region.isFull()) {
        return null;
      }
      if (candidate.state == State.NEW) {
        return candidate;
      }
      region.add(candidate);
    }
    return null;
  }

  /** Goes through a path's candidates, nearest first, and knows when they are enough. */
  private final class Region {
    private final int path;
    private int size;
    private double last;
    private @Nullable Map<IpGroup, Integer> groups;

    /**
     * @param path or -1 for all
     */
    Region(int path) {
      this.path = path;
    }

    boolean takes(Candidate candidate) {
      if (path >= 0 && (candidate.paths & 1 << path) == 0) {
        return false;
      }
      if (candidate.state == State.FAILED || candidate.state == State.DISBELIEVED) {
        return false;
      }
      last = target.distance(candidate.key);
      return candidate.group == null
          || groups == null
          || groups.getOrDefault(candidate.group, 0) < config.maxPerGroup();
    }

    /** Whether the candidate that was taken last is not needed. */
    boolean isFull() {
      return size >= config.resultSize() && (last > radius || size >= config.maxRegion());
    }

    void add(Candidate candidate) {
      size++;
      if (candidate.group != null) {
        if (groups == null) {
          groups = new HashMap<>();
        }
        groups.merge(candidate.group, 1, Integer::sum);
      }
    }
  }

  /**
   * Takes in an answer; one of a peer that was not asked, or has answered or failed before, does
   * nothing.
   *
   * @param named the closer peers it named; those beyond {@link QueryConfig#maxNamed} are dropped
   * @param group of the address that the peer answered from
   */
  public void onResponse(PeerId peer, List<PeerInfo> named, Optional<IpGroup> group) {
    Candidate from = byId.get(peer);
    if (from == null || !from.isInFlight()) {
      return;
    }
    leave(from, State.ANSWERED);
    answered++;
    from.group = group.orElse(null);
    if (from.namer != null) {
      from.namer.named++;
    }
    int count = Math.min(named.size(), config.maxNamed());
    for (int i = 0; i < count; i++) {
      add(named.get(i), from, from.round + 1, from.path);
    }
  }

  /** Takes in that a peer that was asked failed. */
  public void onFailure(PeerId peer) {
    Candidate candidate = byId.get(peer);
    if (candidate != null && candidate.isInFlight()) {
      fail(candidate);
    }
  }

  private void fail(Candidate candidate) {
    leave(candidate, State.FAILED);
    failed++;
    if (mayRetry(candidate)) {
      retry(candidate);
    }
    Candidate namer = candidate.namer;
    if (namer == null) {
      return;
    }
    namer.misnamed++;
    if (isDisbelieved(namer)) {
      for (Candidate other : nearest) {
        if (other.namer == namer && other.state == State.NEW) {
          other.state = State.DISBELIEVED;
        }
      }
    }
  }

  /** Whether addresses have come up that were not tried: the first to name it may have lied. */
  private static boolean mayRetry(Candidate candidate) {
    return candidate.retries < MAX_RETRIES && candidate.peer.addresses().size() > candidate.tried;
  }

  private static void retry(Candidate candidate) {
    candidate.retries++;
    candidate.state = State.NEW;
  }

  private boolean isDisbelieved(Candidate namer) {
    return namer.misnamed >= config.maxMisnamed() && namer.misnamed > 2 * namer.named;
  }

  private void leave(Candidate candidate, State state) {
    if (candidate.state == State.WAITING) {
      inFlight[candidate.path]--;
    }
    waiting.remove(candidate);
    candidate.state = state;
  }

  /**
   * Lets those stall or fail whose time is over.
   *
   * @return those that failed by it
   */
  public List<PeerId> expire(long now) {
    List<PeerId> expired = List.of();
    for (int i = waiting.size() - 1; i >= 0; i--) {
      Candidate candidate = waiting.get(i);
      long age = now - candidate.asked;
      if (age >= config.timeout().toNanos()) {
        fail(candidate);
        expired = expired.isEmpty() ? new ArrayList<>() : expired;
        expired.add(candidate.peer.id());
      } else if (candidate.state == State.WAITING && age >= config.stallTimeout().toNanos()) {
        candidate.state = State.STALLED;
        inFlight[candidate.path]--;
      }
    }
    return expired;
  }

  /** When {@link #expire} has something to do next; empty when nobody is asked now. */
  public Optional<Long> nextDeadline() {
    Long next = null;
    for (int i = 0; i < waiting.size(); i++) {
      Candidate candidate = waiting.get(i);
      long allowed =
          candidate.state == State.WAITING
              ? config.stallTimeout().toNanos()
              : config.timeout().toNanos();
      long deadline = candidate.asked + allowed;
      if (next == null || deadline - next < 0) {
        next = deadline;
      }
    }
    return Optional.ofNullable(next);
  }

  /** Asks nobody more; what was found so far is the result. */
  public void stop() {
    stopped = true;
  }

  /** Whether the closest peers that did not fail have answered, or nobody more can be asked. */
  public boolean isFinished() {
    if (stopped) {
      return true;
    }
    boolean mayAsk = asked < config.maxAsked();
    for (int path = 0; path < paths; path++) {
      if (!isFinished(path, mayAsk)) {
        return false;
      }
    }
    return true;
  }

  private boolean isFinished(int path, boolean mayAsk) {
    Region region = new Region(path);
    for (int i = 0; i < nearest.size(); i++) {
      Candidate candidate = nearest.get(i);
      if (!region.takes(candidate)) {
        continue;
      }
      if (region.isFull()) {
        return true;
      }
      if (candidate.isInFlight() || (candidate.state == State.NEW && mayAsk)) {
        return false;
      }
      region.add(candidate);
    }
    return true;
  }

  /**
   * The closest peers that answered, nearest first: {@code k}, or all within the radius when those
   * are more, up to {@link QueryConfig#maxRegion}.
   */
  public List<PeerInfo> closest() {
    List<PeerInfo> peers = new ArrayList<>(config.resultSize());
    for (Candidate candidate : answered()) {
      peers.add(candidate.peer);
    }
    return peers;
  }

  /** The keys of {@link #closest}. */
  public List<KadKey> closestKeys() {
    List<KadKey> keys = new ArrayList<>(config.resultSize());
    for (Candidate candidate : answered()) {
      keys.add(candidate.key);
    }
    return keys;
  }

  private List<Candidate> answered() {
    List<Candidate> found = new ArrayList<>(config.resultSize());
    Region region = new Region(-1);
    for (Candidate candidate : nearest) {
      if (candidate.state == State.ANSWERED && region.takes(candidate)) {
        if (region.isFull()) {
          break;
        }
        region.add(candidate);
        found.add(candidate);
      }
    }
    return found;
  }

  /** What it cost so far. */
  public QueryStats stats() {
    int rounds = 0;
    List<Candidate> found = answered();
    for (int i = 0; i < Math.min(found.size(), config.resultSize()); i++) {
      rounds = Math.max(rounds, found.get(i).round);
    }
    int deepest = 0;
    for (Candidate candidate : nearest) {
      if (candidate.state == State.ANSWERED) {
        deepest = Math.max(deepest, candidate.round);
      }
    }
    return new QueryStats(rounds, deepest, asked, answered, failed);
  }

  /** Whether the peer was not known to the path before. */
  private boolean add(PeerInfo peer, @Nullable Candidate namer, int round, int path) {
    if (peer.id().equals(self)) {
      return false;
    }
    Candidate known = byId.get(peer.id());
    if (known != null) {
      boolean isNew = (known.paths & 1 << path) == 0;
      known.paths |= 1 << path;
      if (known.state == State.DISBELIEVED && namer != null && !isDisbelieved(namer)) {
        known.state = State.NEW;
        known.namer = namer;
        known.round = round;
      }
      if (known.state != State.ANSWERED) {
        addAddresses(known, peer.addresses());
      }
      return isNew;
    }
    if (namer != null && peer.addresses().isEmpty()) {
      return false;
    }
    KadKey key = KadKey.of(peer.id());
    Candidate candidate =
        new Candidate(peer, key, IpGroup.of(peer.addresses()).orElse(null), round);
    candidate.namer = namer;
    candidate.paths = 1 << path;
    byId.put(peer.id(), candidate);
    nearest.add(place(key), candidate);
    return true;
  }

  private static void addAddresses(Candidate known, List<Multiaddr> named) {
    List<Multiaddr> more = null;
    for (Multiaddr address : named) {
      List<Multiaddr> have = more == null ? known.peer.addresses() : more;
      if (!have.contains(address) && have.size() < MAX_ADDRESSES) {
        more = more == null ? new ArrayList<>(have) : more;
        more.add(address);
      }
    }
    if (more != null) {
      known.peer = new PeerInfo(known.peer.id(), more);
      if (known.state == State.FAILED && mayRetry(known)) {
        retry(known);
      }
    }
  }

  private int place(KadKey key) {
    int low = 0;
    int high = nearest.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (target.compareDistances(nearest.get(middle).key, key) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

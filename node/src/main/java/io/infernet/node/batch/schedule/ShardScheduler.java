package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;

import io.infernet.discovery.directory.PriceList;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the shards of one batch. Providers {@link #join}; {@link #assign} gives each idle one a
 * shard, cut for its speed, or a place on a shard that wants further replicas; {@link #completed},
 * {@link #failed}, {@link #expire} and {@link #leave} tell what became of it. Whether results agree
 * is the caller's to find out: it ends a shard by {@link #settled} or wants more by {@link
 * #escalate}. Decides only: what it says must be stored before it is done, and {@link #restore}
 * takes up what was stored.
 *
 * <p>Implementation notes: self-scheduling with shards that shrink towards the end (guided
 * self-scheduling, Polychronopoulos and Kuck 1987, with speeds taken into account): a shard takes
 * its provider {@link SchedulerConfig#target()} ({@link SchedulerConfig#shortest()} while nothing
 * but its claim is known), or {@code 1 / endParts} of the time in which all together would be done
 * when that is shorter. A place on a shard of another size is left to who would be done with it
 * sooner (earliest finish time). At the very end replicas that are late are doubled.
 */
public final class ShardScheduler {

  private static final double NANOS = 1e9;

  /** No work is expected to take longer than these nanoseconds, four months. */
  private static final double LONGEST = 1e16;

  /** How many of the latest replicas are looked at to find one to double. */
  private static final int STRAGGLERS = 64;

  private final SchedulerConfig config;
  private final int replicas;
  private final PriceList ceiling;
  private final Cid model;
  private final boolean sameHardware;
  private final ShardCutter cutter;
  private final Throughput throughput;
  private final RandomGenerator random;
  private final Map<PeerId, Worker> workers = new LinkedHashMap<>();
  private final Map<Integer, Shard> shards = new LinkedHashMap<>();
  private final Set<Shard> open = new LinkedHashSet<>();
  private int nextShard;

  private static final class Worker {
    final List<Replica> replicas = new ArrayList<>();
    final int maxSlots;
    Candidate candidate;
    double score;
    double speed;
    long readyAt;
    boolean silent;
    boolean proven;

    /** The one that was given up at its deadline, until it is done after all. */
    @Nullable Replica late;

    Worker(Candidate candidate, int maxSlots) {
      this.maxSlots = maxSlots;
      this.candidate = candidate;
    }

    PeerId peer() {
      return candidate.peer();
    }

    double nanosFor(long tokens) {
      return Math.min(LONGEST, tokens / speed * NANOS);
    }

    boolean isIdle(long now) {
      return hasFreeSlot() && !silent && readyAt <= now;
    }

    /** Until its speed was measured it has but one. */
    int slots() {
      return proven ? Math.min(maxSlots, candidate.capacity().slots()) : 1;
    }

    boolean hasFreeSlot() {
      return replicas.size() < slots();
    }

    Optional<Replica> on(int shard) {
      return replicas.stream().filter(replica -> replica.shard.number == shard).findFirst();
    }

    /** Nanoseconds until it is free. */
    double freeIn(long now) {
      return hasFreeSlot()
          ? Math.max(0, readyAt - now)
          : replicas.stream().mapToDouble(replica -> replica.left(now)).min().orElse(0);
    }
  }

  private static final class Shard {
    final int number;
    final ShardCutter.Cut cut;
    final List<Operator> finished = new ArrayList<>();
    final List<Operator> barred = new ArrayList<>();
    final List<Replica> running = new ArrayList<>();
    final Map<PeerId, Long> failedAt = new HashMap<>();
    int wanted;
    int attempts;

    /** Of all who compute it, where that matters; null until the first does. */
    @Nullable String hardwareClass;

    Shard(int number, ShardCutter.Cut cut, int wanted) {
      this.number = number;
      this.cut = cut;
      this.wanted = wanted;
    }

    int places() {
      return Math.max(0, wanted - finished.size() - running.size());
    }

    boolean isFull() {
      return finished.size() >= wanted;
    }
  }

  private record Replica(
      Shard shard, Worker worker, ShardAssignment assignment, long since, long end) {
    /** Nanoseconds until it is done; what is overdue takes as long again as it took so far. */
    double left(long now) {
      return now < end ? end - now : now - since;
    }
  }

  /**
   * @param replicas how many providers compute each shard
   * @param ceiling the most to pay for a shard
   * @param model the manifest's CID, by which {@code throughput} is asked
   * @param sameHardware whether all replicas of a shard must come of one class of hardware, because
   *     results are compared bit for bit
   * @param cutter the items
   */
  public ShardScheduler(
      SchedulerConfig config,
      int replicas,
      PriceList ceiling,
      Cid model,
      boolean sameHardware,
      ShardCutter cutter,
      Throughput throughput,
      RandomGenerator random) {
    requirePositive(replicas, "replicas");
    this.config = config;
    this.replicas = replicas;
    this.ceiling = ceiling;
    this.model = model;
    this.sameHardware = sameHardware;
    this.cutter = cutter;
    this.throughput = throughput;
    this.random = random;
  }

  /**
   * A provider is there to work, or is there again; what it has in hands it keeps.
   *
   * @param score how much it is preferred ({@link BidScorer})
   * @return false when there are as many as may be
   */
  public boolean join(Candidate candidate, double score, long now) {
    Worker worker = workers.get(candidate.peer());
    if (worker == null) {
      if (workers.size() >= config.maxWorkers()) {
        return false;
      }
      worker = new Worker(candidate, config.maxSlots());
      workers.put(candidate.peer(), worker);
    }
    worker.candidate = candidate;
    worker.score = score;
    worker.readyAt = candidate.startsAt();
    worker.silent = false;
    learn(worker, now);
    return true;
  }

  /** A provider is gone; its place is free for others. */
  public void leave(PeerId peer, long now) {
    Worker worker = workers.remove(peer);
    if (worker != null) {
      List.copyOf(worker.replicas).forEach(replica -> giveUp(replica, now));
    }
  }

  /**
   * Takes up a shard that was cut before a restart; who works on it is forgotten.
   *
   * @param hardwareClass of those who computed it, where that matters
   */
  public void restore(
      int shard,
      ShardCutter.Cut cut,
      int wanted,
      List<Operator> finished,
      int attempts,
      Optional<String> hardwareClass) {
    Shard restored = new Shard(shard, cut, wanted);
    restored.finished.addAll(finished);
    restored.attempts = attempts;
    restored.hardwareClass = sameHardware ? hardwareClass.orElse(null) : null;
    shards.put(shard, restored);
    nextShard = Math.max(nextShard, shard + 1);
    reviewPlaces(restored);
  }

  /** These operators must not get that shard, because they know its test items. */
  public void bar(int shard, Collection<Operator> operators) {
    Shard known = shards.get(shard);
    if (known != null) {
      known.barred.addAll(operators);
    }
  }

  /** Gives idle providers something to do, the preferred ones first. */
  public List<ShardAssignment> assign(long now) {
    List<Worker> idle = new ArrayList<>();
    double speed = 0;
    for (Worker worker : workers.values()) {
      if (!worker.silent) {
        speed += worker.speed * worker.slots();
      }
      if (worker.isIdle(now)) {
        idle.add(worker);
      }
    }
    if (idle.isEmpty()) {
      return List.of();
    }
    idle.sort(
        Comparator.comparingDouble((Worker worker) -> worker.score)
            .reversed()
            .thenComparing(Worker::peer));
    List<ShardAssignment> assigned = new ArrayList<>();
    Rivals rivals = new Rivals(now);
    double waiting = waitingTokens();
    for (int before = -1; before < assigned.size(); ) {
      before = assigned.size(); // another round while some have slots left and there is work
      for (Worker worker : idle) {
        if ((cutter.isEmpty() && open.isEmpty()) || !worker.isIdle(now)) {
          continue;
        }
        ShardAssignment work = work(worker, waiting / speed, rivals);
        if (work != null) {
          waiting -= work.cut().tokens();
          assigned.add(work);
        }
      }
    }
    if (!canCut()) {
      idle.removeIf(worker -> !worker.isIdle(now));
      assigned.addAll(doubleStragglers(idle, now));
    }
    return assigned;
  }

  private boolean canCut() {
    return !cutter.isEmpty() && shards.size() < config.maxUnsettled();
  }

  /** Tokens that nobody works on yet; infinite while the input's end is not in sight. */
  private double waitingTokens() {
    if (!cutter.hasEnded()) {
      return Double.POSITIVE_INFINITY;
    }
    double tokens = (double) cutter.waitingTokens() * replicas;
    for (Shard shard : open) {
      tokens += (double) shard.cut.tokens() * shard.places();
    }
    return tokens;
  }

  /** The other workers at a moment; looked at when first asked for. */
  private final class Rivals {
    private final long now;
    private final Map<String, Boolean> enough = new HashMap<>();
    private @Nullable List<Worker> bySpeed;

    Rivals(long now) {
      this.now = now;
    }

    /** Whether a shard that this one begins could have all its replicas. */
    boolean areEnough(Worker worker) {
      return !sameHardware
          || enough.computeIfAbsent(
              worker.candidate.capacity().hardwareClass(),
              hardware -> {
                List<Operator> distinct = new ArrayList<>();
                for (Worker one : workers.values()) {
                  Operator operator = one.candidate.operator();
                  if (!one.silent
                      && one.candidate.capacity().hardwareClass().equals(hardware)
                      && distinct.size() < replicas
                      && !operator.mayBeOneOf(distinct)) {
                    distinct.add(operator);
                  }
                }
                return distinct.size() == replicas;
              });
    }

    /** Whether another one would be done with it sooner, although it may be busy now. */
    boolean areSooner(Worker worker, @Nullable Shard shard, long tokens) {
      List<Worker> fastest = bySpeed;
      if (fastest == null) {
        fastest = new ArrayList<>(workers.values());
        fastest.sort(Comparator.comparingDouble((Worker one) -> one.speed).reversed());
        bySpeed = fastest;
      }
      double own = worker.nanosFor(tokens);
      for (Worker rival : fastest) {
        if (rival.speed <= worker.speed) {
          return false;
        }
        if (!rival.silent
            && rival.freeIn(now) + rival.nanosFor(tokens) < own
            && (shard == null ? suits(rival, tokens) : mayTake(rival, shard, now))) {
          return true;
        }
      }
      return false;
    }
  }

  private @Nullable ShardAssignment work(Worker worker, double secondsLeft, Rivals rivals) {
    long now = rivals.now;
    double shortest = config.shortest().toNanos() / NANOS;
    double most = worker.proven ? config.target().toNanos() / NANOS : shortest;
    double seconds = Math.max(shortest, Math.min(most, secondsLeft / config.endParts()));
    long wanted =
        Math.max(
            1, Math.min((long) (worker.speed * seconds), worker.candidate.capacity().maxTokens()));
    Shard drawn = null;
    int suitable = 0;
    Shard nearest = null;
    double distance = Double.POSITIVE_INFINITY;
    for (Shard shard : open) {
      double off = Math.abs(Math.log((double) shard.cut.tokens() / wanted));
      boolean suits = off <= Math.log(config.suitable());
      if ((!suits && off >= distance) || !mayTake(worker, shard, now)) {
        continue;
      }
      if (suits) {
        suitable++;
        if (random.nextInt(suitable) == 0) {
          drawn = shard;
        }
      } else {
        nearest = shard;
        distance = off;
      }
    }
    if (drawn != null && (suitable >= config.choice() || !canCut())) {
      return start(worker, drawn, false, now);
    }
    if (canCut() && rivals.areEnough(worker)) {
      ShardCutter.Cut cut = cutter.peek(wanted).orElseThrow();
      boolean fits = cut.tokens() <= wanted * config.suitable();
      if (suits(worker, cut.tokens()) && (fits || !rivals.areSooner(worker, null, cut.tokens()))) {
        cutter.take(cut);
        Shard shard = new Shard(nextShard++, cut, replicas);
        shards.put(shard.number, shard);
        return start(worker, shard, false, now);
      }
    }
    Shard left = drawn != null ? drawn : nearest;
    return left != null && !rivals.areSooner(worker, left, left.cut.tokens())
        ? start(worker, left, false, now)
        : null;
  }

  private boolean mayTake(Worker worker, Shard shard, long now) {
    Operator operator = worker.candidate.operator();
    if (!suits(worker, shard.cut.tokens())
        || (shard.hardwareClass != null
            && !shard.hardwareClass.equals(worker.candidate.capacity().hardwareClass()))
        || operator.mayBeOneOf(shard.finished)
        || operator.mayBeOneOf(shard.barred)) {
      return false;
    }
    for (Replica replica : shard.running) {
      if (operator.mayBe(replica.worker.candidate.operator())) {
        return false;
      }
    }
    Long failed = shard.failedAt.get(worker.peer());
    return failed == null || now - failed >= config.retryAfter().toNanos();
  }

  /** Whether it takes so many tokens, for a price that is paid. */
  private boolean suits(Worker worker, long tokens) {
    return tokens <= worker.candidate.capacity().maxTokens()
        && worker.candidate.prices().price(tokens) <= ceiling.price(tokens);
  }

  private ShardAssignment start(Worker worker, Shard shard, boolean doubled, long now) {
    double expected = worker.nanosFor(shard.cut.tokens());
    ShardAssignment assignment =
        new ShardAssignment(
            shard.number,
            shard.cut,
            shard.attempts++,
            worker.peer(),
            now + (long) (expected * config.slack()) + config.grace().toNanos(),
            shard.attempts == 1,
            doubled);
    Replica replica = new Replica(shard, worker, assignment, now, now + (long) expected);
    worker.replicas.add(replica);
    if (sameHardware) {
      shard.hardwareClass = worker.candidate.capacity().hardwareClass();
    }
    shard.running.add(replica);
    reviewPlaces(shard);
    return assignment;
  }

  private List<ShardAssignment> doubleStragglers(List<Worker> idle, long now) {
    List<Replica> latest = new ArrayList<>();
    if (!idle.isEmpty()) {
      for (Worker worker : workers.values()) {
        latest.addAll(worker.replicas);
      }
      latest.sort(Comparator.comparingDouble((Replica replica) -> replica.left(now)).reversed());
    }
    List<ShardAssignment> assigned = new ArrayList<>();
    idle.sort(Comparator.comparingDouble((Worker worker) -> worker.speed).reversed());
    for (Worker worker : idle) {
      for (Replica late : latest.subList(0, Math.min(STRAGGLERS, latest.size()))) {
        Shard shard = late.shard;
        boolean single = shard.running.size() + shard.finished.size() <= shard.wanted;
        if (single
            && shard.attempts < config.maxAttempts()
            && worker.nanosFor(shard.cut.tokens()) <= late.left(now) * config.doubleBelow()
            && mayTake(worker, shard, now)) {
          assigned.add(start(worker, shard, true, now));
          break;
        }
      }
    }
    return assigned;
  }

  /**
   * A replica is done: its provider committed to a result. A late one counts too while its place is
   * free or its substitute still works.
   */
  public Completion completed(int number, PeerId peer, long now) {
    Worker worker = workers.get(peer);
    Shard shard = shards.get(number);
    if (worker != null) {
      worker.silent = false;
      measure(worker, number, now);
    }
    if (worker == null || shard == null) {
      return new Completion(false, false, List.of());
    }
    Optional<Replica> inTime = worker.on(number);
    inTime.ifPresent(ShardScheduler::free);
    if (shard.isFull() || !(inTime.isPresent() || isNew(worker, shard))) {
      return new Completion(false, shard.isFull(), List.of());
    }
    shard.finished.add(worker.candidate.operator());
    List<PeerId> cancelled = shard.isFull() ? cancelRunning(shard) : List.of();
    reviewPlaces(shard);
    return new Completion(true, shard.isFull(), cancelled);
  }

  private void measure(Worker worker, int shard, long now) {
    Replica late = worker.late;
    boolean wasLate = late != null && late.shard.number == shard;
    Replica done = wasLate ? late : worker.on(shard).orElse(null);
    if (done != null) {
      Duration took = Duration.ofNanos(now - done.since);
      throughput.measured(worker.peer(), model, done.shard.cut.tokens(), took, now);
      learn(worker, now);
      if (wasLate) {
        worker.late = null;
      }
    }
  }

  private void learn(Worker worker, long now) {
    worker.speed =
        throughput.of(worker.peer(), model, now).orElse(worker.candidate.tokensPerSecond());
    worker.proven = throughput.isProven(worker.peer(), model, now);
  }

  /** Whether nobody who may be the same operator is done or at work. */
  private static boolean isNew(Worker worker, Shard shard) {
    Operator operator = worker.candidate.operator();
    return shard.failedAt.containsKey(worker.peer())
        && !operator.mayBeOneOf(shard.finished)
        && shard.running.stream()
            .noneMatch(running -> operator.mayBe(running.worker.candidate.operator()));
  }

  /** A provider refused a replica or broke off; it gets nothing for a while. */
  public void failed(int shard, PeerId peer, Duration pause, long now) {
    Worker worker = workers.get(peer);
    if (worker != null && worker.on(shard).isPresent()) {
      giveUp(worker.on(shard).get(), now);
      worker.readyAt = now + pause.toNanos();
    }
  }

  /**
   * Gives up replicas whose deadline has passed. Their providers get nothing further until they are
   * heard of: by {@link #completed} or {@link #join}.
   */
  public List<ShardAssignment> expire(long now) {
    List<ShardAssignment> expired = new ArrayList<>();
    for (Worker worker : workers.values()) {
      for (Replica replica : List.copyOf(worker.replicas)) {
        if (replica.assignment.deadline() <= now) {
          worker.silent = true;
          worker.late = replica;
          giveUp(replica, now);
          expired.add(replica.assignment);
        }
      }
    }
    return expired;
  }

  /** Results do not agree or did not come: so many further replicas are wanted. */
  public void escalate(int shard, int more) {
    requirePositive(more, "more");
    Shard known = shards.get(shard);
    if (known != null) {
      known.wanted += more;
      reviewPlaces(known);
    }
  }

  /**
   * A shard is settled, or given up.
   *
   * @return whose work on it is not wanted any more
   */
  public List<PeerId> settled(int number) {
    Shard shard = shards.remove(number);
    if (shard == null) {
      return List.of();
    }
    open.remove(shard);
    return cancelRunning(shard);
  }

  /** Shards that were tried as often as may be, and on which nobody works any more. */
  public List<Integer> exhausted() {
    return shards.values().stream()
        .filter(shard -> shard.attempts >= config.maxAttempts())
        .filter(shard -> shard.running.isEmpty() && !shard.isFull())
        .map(shard -> shard.number)
        .toList();
  }

  /** Whether all items were cut and all shards settled. */
  public boolean isDone() {
    return cutter.hasEnded() && cutter.isEmpty() && shards.isEmpty();
  }

  /** When to look again ({@link #expire}, then {@link #assign}) though nothing has happened. */
  public OptionalLong nextReview(long now) {
    long next = Long.MAX_VALUE;
    for (Worker worker : workers.values()) {
      for (Replica replica : worker.replicas) {
        next = Math.min(next, replica.assignment.deadline());
        if (replica.end > now) {
          next = Math.min(next, replica.end); // from then on it counts as late
        }
      }
      if (worker.hasFreeSlot() && !worker.silent && worker.readyAt > now) {
        next = Math.min(next, worker.readyAt);
      }
    }
    return next == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(Math.max(now, next));
  }

  /**
   * Why nothing goes on although there is work, in words for a person; to be asked after assign.
   */
  public Optional<String> standstill(long now) {
    boolean work = !cutter.isEmpty() || !open.isEmpty();
    boolean running = workers.values().stream().anyMatch(worker -> !worker.replicas.isEmpty());
    if (!work || running) {
      return Optional.empty();
    }
    if (workers.isEmpty()) {
      return Optional.of("no provider is there to work on it");
    }
    long heard = workers.values().stream().filter(worker -> !worker.silent).count();
    if (heard == 0) {
      return Optional.of("none of the " + workers.size() + " providers answers any more");
    }
    long paused =
        workers.values().stream().filter(worker -> !worker.silent && worker.readyAt > now).count();
    if (paused == heard) {
      return Optional.of("all " + heard + " providers are busy with something else");
    }
    return Optional.of(
        "none of the "
            + heard
            + " providers may take what is left: they cost too much, failed on it lately, or are no"
            + " further operators ("
            + replicas
            + " distinct ones are asked for"
            + (sameHardware ? ", of one class of hardware)" : ")"));
  }

  private void giveUp(Replica replica, long now) {
    free(replica);
    replica.shard.failedAt.put(replica.worker.peer(), now);
    reviewPlaces(replica.shard);
  }

  private static void free(Replica replica) {
    replica.worker.replicas.remove(replica);
    replica.shard.running.remove(replica);
  }

  private static List<PeerId> cancelRunning(Shard shard) {
    List<PeerId> cancelled = new ArrayList<>();
    for (Replica replica : List.copyOf(shard.running)) {
      free(replica);
      cancelled.add(replica.worker.peer());
    }
    return cancelled;
  }

  private void reviewPlaces(Shard shard) {
    if (shard.places() > 0
        && shard.attempts < config.maxAttempts()
        && shards.get(shard.number) == shard) {
      open.add(shard);
    } else {
      open.remove(shard);
    }
  }
}

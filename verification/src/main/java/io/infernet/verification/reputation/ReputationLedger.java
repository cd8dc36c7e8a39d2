package io.infernet.verification.reputation;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.reputation.Experience.Kind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What this node has found out about workers, and the scores that follow: for each worker and model
 * a Beta distribution whose weights halve every {@link ReputationConfig#halfLife}, and for each
 * worker an average of its attendance. Only this node's own checks count, and evidence that {@link
 * EvidenceChecker} let it check; whoever calls answers for that. Owned by one thread; keeps what it
 * knows within the configuration's limits and writes each change to its store before it returns.
 *
 * <p>When there are too many workers, those go first whose standing weighs least, and those who are
 * banned last. Nobody gains by being forgotten: strangers start at the bottom.
 */
public final class ReputationLedger {

  /** Weight of what was, verification.md "Reputation". */
  private static final double AVAILABILITY_KEPT = 0.95;

  private final ReputationConfig config;
  private final ReputationStore store;
  private final Clock clock;
  private final Map<PeerId, Standing> standings = new LinkedHashMap<>();

  /** A ledger that goes on from what is in the store. */
  public ReputationLedger(ReputationConfig config, ReputationStore store, Clock clock) {
    this.config = requireNonNull(config, "config is null");
    this.store = requireNonNull(store, "store is null");
    this.clock = requireNonNull(clock, "clock is null");
    store.all().forEach(standing -> standings.put(standing.worker(), standing));
  }

  /**
   * Counts what a shard said of a replica. A verdict of another aggregator must have been checked
   * before; agreement that nothing was compared with (one replica, no test items) must not be
   * counted.
   *
   * @param evidence the name of that replica's work
   */
  public void judged(PeerId worker, Cid model, Hash evidence, ReplicaVerdict verdict) {
    switch (verdict) {
      case SILENT, NO_REVEAL -> attended(worker, Attendance.TIMED_OUT);
      case FALSE_REVEAL -> convicted(worker, model, evidence, verdict.toString());
      case OUTVOTED, FAILED_TEST_ITEM -> {
        attended(worker, Attendance.SERVED);
        failed(worker, model, evidence, verdict.toString());
      }
      case AGREED -> {
        attended(worker, Attendance.SERVED);
        passed(worker, model, evidence, verdict.toString());
      }
    }
  }

  /** A check that the worker passed. */
  public void passed(PeerId worker, Cid model, Hash evidence, String what) {
    add(worker, model, new Experience(evidence, Kind.PASS, what, clock.instant()));
  }

  /** A check that it failed; with enough others within a time it is convicted. */
  public void failed(PeerId worker, Cid model, Hash evidence, String what) {
    add(worker, model, new Experience(evidence, Kind.FAIL, what, clock.instant()));
  }

  /** Proof against it. */
  public void convicted(PeerId worker, Cid model, Hash evidence, String what) {
    add(worker, model, new Experience(evidence, Kind.CONVICTION, what, clock.instant()));
  }

  /**
   * Evidence of others that this node has done again with another result: a failed check at the
   * time of the work. What is older than {@link ReputationConfig#maxEvidenceAge} counts for
   * nothing, so that forgotten evidence cannot be brought up again for ever.
   */
  public void refuted(Evidence evidence) {
    Instant now = clock.instant();
    Instant when = evidence.when().isAfter(now) ? now : evidence.when();
    if (!when.isBefore(now.minus(config.maxEvidenceAge()))) {
      add(
          evidence.worker(),
          evidence.model(),
          new Experience(evidence.id(), Kind.FAIL, "done again with another result", when));
    }
  }

  /** Counts whether the worker did what it was asked. */
  public void attended(PeerId worker, Attendance attendance) {
    if (attendance == Attendance.REFUSED_BY_POLICY) {
      return;
    }
    Standing old = standing(worker);
    double now = attendance == Attendance.SERVED ? 1 : 0;
    put(
        new Standing(
            worker,
            AVAILABILITY_KEPT * old.availability() + (1 - AVAILABILITY_KEPT) * now,
            old.convictions(),
            old.ban(),
            old.accounts()));
  }

  /** The score of a worker with a model, from 0 for strangers and the convicted to 1. */
  public double score(PeerId worker, Cid model) {
    Account account = account(worker, model);
    Instant now = clock.instant();
    return BetaScore.of(alpha(account, now), beta(account, now));
  }

  /** The share of its answers to audit, from 0.05 to 1. */
  public double auditRate(PeerId worker, Cid model) {
    return BetaScore.auditRate(alpha(account(worker, model), clock.instant()));
  }

  /** How reliably the worker does what it is asked, from 0 to 1; 1 for strangers. */
  public double availability(PeerId worker) {
    return standing(worker).availability();
  }

  /** The ban that holds now, if one does. */
  public Optional<Ban> ban(PeerId worker) {
    return standing(worker).ban().filter(ban -> ban.holdsAt(clock.instant()));
  }

  /** A score with all that it rests on. */
  public Explanation explain(PeerId worker, Cid model) {
    Account account = account(worker, model);
    Instant now = clock.instant();
    double alpha = alpha(account, now);
    double beta = beta(account, now);
    List<Explanation.Item> items = new ArrayList<>();
    double singlePasses = 0;
    double singleConvictions = 0;
    for (Experience experience : account.experiences()) {
      double weight = weight(experience, now);
      items.add(0, new Explanation.Item(experience, weight));
      singlePasses += experience.kind() == Kind.PASS ? weight : 0;
      singleConvictions += experience.kind() == Kind.CONVICTION ? weight : 0;
    }
    boolean folded = account.folded() > 0;
    return new Explanation(
        worker,
        model,
        BetaScore.of(alpha, beta),
        alpha,
        beta,
        BetaScore.auditRate(alpha),
        availability(worker),
        ban(worker),
        items,
        account.folded(),
        folded ? Math.max(0, alpha - singlePasses) : 0,
        folded ? Math.max(0, beta - singleConvictions) : 0);
  }

  /** The models with which the worker has a standing. */
  public List<Cid> models(PeerId worker) {
    return standing(worker).accounts().stream().map(Account::model).toList();
  }

  private void add(PeerId worker, Cid model, Experience experience) {
    Account account = account(worker, model);
    Instant now = clock.instant();
    double takenBack = 0;
    List<Experience> experiences = new ArrayList<>(account.experiences());
    for (Experience known : account.experiences()) {
      if (known.evidence().equals(experience.evidence())) {
        if (known.kind().compareTo(experience.kind()) >= 0) {
          return;
        }
        // A pass that turned out to be none, as when a pair agreed on something wrong.
        experiences.remove(known);
        takenBack = known.kind() == Kind.PASS ? weight(known, now) : 0;
      }
    }
    experiences.add(experience);
    boolean convicted =
        experience.kind() == Kind.CONVICTION
            || (experience.kind() == Kind.FAIL && isOneTooMany(experiences, experience));
    double alpha = Math.max(0, alpha(account, now) - takenBack);
    double beta = beta(account, now);
    if (convicted) {
      Experience conviction =
          new Experience(
              experience.evidence(), Kind.CONVICTION, experience.what(), experience.when());
      experiences.set(experiences.size() - 1, conviction);
      // Failed checks that led here have had their effect; they stay for the explanation.
      experiences.removeIf(one -> one.kind() == Kind.PASS);
      alpha = 0;
      beta += weight(conviction, now);
    } else {
      alpha += experience.kind() == Kind.PASS ? weight(experience, now) : 0;
    }
    int folded = fold(experiences);
    Account changed = new Account(model, experiences, account.folded() + folded, alpha, beta, now);
    put(with(standing(worker), changed, convicted ? experience.what() : null, now));
  }

  /** Whether the failed checks since the last conviction, near that one in time, convict. */
  private boolean isOneTooMany(List<Experience> experiences, Experience latest) {
    int fails = 0;
    for (Experience one : experiences) {
      if (one.kind() == Kind.CONVICTION) {
        fails = 0;
      } else if (one.kind() == Kind.FAIL
          && Duration.between(one.when(), latest.when()).abs().compareTo(config.failsWithin())
              <= 0) {
        fails++;
      }
    }
    return fails >= config.failsToConvict();
  }

  /**
   * Forgets single experiences beyond the limit, whose weights stay in the sums: the oldest passes
   * first, then failed checks, then convictions.
   *
   * @return how many
   */
  private int fold(List<Experience> experiences) {
    int folded = 0;
    for (Kind kind : Kind.values()) {
      for (int i = 0; i < experiences.size() && experiences.size() > config.maxEntries(); ) {
        if (experiences.get(i).kind() == kind) {
          experiences.remove(i);
          folded++;
        } else {
          i++;
        }
      }
    }
    return folded;
  }

  private Standing with(Standing old, Account changed, @Nullable String conviction, Instant now) {
    List<Account> accounts = new ArrayList<>(old.accounts());
    accounts.removeIf(account -> account.model().equals(changed.model()));
    if (accounts.size() >= config.maxModels()) {
      accounts.remove(
          accounts.stream()
              .min(Comparator.comparingDouble(account -> weight(account, now)))
              .orElseThrow());
    }
    accounts.add(changed);
    return conviction == null
        ? new Standing(old.worker(), old.availability(), old.convictions(), old.ban(), accounts)
        : new Standing(
            old.worker(),
            old.availability(),
            old.convictions() + 1,
            Optional.of(ban(old, conviction, now)),
            accounts);
  }

  /** A ban for one conviction more; never one that ends before the one that holds. */
  private Ban ban(Standing old, String reason, Instant now) {
    int convictions = old.convictions() + 1;
    boolean forGood = old.ban().filter(ban -> ban.until().isEmpty()).isPresent();
    if (forGood || convictions >= config.convictionsToBanForGood()) {
      return new Ban(Optional.empty(), reason);
    }
    Instant until = now.plus(config.firstBan().multipliedBy(1L << Math.min(convictions - 1, 20)));
    return new Ban(Optional.of(until), reason);
  }

  private void put(Standing standing) {
    if (!standings.containsKey(standing.worker()) && standings.size() >= config.maxWorkers()) {
      forgetOne();
    }
    store.put(standing);
    standings.put(standing.worker(), standing);
  }

  private void forgetOne() {
    Instant now = clock.instant();
    Standing least =
        standings.values().stream()
            .min(
                Comparator.comparing((Standing standing) -> bannedUntil(standing, now))
                    .thenComparingDouble(standing -> weight(standing, now)))
            .orElseThrow();
    store.remove(least.worker());
    standings.remove(least.worker());
  }

  private static Instant bannedUntil(Standing standing, Instant now) {
    return standing
        .ban()
        .filter(ban -> ban.holdsAt(now))
        .map(ban -> ban.until().orElse(Instant.MAX))
        .orElse(Instant.MIN);
  }

  private double weight(Standing standing, Instant now) {
    return standing.accounts().stream().mapToDouble(account -> weight(account, now)).sum();
  }

  private double weight(Account account, Instant now) {
    return alpha(account, now) + beta(account, now);
  }

  private double alpha(Account account, Instant now) {
    return account.alpha() == 0 ? 0 : account.alpha() * decay(account.countedAt(), now);
  }

  private double beta(Account account, Instant now) {
    return account.beta() == 0 ? 0 : account.beta() * decay(account.countedAt(), now);
  }

  private double weight(Experience experience, Instant now) {
    double decay = decay(experience.when(), now);
    return switch (experience.kind()) {
      case PASS -> decay;
      case FAIL -> 0;
      case CONVICTION -> config.convictionWeight() * decay;
    };
  }

  /** What is left of 1 by now; 1 when the clock was set back. */
  private double decay(Instant since, Instant now) {
    double age = Math.max(0, Duration.between(since, now).toMillis());
    return Math.pow(2, -age / config.halfLife().toMillis());
  }

  private Standing standing(PeerId worker) {
    Standing standing = standings.get(worker);
    return standing != null ? standing : new Standing(worker, 1, 0, Optional.empty(), List.of());
  }

  private Account account(PeerId worker, Cid model) {
    return standing(worker).accounts().stream()
        .filter(account -> account.model().equals(model))
        .findFirst()
        .orElseGet(() -> Account.empty(model));
  }
}

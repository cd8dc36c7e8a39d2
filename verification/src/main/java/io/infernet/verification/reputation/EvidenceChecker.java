package io.infernet.verification.reputation;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.redundancy.Agreement;
import io.infernet.verification.redundancy.ShardHashes;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

/**
 * Checks evidence that others sent, in two steps: what it says of itself, and, where that holds,
 * the work done again. Stateless and safe from any thread if the injected check of signatures is.
 *
 * <p>Why honest workers need not fear it: the worker signed the hashes of work and results
 * together, and the hash of the work covers model, task, sampling and every item. Nobody can put
 * other work or other results below its signature, and whether the results are right is this node's
 * own finding.
 */
public final class EvidenceChecker {

  private final ReputationConfig config;
  private final Predicate<Signed<Reveal>> signatures;
  private final Clock clock;

  /**
   * A checker.
   *
   * @param signatures whether the worker that a reveal names signed it; {@link Signed#isGenuine}
   */
  public EvidenceChecker(
      ReputationConfig config, Predicate<Signed<Reveal>> signatures, Clock clock) {
    this.config = requireNonNull(config, "config is null");
    this.signatures = requireNonNull(signatures, "signatures is null");
    this.clock = requireNonNull(clock, "clock is null");
  }

  /** Everything that can be checked without a model; the cheapest first. */
  public Finding examine(Evidence evidence) {
    Reveal reveal = evidence.reveal().statement();
    Instant now = clock.instant();
    if (reveal.finishedAt().isAfter(now.plus(config.maxClockSkew()))) {
      return new Finding.Forged("the work was finished in the future");
    }
    if (reveal.finishedAt().isBefore(now.minus(config.maxEvidenceAge()))) {
      return new Finding.TooOld();
    }
    int items = evidence.work().items().size();
    if (reveal.items() != items || evidence.results().size() != items) {
      return new Finding.Forged(
          "%d items and %d results where the worker signed %d"
              .formatted(items, evidence.results().size(), reveal.items()));
    }
    if (!ShardHashes.ofWork(evidence.work()).equals(reveal.input())) {
      return new Finding.Forged("the worker signed other work");
    }
    if (!ShardHashes.ofResults(evidence.results()).equals(reveal.result())) {
      return new Finding.Forged("the worker signed other results");
    }
    if (!signatures.test(evidence.reveal())) {
      return new Finding.Forged("the worker did not sign it");
    }
    return new Finding.Redo(evidence.work());
  }

  /**
   * Whether the worker's results stand, after {@link #examine} said to do the work again. {@code
   * own} must come from the same kind of numbers as the worker's: texts of another hardware class
   * may differ where nobody cheats, so whoever cannot compute like the worker must not judge it.
   */
  public boolean stands(Evidence evidence, List<ItemResult> own) {
    return Agreement.of(evidence.work().task()).agree(evidence.results(), own);
  }
}

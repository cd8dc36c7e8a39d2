package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a provider was chosen, or none.
 *
 * @param at when, in whole milliseconds
 * @param candidates all that serve the model, best first
 */
public record Decision(Instant at, List<Candidate> candidates) {

  /** Candidates that are kept in a decision. */
  public static final int MAX_CANDIDATES = 32;

  public Decision {
    at = Instant.ofEpochMilli(at.toEpochMilli());
    candidates = candidates.stream().limit(MAX_CANDIDATES).toList();
  }

  /** The best candidate of that standing. */
  public Optional<PeerId> best(Standing standing) {
    return candidates.stream()
        .filter(candidate -> candidate.standing() == standing)
        .map(Candidate::peer)
        .findFirst();
  }

  /** Whether a candidate may be asked; in the order in which they are. */
  public enum Standing {
    READY,
    /** It failed lately: asked only when there is nobody else. */
    LEFT_ALONE,
    /** It cannot do it, or was asked already. */
    EXCLUDED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * One that serves the model.
   *
   * @param peer who
   * @param standing whether it may be asked now
   * @param score higher is better
   * @param why the qualities behind the score, or what stands in the way, in words for a person
   */
  public record Candidate(PeerId peer, Standing standing, double score, String why) {
    public Candidate {
      requireNonNull(peer, "peer is null");
      requireNonNull(standing, "standing is null");
      requireNonNull(why, "why is null");
    }
  }
}

package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import java.time.Instant;
import java.util.List;

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

  /**
   * One that could do it.
   *
   * @param peer who
   * @param eligible whether it may be asked now
   * @param score higher is better
   * @param why the qualities behind the score, or what stands in the way, in words for a person
   */
  public record Candidate(PeerId peer, boolean eligible, double score, String why) {
    public Candidate {
      requireNonNull(peer, "peer is null");
      requireNonNull(why, "why is null");
    }
  }
}

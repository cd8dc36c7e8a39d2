package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;
import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;

/** How hands for a batch are found. */
public sealed interface Approach {

  /**
   * It is small: these providers are asked at once, without an offer.
   *
   * @param providers of distinct operators, as many as there are replicas, best first
   */
  record Direct(List<ScoredBid> providers) implements Approach {
    public Direct {
      providers = List.copyOf(providers);
    }
  }

  /**
   * It is offered by gossip.
   *
   * @param why in words for a person
   */
  record Offered(String why) implements Approach {
    public Offered {
      requireNonNull(why, "why is null");
    }
  }

  /**
   * Chooses the way: direct when the best known providers would each be done with the whole batch
   * in less time than waiting for bids is worth.
   *
   * @param directBelow that time
   * @param tokens of all items
   * @param known what the directory knows, scored for these tokens, best first
   */
  static Approach of(Duration directBelow, long tokens, int replicas, List<ScoredBid> known) {
    requirePositive(directBelow, "directBelow");
    requirePositive(tokens, "tokens");
    requirePositive(replicas, "replicas");
    double seconds = directBelow.toNanos() / 1e9;
    List<ScoredBid> quick =
        known.stream()
            .filter(bid -> tokens / bid.candidate().tokensPerSecond() <= seconds)
            .toList();
    List<ScoredBid> chosen = DistinctOperators.choose(quick, replicas);
    if (chosen.size() == replicas) {
      return new Direct(chosen);
    }
    return new Offered(
        chosen.size()
            + " of "
            + replicas
            + " known providers of distinct operators would be done within "
            + directBelow.toSeconds()
            + " s");
  }
}

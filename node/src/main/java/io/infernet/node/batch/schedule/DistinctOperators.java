package io.infernet.node.batch.schedule;

import java.util.ArrayList;
import java.util.List;

/** Chooses providers no two of which may be one operator. */
public final class DistinctOperators {

  /** How many of the best are tried as the first one. */
  private static final int TRIES = 64;

  private DistinctOperators() {}

  /**
   * The best {@code count} acceptable bids of distinct operators, or as many as were found.
   *
   * <p>Implementation notes: takes the best that fits again and again. As {@link Operator#mayBe} is
   * not transitive the best one can stand in the way of two others; then it begins with the next.
   *
   * @param best bids, best first
   */
  public static List<ScoredBid> choose(List<ScoredBid> best, int count) {
    List<ScoredBid> most = List.of();
    for (int from = 0; from < Math.min(best.size(), TRIES) && most.size() < count; from++) {
      List<ScoredBid> chosen = greedily(best, from, count);
      if (chosen.size() > most.size()) {
        most = chosen;
      }
    }
    return most;
  }

  private static List<ScoredBid> greedily(List<ScoredBid> best, int from, int count) {
    List<ScoredBid> chosen = new ArrayList<>(count);
    List<Operator> operators = new ArrayList<>(count);
    for (int i = from; i < best.size() && chosen.size() < count; i++) {
      ScoredBid bid = best.get(i);
      if (bid.isAcceptable() && !bid.candidate().operator().mayBeOneOf(operators)) {
        chosen.add(bid);
        operators.add(bid.candidate().operator());
      }
    }
    return List.copyOf(chosen);
  }
}

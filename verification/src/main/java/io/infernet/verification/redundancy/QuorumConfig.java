package io.infernet.verification.redundancy;

/**
 * How many replicas decide.
 *
 * @param replicas how many must agree without exception when the shard goes well, r
 * @param maxVotes the most results that are compared; odd, so that one side is larger
 * @param maxAttempts the most assignments of one shard, those among them that came to nothing
 */
public record QuorumConfig(int replicas, int maxVotes, int maxAttempts) {

  /** No shard is assigned more often, whatever a configuration says. */
  public static final int LIMIT = 16;

  public QuorumConfig {
    if (replicas < 1) {
      throw new IllegalArgumentException("replicas is below 1: " + replicas);
    }
    if (maxVotes < replicas || maxVotes % 2 == 0) {
      throw new IllegalArgumentException(
          "maxVotes must be odd and at least " + replicas + ": " + maxVotes);
    }
    if (maxAttempts < maxVotes || maxAttempts > LIMIT) {
      throw new IllegalArgumentException(
          "maxAttempts must be from " + maxVotes + " to " + LIMIT + ": " + maxAttempts);
    }
  }

  /** Two replicas, five votes, twelve attempts. */
  public static QuorumConfig defaults() {
    return of(2);
  }

  /** That many replicas, from 1 to 5; five votes, twelve attempts. */
  public static QuorumConfig of(int replicas) {
    return new QuorumConfig(replicas, 5, 12);
  }

  /** How many of that many votes are more than all others, missing ones counted as others. */
  int majority(int votes) {
    return Math.max(votes, maxVotes) / 2 + 1;
  }

  /** How many votes to ask for when that many are not of one mind; the same when no more. */
  int next(int votes) {
    return votes < 3 ? Math.min(3, maxVotes) : Math.max(votes, maxVotes);
  }
}

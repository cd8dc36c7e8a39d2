package io.infernet.verification.redundancy;

import java.util.OptionalInt;

/**
 * Finds the vote that a majority stands behind. Stateless.
 *
 * <p><b>Implementation note.</b> Agreement within a tolerance is not transitive, so votes do not
 * fall into classes. A <em>group</em> is a set of votes each of which agrees with each other one,
 * and to which no further vote can be added so. The vote that is chosen is one that lies in every
 * group with a majority; when there is none, nobody is chosen.
 *
 * <p>Why this cannot be gamed from the middle: let the honest votes agree with each other, which is
 * what the tolerance is made for, and be a majority. Then they lie in a group together, so whatever
 * is chosen lies in that group too and agrees with every honest vote. Votes in the middle can make
 * themselves the choice only by being right within the tolerance, or join groups of their own until
 * nothing lies in all of them, which settles nothing and blames nobody. And since only who
 * disagrees with the choice is outvoted, no honest vote ever is.
 */
final class Majority {

  private Majority() {}

  /**
   * The first vote that lies in every group of at least {@code majority} votes.
   *
   * @param agree symmetric, true on the diagonal; at most {@link QuorumConfig#LIMIT} rows
   */
  static OptionalInt choose(boolean[][] agree, int majority) {
    int n = agree.length;
    int[] friends = new int[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        friends[i] |= agree[i][j] ? 1 << j : 0;
      }
    }
    int common = (1 << n) - 1;
    boolean found = false;
    for (int set = 1; set < 1 << n; set++) {
      // The votes that agree with all of the set: exactly the set when it is a group.
      int befriended = (1 << n) - 1;
      for (int i = 0; i < n; i++) {
        befriended &= (set >>> i & 1) == 1 ? friends[i] : -1;
      }
      if (befriended == set && Integer.bitCount(set) >= majority) {
        found = true;
        common &= set;
      }
    }
    return found && common != 0
        ? OptionalInt.of(Integer.numberOfTrailingZeros(common))
        : OptionalInt.empty();
  }
}

package io.infernet.verification.redundancy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class MajorityTest {

  @Test
  void nobodyInTheMiddleOfFiveMovesAnHonestMajority() {
    // Every way in which five can agree, and every three or more of them that could be honest.
    int settled = 0;
    for (int edges = 0; edges < 1 << 10; edges++) {
      boolean[][] agree = graph(5, edges);
      OptionalInt chosen = Majority.choose(agree, 3);
      for (int honest = 0; honest < 1 << 5; honest++) {
        if (Integer.bitCount(honest) < 3 || !isOfOneMind(agree, honest) || chosen.isEmpty()) {
          continue;
        }
        settled++;
        for (int i = 0; i < 5; i++) {
          assertTrue(
              (honest >>> i & 1) == 0 || agree[chosen.getAsInt()][i],
              "vote " + i + " of " + Integer.toBinaryString(honest) + " in graph " + edges);
        }
      }
    }
    assertTrue(settled > 1000, settled + " cases");
  }

  @Test
  void oneWhoAgreesWithTwoSidesDecidesForNeither() {
    // 0 and 1 agree, 3 and 4 agree, 2 agrees with all: it can make itself the choice, no more.
    boolean[][] agree = graph(5, 0);
    link(agree, 0, 1);
    link(agree, 3, 4);
    for (int i : new int[] {0, 1, 3, 4}) {
      link(agree, 2, i);
    }
    assertEquals(OptionalInt.of(2), Majority.choose(agree, 3));
  }

  @Test
  void aStarIsNoMajority() {
    boolean[][] agree = graph(5, 0);
    for (int i = 1; i < 5; i++) {
      link(agree, 0, i);
    }
    assertEquals(OptionalInt.empty(), Majority.choose(agree, 3));
  }

  @Test
  void exactResultsAreCountedAsUsual() {
    boolean[][] agree = graph(5, 0);
    link(agree, 1, 3);
    assertEquals(OptionalInt.empty(), Majority.choose(agree, 3));
    link(agree, 1, 4);
    link(agree, 3, 4);
    link(agree, 0, 2);
    assertEquals(OptionalInt.of(1), Majority.choose(agree, 3));
    assertEquals(OptionalInt.empty(), Majority.choose(agree, 4));
    assertEquals(OptionalInt.empty(), Majority.choose(graph(0, 0), 1));
    assertEquals(OptionalInt.of(0), Majority.choose(graph(1, 0), 1));
  }

  private static boolean isOfOneMind(boolean[][] agree, int votes) {
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < 5; j++) {
        if ((votes >>> i & votes >>> j & 1) == 1 && !agree[i][j]) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean[][] graph(int votes, int edges) {
    boolean[][] agree = new boolean[votes][votes];
    int bit = 0;
    for (int i = 0; i < votes; i++) {
      agree[i][i] = true;
      for (int j = 0; j < i; j++) {
        if ((edges >>> bit++ & 1) == 1) {
          link(agree, i, j);
        }
      }
    }
    return agree;
  }

  private static void link(boolean[][] agree, int i, int j) {
    agree[i][j] = true;
    agree[j][i] = true;
  }
}

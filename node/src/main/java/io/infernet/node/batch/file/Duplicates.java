package io.infernet.node.batch.file;

import java.util.Arrays;
import java.util.OptionalInt;

/** The lines whose id an earlier line has, in ascending order, and which line that is. */
final class Duplicates {

  private int[] lines = new int[16];
  private int[] earlier = new int[16];
  private int count;

  void add(int line, int earlierLine) {
    if (count == lines.length) {
      lines = Arrays.copyOf(lines, 2 * count);
      earlier = Arrays.copyOf(earlier, 2 * count);
    }
    lines[count] = line;
    earlier[count++] = earlierLine;
  }

  /** The earlier line with the id of {@code line}. */
  OptionalInt earlierThan(int line) {
    int found = Arrays.binarySearch(lines, 0, count, line);
    return found < 0 ? OptionalInt.empty() : OptionalInt.of(earlier[found]);
  }
}

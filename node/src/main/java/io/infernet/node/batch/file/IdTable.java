package io.infernet.node.batch.file;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * Remembers ids and the lines they are on, in at most 32 bytes each.
 *
 * <p>In place of an id stand 104 bits of its SHA-256, of which 8 say in which table, and 32 where
 * in it: that two of ten million different ids have the same has a probability below 10⁻¹⁷. The
 * tables grow one at a time, so that memory grows smoothly.
 */
final class IdTable {

  private static final int TABLES = 256;
  private static final int FIRST_SLOTS = 16;

  private final MessageDigest sha256 = sha256();
  private final @Nullable Table[] tables = new Table[TABLES];

  /**
   * Adds an id unless it is there.
   *
   * @param line from 1
   * @return the line that it is on already, or 0
   */
  int add(ItemId id, int line) {
    ByteBuffer hash =
        ByteBuffer.wrap(sha256.digest(id.toString().getBytes(StandardCharsets.UTF_8)));
    int index = hash.get() & 0xff;
    Table table = tables[index];
    if (table == null) {
      table = new Table(FIRST_SLOTS);
    } else if (table.isFull()) {
      table = table.grown();
    }
    tables[index] = table;
    return table.add(hash.getInt(), hash.getLong(), line);
  }

  /** How many slots there are, each of 16 bytes. */
  int slots() {
    int slots = 0;
    for (Table table : tables) {
      slots += table == null ? 0 : table.lines.length;
    }
    return slots;
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Open addressing with linear probing; a line of 0 marks a free slot. */
  private static final class Table {
    private final int[] places;
    private final long[] tags;
    private final int[] lines;
    private int used;

    Table(int slots) {
      places = new int[slots];
      tags = new long[slots];
      lines = new int[slots];
    }

    boolean isFull() {
      return used >= lines.length * 3L / 4;
    }

    Table grown() {
      Table larger = new Table(lines.length + lines.length / 2);
      for (int i = 0; i < lines.length; i++) {
        if (lines[i] != 0) {
          larger.add(places[i], tags[i], lines[i]);
        }
      }
      return larger;
    }

    int add(int place, long tag, int line) {
      int slot = (int) (((place & 0xffffffffL) * lines.length) >>> 32);
      while (lines[slot] != 0) {
        if (tags[slot] == tag && places[slot] == place) {
          return lines[slot];
        }
        slot = slot + 1 == lines.length ? 0 : slot + 1;
      }
      places[slot] = place;
      tags[slot] = tag;
      lines[slot] = line;
      used++;
      return 0;
    }
  }
}

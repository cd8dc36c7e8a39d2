package io.infernet.inference.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * SentencePiece's table of characters and what they become, as {@code tokenizer.json} has it: the
 * size of a trie in bytes, the trie, and the replacements in UTF-8, each ended by a zero.
 * Stateless.
 *
 * <p>Implementation notes. The trie is a double array of darts-clone: the child of node n by byte c
 * is at n ^ c if the unit there has the label c; its own base is there ^ its offset; bit 8 says
 * that a value stands at that base. The library (crate spm_precompiled 0.1.4) follows that without
 * looking at the array's end, so all that can be reached is visited here.
 */
final class PrecompiledCharsMap {

  private final int[] units;
  private final byte[] replacements;

  private PrecompiledCharsMap(int[] units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /** Whether a table can be used with any text. */
  static boolean isWhole(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return false;
    }
    // The library takes only the one spelling.
    if (!Base64.getEncoder().encodeToString(bytes).equals(base64) || bytes.length < 4) {
      return false;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long count = (in.getInt() & 0xffffffffL) / 4;
    if (count == 0 || count > in.remaining() / 4) {
      return false;
    }
    int[] units = new int[(int) count];
    in.asIntBuffer().get(units);
    in.position(4 + 4 * units.length);
    byte[] replacements = new byte[in.remaining()];
    in.get(replacements);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(replacements));
    } catch (CharacterCodingException e) {
      return false;
    }
    return new PrecompiledCharsMap(units, replacements).holds();
  }

  private boolean holds() {
    BitSet seen = new BitSet(units.length);
    Deque<Integer> open = new ArrayDeque<>();
    open.push(offset(units[0]));
    while (!open.isEmpty()) {
      int base = open.pop();
      // All children are in one block of 256.
      if ((base | 0xff) >= units.length) {
        return false;
      }
      if (seen.get(base)) {
        continue;
      }
      seen.set(base);
      for (int c = 1; c < 256; c++) {
        int unit = units[base ^ c];
        if ((unit & 0x8000_00ff) == c) {
          int next = base ^ c ^ offset(unit);
          boolean hasValue = (unit >> 8 & 1) == 1;
          if (hasValue && (next >= units.length || !isText(units[next] & 0x7fff_ffff))) {
            return false;
          }
          open.push(next);
        }
      }
    }
    return true;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >> 6);
  }

  /** Whether a replacement can begin there: not within a character. */
  private boolean isText(int at) {
    return at == replacements.length
        || (at < replacements.length && (replacements[at] & 0xc0) != 0x80);
  }
}

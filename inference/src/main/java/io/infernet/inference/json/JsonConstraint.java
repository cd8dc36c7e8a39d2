package io.infernet.inference.json;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.TokenConstraint;
import io.infernet.inference.tokenizer.Vocabulary;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Lets an answer be one JSON object and nothing else. A token may follow when all its bytes may;
 * the model's own marks may not, as the answer ends with the object. Confined to one thread.
 *
 * <p>Implementation notes. All tokens are tried in the order of their bytes, each from where it
 * differs from the one before; once a byte is refused, all tokens that share the beginning up to it
 * are skipped ({@link TokenOrder}). What may follow inside a string, where most tokens of an answer
 * are, is remembered.
 */
public final class JsonConstraint implements TokenConstraint {

  /** Sets of tokens remembered: an answer is in few different kinds of strings. */
  private static final int REMEMBERED = 4;

  private final TokenOrder order;
  private final Set<Integer> stopIds;
  private final JsonState state = new JsonState();
  private final Map<Long, long[]> remembered = new LinkedHashMap<>();

  /**
   * @param order the tokens of the model
   * @param stopIds tokens that would end the answer; they never may follow
   */
  public JsonConstraint(TokenOrder order, Set<Integer> stopIds) {
    this.order = order;
    this.stopIds = stopIds;
  }

  @Override
  public void mask(float[] logits) {
    long key = state.fingerprint();
    long[] allowed = key == 0 ? null : remembered.get(key);
    if (allowed == null) {
      allowed = order.allowed(state);
      if (key != 0) {
        if (remembered.size() == REMEMBERED) {
          remembered.remove(remembered.keySet().iterator().next());
        }
        remembered.put(key, allowed);
      }
    }
    for (int id = 0; id < logits.length; id++) {
      int word = id >> 6;
      if (word >= allowed.length || (allowed[word] >>> id & 1) == 0) {
        logits[id] = Float.NEGATIVE_INFINITY;
      }
    }
    for (int id : stopIds) {
      if (id < logits.length) {
        logits[id] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  @Override
  public void accept(int id) {
    byte[] bytes = order.vocabulary().bytes(id);
    for (byte b : bytes) {
      if (!state.step(b & 0xff)) {
        throw new InfernetException("the answer so far is not the beginning of a JSON object");
      }
    }
    if (bytes.length == 0) {
      throw new InfernetException("the answer so far has a token that is no text");
    }
  }

  @Override
  public boolean isComplete() {
    return state.isDone();
  }

  /** The tokens of a model in the order of their bytes. Immutable; safe from any thread. */
  public static final class TokenOrder {
    private final Vocabulary vocabulary;

    /** Ids by their bytes. */
    private final int[] ids;

    /** How many first bytes each shares with the one before it. */
    private final short[] shared;

    private final int longest;

    public TokenOrder(Vocabulary vocabulary) {
      this.vocabulary = vocabulary;
      ids = vocabulary.sorted();
      shared = new short[ids.length];
      int most = 0;
      for (int i = 0; i < ids.length; i++) {
        byte[] bytes = vocabulary.bytes(ids[i]);
        most = Math.max(most, bytes.length);
        if (i > 0) {
          byte[] before = vocabulary.bytes(ids[i - 1]);
          int length = Math.min(Math.min(bytes.length, before.length), Short.MAX_VALUE);
          int same = 0;
          while (same < length && bytes[same] == before[same]) {
            same++;
          }
          shared[i] = (short) same;
        }
      }
      longest = most;
    }

    Vocabulary vocabulary() {
      return vocabulary;
    }

    /** A bit for each token that may follow. */
    long[] allowed(JsonState from) {
      long[] allowed = new long[(vocabulary.size() + 63) / 64];
      JsonState[] states = new JsonState[longest + 1];
      states[0] = from;
      int valid = 0;
      boolean refused = false;
      for (int i = 0; i < ids.length; i++) {
        if (refused && shared[i] > valid) {
          continue;
        }
        valid = Math.min(valid, shared[i]);
        byte[] bytes = vocabulary.bytes(ids[i]);
        refused = false;
        while (valid < bytes.length && !refused) {
          JsonState next = states[valid + 1];
          if (next == null) {
            next = new JsonState();
            states[valid + 1] = next;
          }
          next.set(states[valid]);
          refused = !next.step(bytes[valid] & 0xff);
          valid += refused ? 0 : 1;
        }
        if (!refused) {
          allowed[ids[i] >> 6] |= 1L << ids[i];
        }
      }
      return allowed;
    }
  }
}

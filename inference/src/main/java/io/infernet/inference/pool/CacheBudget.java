package io.infernet.inference.pool;

import io.infernet.inference.InfernetException;
import io.infernet.inference.model.ModelName;

/**
 * How much memory the keys and values of one model may take.
 *
 * @param bytes as set; 0 for a quarter of all, but not above {@link #MOST} unless one text of full
 *     length takes more
 * @param sequences more of full length are never needed
 * @param capacity bytes that all models together may take
 */
public record CacheBudget(long bytes, int sequences, long capacity) {

  /** Enough for hundreds of usual texts with a model of a usual size. */
  static final long MOST = 4L << 30;

  /** Fewer tokens are of no use to anybody. */
  private static final int LEAST_TOKENS = 64;

  /**
   * How many tokens the cache is to hold.
   *
   * @param model for messages
   * @param bytesPerToken of keys and values in all layers
   * @param context most tokens of one sequence
   * @throws InfernetException when the budget was set too small
   */
  public int tokens(ModelName model, long bytesPerToken, int context) {
    long most = Math.min((long) sequences * context, Integer.MAX_VALUE / 2);
    if (bytes > 0) {
      long tokens = bytes / bytesPerToken;
      if (tokens < Math.min(context, LEAST_TOKENS)) {
        throw new InfernetException(
            "engine.kv_budget = %s holds %d tokens of %s, which take %s each: raise it"
                .formatted(Sizes.exact(bytes), tokens, model, Sizes.text(bytesPerToken)));
      }
      return (int) Math.min(tokens, most);
    }
    long share = Math.min(capacity / 4, MOST) / bytesPerToken;
    return (int) Math.min(Math.max(share, context), most);
  }
}

package io.infernet.inference.pool;

import io.infernet.inference.InfernetException;

/** There is not the memory for a model here, and waiting does not help. */
public class ModelTooLargeException extends InfernetException {

  private static final long serialVersionUID = 1L;

  private ModelTooLargeException(String message) {
    super(message);
  }

  /**
   * It is larger than all that models may take.
   *
   * @param where such as {@code the card}
   * @param room bytes there
   */
  static ModelTooLargeException altogether(ModelNeed need, String where, long room) {
    return new ModelTooLargeException(
        "%s needs %s, %s has %s%s"
            .formatted(
                need.model(),
                Sizes.text(need.total()),
                where,
                Sizes.text(room),
                instead(need, room)));
  }

  /**
   * It is larger than what others leave of it.
   *
   * @param holders who holds the rest, such as {@code pinned models hold 3.0 GiB}
   */
  static ModelTooLargeException besides(ModelNeed need, String where, long room, String holders) {
    return new ModelTooLargeException(
        "%s needs %s, %s has only %s left (%s)%s"
            .formatted(
                need.model(),
                Sizes.text(need.total()),
                where,
                Sizes.text(Math.max(0, room)),
                holders,
                instead(need, room)));
  }

  private static String instead(ModelNeed need, long room) {
    return need.fitting(room)
        .map(other -> ": try %s (%s)".formatted(other.name(), Sizes.text(other.bytes())))
        .orElse(
            ": take a smaller model%s"
                .formatted(
                    need.cache() > need.total() / 4
                        ? " or shorter texts (engine.max_context; "
                            + Sizes.text(need.cache())
                            + " are for "
                            + need.cacheTokens()
                            + " tokens of keys and values)"
                        : ""));
  }
}

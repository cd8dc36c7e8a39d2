package io.infernet.inference.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code loop} variable. */
final class Loop implements Callable {

  private final Values values;
  private final List<Object> items;
  private final int depth;

  /** Renders the loop again over other items, for recursive loops. */
  private final @Nullable Callable again;

  int index;
  private @Nullable Object last;

  Loop(Values values, List<Object> items, int depth, @Nullable Callable again) {
    this.values = values;
    this.items = items;
    this.depth = depth;
    this.again = again;
  }

  @Override
  public Object call(Given given) {
    if (again == null) {
      throw new JinjaException("the loop is not recursive");
    }
    return again.call(given);
  }

  @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> index + 1L;
      case "index0" -> (long) index;
      case "revindex" -> (long) items.size() - index;
      case "revindex0" -> items.size() - index - 1L;
      case "first" -> index == 0;
      case "last" -> index == items.size() - 1;
      case "length" -> (long) items.size();
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" -> index > 0 ? items.get(index - 1) : new Undefined("the previous item");
      case "nextitem" ->
          index + 1 < items.size() ? items.get(index + 1) : new Undefined("the next item");
      case "cycle" ->
          (Callable)
              given -> {
                if (given.positional().isEmpty()) {
                  throw new JinjaException("there is nothing to cycle through");
                }
                return given.positional().get(index % given.positional().size());
              };
      case "changed" ->
          (Callable)
              given -> {
                Object now = new Tuple(given.positional());
                boolean changed = last == null || !values.equal(last, now);
                last = now;
                return changed;
              };
      default -> null;
    };
  }
}
